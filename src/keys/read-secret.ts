import { base58 } from '@scure/base'
import { equalBytes, ownBytes, wipe } from '../lib/bytes.js'
import { publicKeyOf } from './ed25519.js'
import { isKey, type Secret } from './held-key.js'
import { readDigits, refuse, refuseText } from './read-evm-secret.js'

/** A private key as people hold it: of an EVM account, or of a Solana one with its public half. */
export type PrivateKeyInput = string | Uint8Array | readonly number[]

const expected = 'Expected 64 hex digits or 32 bytes (EVM); or base58, a JSON array or bytes of a 64-byte Solana key.'

/**
 * Reads a private key without ever showing it to a parser whose errors repeat their input. The answer is in memory of
 * its own, which the caller overwrites.
 *
 * @throws ConfigurationError when it is no key, or could be of either family; the message never repeats it.
 */
export function readSecret(key: PrivateKeyInput | undefined): Secret {
  if (key === undefined) throw refuse('It is undefined: is the environment variable set?')
  const bytes = typeof key === 'string' ? readText(key.trim()) : readBytes(key)
  if (bytes.length === 64) return readSolana(bytes)
  const secret: Secret = { namespace: 'eip155', bytes }
  if (isKey(secret)) return secret
  wipe(bytes)
  throw refuse(expected, 'it is not a secp256k1 key')
}

/** Of a list, only the 64 numbers of Solana's `id.json` are known to be a key of one family and no other. */
function readBytes(key: Uint8Array | readonly number[]): Uint8Array {
  if (key instanceof Uint8Array) {
    if (key.length === 32 || key.length === 64) return ownBytes(key)
    throw refuse(expected, 'it is not a secp256k1 key')
  }
  if (Array.isArray(key) && key.length === 64 && key.every(isByte)) return ownBytes(key)
  throw refuse(expected)
}

function readText(text: string): Uint8Array {
  const bytes = readDigits(text)
  if (bytes) return bytes
  if (text.startsWith('[')) return readList(text)
  if (/^[1-9A-HJ-NP-Za-km-z]{64,88}$/.test(text)) return readBase58(text)
  const isAddress = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text)
  throw refuseText(text, isAddress ? '32 bytes in base58 may as well be an address.' : expected)
}

/** Numbers between commas, and nothing that a parser of JSON could tell of. */
function readList(text: string): Uint8Array {
  if (!/^\[\s*\d{1,3}(\s*,\s*\d{1,3}){63}\s*\]$/.test(text)) throw refuse(expected)
  return readBytes((text.match(/\d+/g) ?? []).map(Number))
}

function readBase58(text: string): Uint8Array {
  const bytes = ownBytes(base58.decode(text))
  if (bytes.length === 64) return bytes
  wipe(bytes)
  throw refuse(expected)
}

/** The seed and its public key: a slip in either, or 64 bytes of something else, is found by comparing them. */
function readSolana(bytes: Uint8Array): Secret {
  const secret: Secret = { namespace: 'solana', bytes: ownBytes(bytes.subarray(0, 32)) }
  const isWhole = isKey(secret) && equalBytes(publicKeyOf(secret.bytes), bytes.subarray(32))
  wipe(bytes)
  if (isWhole) return secret
  wipe(secret.bytes)
  throw refuse('Its 32 last bytes are not the public key of the 32 first.', 'it is not a Solana key')
}

function isByte(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255
}
