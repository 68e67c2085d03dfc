import { ConfigurationError } from '../errors.js'

/** Answers bytes that nobody can guess. */
export type Random = (length: number) => Uint8Array

/** Draws random bytes, and refuses a generator that is broken or stubbed to zeros. */
export function draw(random: Random, length: number): Uint8Array {
  const bytes = random(length)
  if (bytes.length !== length || bytes.every((byte) => byte === 0)) {
    throw new ConfigurationError('Failed to draw random bytes: the generator answers zeros')
  }
  return bytes
}

/** The default of `random` wherever keys, salts and nonces are drawn. */
export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(new ArrayBuffer(length)))
}
