import { hexToBytes } from '@noble/hashes/utils'
import { ConfigurationError } from '../errors.js'
import { ownBytes, wipe } from '../lib/bytes.js'
import { isEvmKey } from './held-evm.js'

/**
 * Reads an EVM key: 64 hex digits, or 32 bytes. The answer is in memory of its own, which the caller overwrites.
 *
 * @throws ConfigurationError when it is none; the message never repeats it.
 */
export function readEvmSecret(key: string | Uint8Array | undefined): Uint8Array {
  if (key === undefined) throw refuse('It is undefined: is the environment variable set?')
  const bytes = typeof key === 'string' ? readText(key.trim()) : readBytes(key)
  if (isEvmKey(bytes)) return bytes
  wipe(bytes)
  throw refuse(expected, notEvm)
}

const expected = 'Expected 64 hex digits or 32 bytes; a Solana key is read by privateKey of stipend/keys.'
const notEvm = 'it is not a secp256k1 key'

function readText(text: string): Uint8Array {
  const bytes = readDigits(text)
  if (bytes) return bytes
  throw refuseText(text, expected)
}

/** Whatever is handed over may be none of what its type says. */
function readBytes(key: unknown): Uint8Array {
  if (key instanceof Uint8Array) return ownBytes(key)
  throw refuse(expected)
}

/** Answers the 32 bytes that 64 hex digits stand for. */
export function readDigits(text: string): Uint8Array | undefined {
  const digits = /^(?:0x)?([0-9a-fA-F]{64})$/.exec(text)?.[1]
  return digits === undefined ? undefined : ownBytes(hexToBytes(digits))
}

/** Says what a text that is no key may be instead. */
export function refuseText(text: string, otherwise: string): ConfigurationError {
  if (text === '') return refuse('It is empty: is the environment variable set?')
  if (/^(["'`]).*\1$/s.test(text)) return refuse('It is in quotation marks, which are a part of it: take them off.')
  if (/^(?:0x)?[0-9a-fA-F]{40}$/.test(text))
    return refuse('It is an address, of which everybody knows: a key has 64 digits.')
  if (/^[a-z]+(\s+[a-z]+){11,23}$/i.test(text)) return refuse('It looks like a phrase: use mnemonic(phrase).')
  return refuse(otherwise, notEvm)
}

/** Says that what was given is no key. */
export function refuse(detail: string, reason = 'it is not a key'): ConfigurationError {
  return new ConfigurationError(`Failed to read the private key: ${reason}`, { details: [detail] })
}
