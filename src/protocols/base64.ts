const largestHeader = 16_384
const standard = /^[A-Za-z0-9+/]*={0,2}$/
const urlSafe = /^[A-Za-z0-9_-]*={0,2}$/

/** Encodes text as padded base64 of its UTF-8 bytes (RFC 4648, section 4). */
export function encodeBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''))
}

/**
 * Decodes base64, standard or URL-safe, padded or not, to the text that it encodes; answers `undefined` for anything
 * that is not exactly one encoding of UTF-8 text of at most 16 KiB.
 */
export function decodeBase64(text: string): string | undefined {
  if (text.length > largestHeader || !(standard.test(text) || urlSafe.test(text))) return undefined
  const bare = text.replace(/=+$/, '')
  if (text !== bare && text.length % 4 !== 0) return undefined
  const encoded = bare.replaceAll('-', '+').replaceAll('_', '/')
  try {
    const binary = atob(encoded)
    if (btoa(binary).replace(/=+$/, '') !== encoded) return undefined
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Reads a header that holds base64 of JSON or, as some servers send it, plain ASCII JSON. */
export function decodeHeader(value: string): string | undefined {
  if (value.startsWith('{')) return value.length <= largestHeader && /^[\x20-\x7e]*$/.test(value) ? value : undefined
  return decodeBase64(value)
}
