import { ConfigurationError } from '../../errors.js'
import { ownBytes } from '../../lib/bytes.js'

/** A password, or what asks for it when it is needed. */
export type Password = string | Uint8Array | (() => Promise<string | Uint8Array>)

const minLength = 8
const maxLength = 1024
/** What 1024 characters take at the most. */
const maxByteLength = 4096

/**
 * Reads a password as bytes of its own, which the caller overwrites. Text is normalised (NFKC), so that it is the same
 * password however a keyboard composes it; bytes are taken as they are.
 *
 * @throws ConfigurationError when it has fewer than 8 characters, or more than 1024.
 */
export async function readPassword(password: Password): Promise<Uint8Array<ArrayBuffer>> {
  const given = await ask(password)
  if (given.length === 0) throw refuse('it is empty: is the environment variable set?')
  const text = typeof given === 'string' ? given.normalize('NFKC') : given
  if ([...text].length < minLength) throw refuse(`it has fewer than ${minLength} characters`)
  return typeof text === 'string' ? encode(text) : ownBytes(text)
}

/**
 * Reads the password of somebody else's file, which may have any length but none, in each form that its bytes may have
 * had there: as it is typed, which is how geth takes it, and in the four forms of Unicode. The caller overwrites them.
 */
export async function readForeignPassword(password: Password): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  const given = await ask(password)
  if (given.length === 0) throw refuse('it is empty')
  if (typeof given !== 'string') return [ownBytes(given)]
  const forms = ['NFC', 'NFKC', 'NFD', 'NFKD'].map((form) => given.normalize(form))
  return [...new Set([given, ...forms])].map(encode)
}

async function ask(password: Password): Promise<string | Uint8Array> {
  const given = typeof password === 'function' ? await password() : password
  const isText = typeof given === 'string'
  if (!isText && !(given instanceof Uint8Array)) throw refuse('it is neither text nor bytes')
  // Before it is normalised, which takes time.
  if (given.length > (isText ? maxLength : maxByteLength)) throw refuse(`it has more than ${maxLength} characters`)
  return given
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

function refuse(reason: string): ConfigurationError {
  return new ConfigurationError(`Failed to read the password: ${reason}`)
}
