import { forgetOldest } from './recent.js'

/** How much is remembered. */
export type MemoBounds = {
  /** How many texts; the oldest goes first. */
  readonly max: number
  /** In characters; what a longer text makes is not remembered. */
  readonly maxLength: number
}

/**
 * Remembers what a pure function makes of a text, by the whole text; what it throws is not remembered. Callers share the
 * values, which therefore nobody changes.
 */
export function memoize<value>(make: (text: string) => value, { max, maxLength }: MemoBounds): (text: string) => value {
  const known = new Map<string, { readonly value: value }>()
  return (text) => {
    const found = known.get(text)
    if (found) return found.value
    const value = make(text)
    if (text.length > maxLength) return value
    known.set(text, { value })
    forgetOldest(known, max)
    return value
  }
}
