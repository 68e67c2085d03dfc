/** The default of `random` wherever keys, salts and nonces are drawn. */
export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(new ArrayBuffer(length)))
}
