/** The values that came last. */
export type Recent<value> = { readonly add: (value: value) => void; readonly has: (value: value) => boolean }

/** Remembers so many values; the oldest goes first. */
export function createRecent<value>(max: number): Recent<value> {
  const values = new Set<value>()
  return {
    add: (value) => {
      const [oldest] = values
      if (oldest !== undefined && values.size >= max && !values.has(value)) values.delete(oldest)
      values.add(value)
    },
    has: (value) => values.has(value),
  }
}
