import { bytesToHex } from '@noble/hashes/utils'

/** Writes 16 bytes as a UUID of a version: 4 of chance, 8 of one's own making. */
export function writeUuid(from: Uint8Array, version: 4 | 8): string {
  const bytes = Uint8Array.from(from)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4)
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytesToHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
