import { ConfigurationError } from '../../errors.js'
import { findJsonProblem, forbiddenKeys, maxStringLength, quoteKey } from '../../lib/strict-json.js'
import type { JSONValue } from './rule-json.js'

/** An owner's policy is a page; a list of payees can be a long one. */
const maxText = 1_048_576
const maxDepth = 8
/** Objects, lists and what is in them, all told. */
const maxValues = 20_000

/**
 * Reads a policy's data: JSON as text, or what was parsed from it, copied so that later changes have no effect. What two
 * readers could read differently is refused, and so is what is not JSON: an amount that is `undefined` would be no limit.
 *
 * @throws ConfigurationError naming the place.
 */
export function readPlain(json: unknown): JSONValue {
  const value = typeof json === 'string' ? parseText(json) : json
  return copy(value, { path: 'policy', depth: 0, count: { left: maxValues } })
}

function parseText(text: string): unknown {
  const problem = findJsonProblem(text, { maxLength: maxText, maxDepth })
  if (problem !== undefined) throw misread('policy', `its text ${problem}`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw misread('policy', 'its text is not JSON', { cause })
  }
}

type Place = { readonly path: string; readonly depth: number; readonly count: { left: number } }

function copy(value: unknown, place: Place): JSONValue {
  const { path, count } = place
  if ((count.left -= 1) < 0) throw misread('policy', `it has more than ${maxValues} values`)
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'string') {
    if (value.length <= maxStringLength) return value
    throw misread(path, 'it is longer than 2048 characters')
  }
  if (place.depth === maxDepth) throw misread(path, 'it is nested too deeply')
  if (Array.isArray(value)) return copyList(value, place)
  if (isPlainObject(value)) return copyObject(value, place)
  throw misread(path, `${value === undefined ? 'undefined' : typeof value} is not JSON`)
}

function copyList(list: readonly unknown[], { path, depth, count }: Place): readonly JSONValue[] {
  return Array.from(list, (item, index) => copy(item, { path: `${path}[${index}]`, depth: depth + 1, count }))
}

function copyObject(object: object, { path, depth, count }: Place): { readonly [key: string]: JSONValue } {
  const entries = Reflect.ownKeys(object).map((key) => {
    if (typeof key === 'symbol') throw misread(path, 'it has a key that is a symbol')
    if (forbiddenKeys.has(key)) throw misread(path, `it has a key ${quoteKey(key)}`)
    const item: unknown = Reflect.get(object, key)
    return [key, copy(item, { path: pathTo(path, [key]), depth: depth + 1, count })] as const
  })
  // Without a prototype, so that a polluted one adds nothing.
  return Object.assign(Object.create(null), Object.fromEntries(entries))
}

/** Tells whether an object inherits nothing but what every object does, of whichever realm. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Writes where something is, such as `policy[1].rules.daily_limit_usd`. */
export function pathTo(path: string, keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((written, key) => {
    if (typeof key === 'number') return `${written}[${key}]`
    const name = String(key)
    return /^[A-Za-z_]\w{0,63}$/.test(name) ? `${written}.${name}` : `${written}[${quoteKey(name)}]`
  }, path)
}

/** Creates the error for a policy's data that cannot be read. */
export function misread(
  path: string,
  problem: string,
  options: { readonly details?: readonly string[] | undefined; readonly cause?: unknown } = {},
): ConfigurationError {
  return new ConfigurationError(`Failed to read ${path}: ${problem}`, options)
}
