import { decodeBytes } from '../lib/base64.js'
import { readTransaction, type Transaction } from './read-message.js'

/** Tells whether what a signer answered can be a signature at all. */
export function isSignature(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 64
}

/** Reads a transaction in base64, or answers `undefined` when it is none. */
export function readSigned(encoded: string): Transaction | undefined {
  try {
    const bytes = decodeBytes(encoded)
    return bytes && readTransaction(bytes)
  } catch {
    return undefined
  }
}
