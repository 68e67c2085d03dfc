import { ConfigurationError } from 'stipend'
import { hmac } from '@noble/hashes/hmac'
import { sha256 } from '@noble/hashes/sha2'
import { utf8ToBytes } from '@noble/hashes/utils'
import { equalBytes } from '../../src/lib/bytes.js'
import { sleep } from '../../src/lib/deadline.js'
import { type Random, randomBytes } from '../../src/lib/random.js'
import { createLanes } from './lanes.js'
import { isPassword, parseHash, readPassword, scrypt } from './password.js'
import { RefusedError } from './refused.js'
import { createThrottle } from './throttle.js'

/** Tells the owner from everybody else. */
export type PasswordCheck = {
  /**
   * Takes one guess, from somewhere.
   *
   * @throws RefusedError when it is wrong.
   */
  readonly check: (guess: string, source?: string) => Promise<void>
}

type PasswordCheckOptions = {
  readonly masterPassword?: string | undefined
  readonly masterPasswordHash?: string | undefined
  readonly clock: () => number
  readonly random?: Random | undefined
  /** Waits some milliseconds. */
  readonly wait?: ((milliseconds: number) => Promise<unknown>) | undefined
}

/** Hashes that wait for their turn, of one source. */
const maxWaiting = 64
/** Wrong answers that are held back at once. */
const maxHeld = 256
const unknownSource = 'unknown'

/**
 * Creates the check of the owner's password. The right password is let in whatever others have guessed: an owner who is locked out can
 * neither deny a payment nor freeze the wallet. What slows guessing down is that the answer to a wrong one waits, the longer
 * the more came from the same source.
 *
 * A password that was given as text, or was right once, is known without the cost of scrypt, by a MAC whose key lives as
 * long as the process. Of one that is only known by its hash, guesses are hashed one after another, and sources take turns.
 *
 * @throws ConfigurationError when neither a password nor the hash of one is given, or it is not usable.
 */
export function createPasswordCheck(options: PasswordCheckOptions): PasswordCheck {
  const { clock, wait = sleep } = options
  const isRight = createCheck(options)
  const throttle = createThrottle(clock)
  let held = 0
  return {
    check: async (guess, source = unknownSource) => {
      const answer = isPassword(guess) ? await isRight(guess, source) : false
      if (answer === true) return throttle.forgive(source)
      const delay = throttle.blame(source)
      if (delay > 0 && held < maxHeld) {
        held += 1
        await wait(delay).finally(() => {
          held -= 1
        })
      }
      throw answer === undefined || delay > 0 ? tooMany(delay, answer === undefined) : wrong()
    },
  }
}

/** Answers whether a guess is right; `undefined` when it was not looked at, since too many of its source wait. */
type Check = (guess: string, source: string) => Promise<boolean | undefined>

function createCheck({ masterPassword, masterPasswordHash, random = randomBytes }: PasswordCheckOptions): Check {
  if ((masterPassword === undefined) === (masterPasswordHash === undefined)) {
    throw new ConfigurationError('Failed to create the handler: expected masterPassword, or masterPasswordHash')
  }
  const memory = createMemory(random)
  if (masterPasswordHash === undefined) {
    memory.keep(readPassword(masterPassword))
    return async (guess) => memory.same(guess)
  }
  const { salt, key } = parseHash(masterPasswordHash)
  const lanes = createLanes(maxWaiting)
  return async (guess, source) => {
    if (memory.same(guess)) return true
    // Once the right one is known, no other is worth the cost.
    if (memory.isFull()) return false
    return lanes.run(source, async () => {
      if (memory.isFull()) return memory.same(guess)
      if (!equalBytes(await scrypt(guess, salt), key)) return false
      memory.keep(guess)
      return true
    })
  }
}

function createMemory(random: Random): {
  readonly same: (guess: string) => boolean
  readonly keep: (guess: string) => void
  readonly isFull: () => boolean
} {
  const secret = random(32)
  const macOf = (text: string): Uint8Array => hmac(sha256, secret, utf8ToBytes(text))
  let kept: Uint8Array | undefined
  return {
    same: (guess) => kept !== undefined && equalBytes(macOf(guess), kept),
    keep: (guess) => {
      kept = macOf(guess)
    },
    isFull: () => kept !== undefined,
  }
}

function wrong(): RefusedError {
  return new RefusedError('password_wrong', 'Master password is wrong', { status: 401 })
}

function tooMany(milliseconds: number, isUnseen: boolean): RefusedError {
  const sentence = isUnseen
    ? 'Too many guesses of the master password wait; this one was not looked at'
    : 'Master password is wrong, and was too often'
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000))
  return new RefusedError('too_many_attempts', sentence, { status: 429, headers: { 'retry-after': String(seconds) } })
}
