import { isStipendError } from '../errors.js'

/**
 * Stands before a part of anybody's make: all it can do is asynchronous, and whatever it throws, or rejects with, is made
 * an error of ours.
 */
export function guardPart<part extends object>(part: part, wrap: (cause: unknown) => Error): part {
  const guarded: Record<PropertyKey, unknown> = {}
  for (const key of keysOf(part)) {
    const value: unknown = Reflect.get(part, key)
    guarded[key] = typeof value === 'function' ? guard(value, part, wrap) : value
  }
  return Object.freeze(guarded) as part
}

function guard(method: Function, part: object, wrap: (cause: unknown) => Error) {
  return async (...values: readonly unknown[]): Promise<unknown> => {
    try {
      return await Reflect.apply(method, part, values)
    } catch (cause) {
      throw isStipendError(cause) ? cause : wrap(cause)
    }
  }
}

/** Those of its class too, where it has one. */
function keysOf(part: object): ReadonlySet<PropertyKey> {
  const keys = new Set<PropertyKey>()
  for (let owner: object | null = part; owner && owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
    for (const key of Reflect.ownKeys(owner)) if (key !== 'constructor') keys.add(key)
  }
  return keys
}
