import { ConfigurationError } from 'stipend'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils'
import { type Random, randomBytes } from '../../src/lib/random.js'

const cost = { N: 32_768, r: 8, p: 1 } as const
const written = /^scrypt\$([0-9a-f]{32})\$([0-9a-f]{64})$/
const minLength = 12

/**
 * Hashes a password with scrypt (N = 32768, r = 8, p = 1), for the option `masterPasswordHash`.
 *
 * @throws ConfigurationError when it is shorter than 12 characters, or no header could carry it.
 */
export async function hashPassword(password: string, random: Random = randomBytes): Promise<string> {
  const salt = random(16)
  return `scrypt$${bytesToHex(salt)}$${bytesToHex(await scrypt(readPassword(password), salt))}`
}

type Hash = { readonly salt: Uint8Array; readonly key: Uint8Array }

/**
 * Reads what `hashPassword` answered.
 *
 * @throws ConfigurationError when it is anything else.
 */
export function parseHash(text: string): Hash {
  const [, salt, key] = written.exec(text) ?? []
  if (salt && key) return { salt: hexToBytes(salt), key: hexToBytes(key) }
  throw new ConfigurationError('Failed to read masterPasswordHash: it is not what hashPassword answers')
}

/** Tells whether a text could be a password at all. */
export function isPassword(text: unknown): text is string {
  return typeof text === 'string' && text.length >= minLength && /^[\x21-\x7e]{1,1024}$/.test(text)
}

/**
 * Reads a password.
 *
 * @throws ConfigurationError when it is too short, or no header could carry it; the message never repeats it.
 */
export function readPassword(password: string | undefined): string {
  if (isPassword(password)) return password
  throw new ConfigurationError(
    `Failed to read the master password: expected at least ${minLength} letters, digits and signs of ASCII, without spaces`,
  )
}

/** Derives a key from a password; it takes about a tenth of a second, in another thread. */
export async function scrypt(password: string, salt: Uint8Array): Promise<Uint8Array> {
  const crypto = await import('node:crypto')
  return new Promise((resolve, reject) => {
    crypto.scrypt(password, salt, 32, { ...cost, maxmem: 67_108_864 }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
