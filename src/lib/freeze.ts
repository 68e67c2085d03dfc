/** Freezes plain data all the way down, so that what was judged is what is signed. */
export function deepFreeze<value>(value: value): value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
  return value
}

/** Copies plain data all the way down, and freezes the copy: what its owner changes afterwards changes nothing in it. */
export function frozenCopy<value>(value: value): value {
  return copyPlain(value) as value
}

function copyPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map(copyPlain))
  const copy: Record<string, unknown> = { ...value }
  // A name such as `__proto__` is one of the copy's own by now, and is set like any other.
  for (const name of Object.keys(copy)) copy[name] = copyPlain(copy[name])
  return Object.freeze(copy)
}
