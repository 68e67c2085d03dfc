/** Encodes the bytes of a transaction as base64; the platform's own code takes a fraction of the time. */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

/** Decodes base64 that is exactly what `encodeBase64` writes, or answers `undefined`. */
export function decodeBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text)
    const bytes = new Uint8Array(binary.length)
    for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
    return btoa(binary) === text ? bytes : undefined
  } catch {
    return undefined
  }
}
