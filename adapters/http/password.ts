import { ConfigurationError } from 'stipend'
import { hmac } from '@noble/hashes/hmac'
import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils'
import { RefusedError } from './refused.js'

/** Bytes of chance. */
export type Random = (length: number) => Uint8Array

const cost = { N: 32_768, r: 8, p: 1 } as const
const written = /^scrypt\$([0-9a-f]{32})\$([0-9a-f]{64})$/
const shortest = 12
/** Guesses that are free; each one after them has to wait, twice as long as the one before. */
const freeGuesses = 5
const longestLockSeconds = 300
const mostWaiting = 16

/**
 * Hashes a password with scrypt (N = 32768, r = 8, p = 1), for the option `masterPasswordHash`.
 *
 * @throws ConfigurationError when it is shorter than 12 characters, or no header could carry it.
 */
export async function hashPassword(password: string, random: Random = drawBytes): Promise<string> {
  const salt = random(16)
  return `scrypt$${bytesToHex(salt)}$${bytesToHex(await scrypt(readPassword(password), salt))}`
}

/** Tells the owner from everybody else. */
export type Gate = {
  /**
   * Takes one guess.
   *
   * @throws RefusedError when it is wrong, or when there were too many.
   */
  readonly check: (guess: string) => Promise<void>
}

/**
 * Creates the owner's gate. Guesses are checked one after another, so that a thousand at once are still counted; after
 * the fifth wrong one in a row nobody is let in, not even the owner, for a time that doubles up to five minutes.
 *
 * @throws ConfigurationError when neither a password nor the hash of one is given, or it is not usable.
 */
export function createGate(options: {
  readonly masterPassword?: string | undefined
  readonly masterPasswordHash?: string | undefined
  readonly clock: () => number
  readonly random?: Random | undefined
}): Gate {
  const { clock } = options
  const hash = readHash(options)
  const attempts = { failures: 0, lockedUntil: 0, waiting: 0 }
  const memory = createMemory(options.random ?? drawBytes)
  let turn: Promise<unknown> = Promise.resolve()

  const attempt = async (guess: string): Promise<void> => {
    if (clock() < attempts.lockedUntil) throw locked(attempts.lockedUntil - clock())
    const { salt, key } = await hash()
    if (memory.same(guess) || isEqual(await scrypt(guess, salt), key)) {
      memory.keep(guess)
      attempts.failures = 0
      return
    }
    attempts.failures += 1
    const excess = attempts.failures - freeGuesses
    if (excess >= 0) attempts.lockedUntil = clock() + Math.min(2 ** excess, longestLockSeconds) * 1000
    throw new RefusedError('password_wrong', 'Master password is wrong', { status: 401 })
  }
  return {
    check: async (guess) => {
      if (attempts.waiting >= mostWaiting) throw locked(1000)
      attempts.waiting += 1
      const mine = turn.then(() => attempt(guess))
      turn = mine.catch(() => {})
      await mine.finally(() => {
        attempts.waiting -= 1
      })
    },
  }
}

/** Knows the right password again without the cost of scrypt, by a MAC whose key lives as long as the process. */
function createMemory(random: Random): {
  readonly same: (guess: string) => boolean
  readonly keep: (guess: string) => void
} {
  const secret = random(32)
  const macOf = (text: string): Uint8Array => hmac(sha256, secret, utf8ToBytes(text))
  let kept: Uint8Array | undefined
  return {
    same: (guess) => kept !== undefined && isEqual(macOf(guess), kept),
    keep: (guess) => {
      kept = macOf(guess)
    },
  }
}

type Hash = { readonly salt: Uint8Array; readonly key: Uint8Array }

/** The password itself is hashed at once and not kept. */
function readHash({
  masterPassword,
  masterPasswordHash,
  random,
}: Omit<Parameters<typeof createGate>[0], 'clock'>): () => Promise<Hash> {
  if ((masterPassword === undefined) === (masterPasswordHash === undefined)) {
    throw new ConfigurationError('Failed to create the handler: expected masterPassword, or masterPasswordHash')
  }
  const text = masterPasswordHash ?? hashPassword(readPassword(masterPassword), random)
  if (typeof text === 'string') parseHash(text)
  const hash = Promise.resolve(text).then(parseHash)
  hash.catch(() => {})
  return () => hash
}

function parseHash(text: string): Hash {
  const [, salt, key] = written.exec(text) ?? []
  if (salt && key) return { salt: hexToBytes(salt), key: hexToBytes(key) }
  throw new ConfigurationError('Failed to read masterPasswordHash: it is not what hashPassword answers')
}

function readPassword(password: string | undefined): string {
  if (typeof password === 'string' && password.length >= shortest && /^[\x21-\x7e]{1,1024}$/.test(password)) {
    return password
  }
  throw new ConfigurationError(
    `Failed to read the master password: expected at least ${shortest} letters, digits and signs of ASCII, without spaces`,
  )
}

async function scrypt(password: string, salt: Uint8Array): Promise<Uint8Array> {
  const crypto = await import('node:crypto')
  return new Promise((resolve, reject) => {
    crypto.scrypt(password, salt, 32, { ...cost, maxmem: 67_108_864 }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}

function locked(milliseconds: number): RefusedError {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000))
  return new RefusedError('too_many_attempts', `Too many attempts; try again in ${seconds} s`, {
    status: 429,
    headers: { 'retry-after': String(seconds) },
  })
}

/** Compares all bytes, whatever the first ones are. */
export function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length
  for (let index = 0; index < other.length; index += 1) difference |= (one[index] ?? 0) ^ (other[index] ?? 0)
  return difference === 0
}

/** Draws bytes from the system. */
export function drawBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length))
}
