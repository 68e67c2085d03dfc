/**
 * Writes a value as `JSON.stringify` can take it: a bigint as its decimal digits in a string. What JSON has no form for is left
 * out, and objects that say how they are written are asked.
 */
export function toJSONValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(toJSONValue)
  if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON()
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toJSONValue(inner)]))
}

/** Copies a value so that `JSON.stringify` takes it; its parts stay what they are. */
export function jsonSafe<value extends object>(value: value): value {
  const copy = { ...value }
  return Object.freeze(Object.defineProperty(copy, 'toJSON', { value: () => toJSONValue(value) }))
}
