/** Tells whether two addresses are the same: hex ones in whatever case, all others only to the letter. */
export function isSameAddress(one: string, other: string): boolean {
  return one === other || (isHex(one) && isHex(other) && one.toLowerCase() === other.toLowerCase())
}

function isHex(address: string): boolean {
  return /^0x[0-9a-fA-F]+$/.test(address)
}
