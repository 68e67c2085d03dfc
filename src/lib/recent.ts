/** The values that came last. */
export type Recent<value> = { readonly add: (value: value) => void; readonly has: (value: value) => boolean }

/** Remembers so many values; the oldest goes first. */
export function createRecent<value>(max: number): Recent<value> {
  const values = new Set<value>()
  return {
    add: (value) => {
      values.add(value)
      forgetOldest(values, max)
    },
    has: (value) => values.has(value),
  }
}

/** Forgets the entry of a map or a set that came first, where it has more than so many. */
export function forgetOldest<key>(kept: Kept<key>, max: number): void {
  const [oldest] = kept.keys()
  if (oldest !== undefined && kept.size > max) kept.delete(oldest)
}

type Kept<key> = Pick<Set<key>, 'size' | 'keys' | 'delete'> | Pick<Map<key, unknown>, 'size' | 'keys' | 'delete'>
