import { redact } from './redact.js'
import { isUserRejection } from './user-rejection.js'

const maxDepth = 5
const maxErrors = 8
const maxFrames = 12
const brand = Symbol.for('stipend.error')

/** The classes that callers tell apart by `instanceof`. */
const builtIn: Readonly<Record<string, new (message: string) => Error>> = { TypeError, RangeError, SyntaxError }

/**
 * Copies what somebody else threw, without what it should not carry: its name, its redacted message, its code, where it was
 * thrown, and its causes likewise. Requests, responses, headers and settings stay behind. An error of this library is what
 * it is: it was made of clean causes. Never throws.
 */
export function cleanCause(cause: unknown): unknown {
  return clean(cause, 0)
}

function clean(cause: unknown, depth: number): unknown {
  if (typeof cause === 'string') return redact(cause)
  if (typeof cause === 'symbol' || typeof cause === 'function') return undefined
  if (typeof cause !== 'object' || cause === null) return cause
  try {
    return Object.hasOwn(cause, brand) ? cause : copy(cause, depth)
  } catch {
    return new TypeError('what was thrown cannot be read')
  }
}

function copy(error: object, depth: number): Error {
  const { name, message, code, stack, cause, errors } = error as Readonly<Record<string, unknown>>
  const text = typeof message === 'string' ? message : 'what was thrown is no error'
  const own = isWord(name) ? name : 'Error'
  const safe = new (builtIn[own] ?? Error)(redact(text))
  const define = (key: string, value: unknown): void => {
    Object.defineProperty(safe, key, { value, configurable: true, writable: true })
  }
  if (safe.name !== own) define('name', own)
  define('stack', [`${own}: ${safe.message}`, ...framesOf(stack, text)].join('\n'))
  if (isCode(code) || Number.isSafeInteger(code)) Object.assign(safe, { code })
  // Libraries put a person's no in places that are not copied.
  else if (isUserRejection(error)) Object.assign(safe, { code: 4001 })
  if (depth >= maxDepth) return safe
  if (cause !== undefined) define('cause', clean(cause, depth + 1))
  if (Array.isArray(errors))
    define(
      'errors',
      errors.slice(0, maxErrors).map((one) => clean(one, depth + 1)),
    )
  return safe
}

/** A name, which is a word of a program. */
function isWord(value: unknown): value is string {
  return isCode(value) && /^[A-Za-z]/.test(value)
}

/** A word that may begin with a digit, as those of SQL do. */
function isCode(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,47}$/.test(value)
}

/** The lines after the message, which repeats what it was made of. */
function framesOf(stack: unknown, message: string): readonly string[] {
  if (typeof stack !== 'string') return []
  const start = stack.indexOf(message)
  const lines = stack.slice(start < 0 ? 0 : start + message.length).split('\n')
  return lines
    .filter((line) => /^\s{4}at .{1,400}:\d+:\d+\)?$/.test(line) && !/\bhttps?:/.test(line))
    .slice(0, maxFrames)
}
