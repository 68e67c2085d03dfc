const deepest = 64
const longest = 262_144

/**
 * Writes a JSON value with its keys in order, so that two values are the same exactly if their texts are; answers
 * `undefined` for what is too deep or too long to be looked at.
 */
export function orderedJson(value: unknown): string | undefined {
  const text = write(value, 0)
  return text !== undefined && text.length <= longest ? text : undefined
}

function write(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (depth >= deepest) return undefined
  if (Array.isArray(value))
    return join(
      value.map((one) => write(one, depth + 1)),
      '[]',
    )
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  return join(
    entries.map(([key, inner]) => {
      const text = write(inner, depth + 1)
      return text === undefined ? undefined : `${JSON.stringify(key)}:${text}`
    }),
    '{}',
  )
}

function join(parts: readonly (string | undefined)[], [open, close]: string): string | undefined {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(',')}${close}`
}
