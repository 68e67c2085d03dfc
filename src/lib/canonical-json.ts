/**
 * Writes a JSON value as RFC 8785 has it: the members of objects in the order of their names, and no white space, so
 * that equal values have equal texts. Members that are undefined are left out.
 *
 * @throws RangeError when it is nested more deeply than this.
 */
export function canonicalJSON(value: unknown, maxDepth: number = Number.POSITIVE_INFINITY): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (maxDepth <= 0) throw new RangeError('it is nested too deeply')
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJSON(item, maxDepth - 1)).join(',')}]`
  let text = ''
  // By their UTF-16 code units, as the RFC has it, and `toSorted` too.
  for (const name of Object.keys(value).toSorted()) {
    const member: unknown = Reflect.get(value, name)
    if (member !== undefined) text += `${text && ','}${JSON.stringify(name)}:${canonicalJSON(member, maxDepth - 1)}`
  }
  return `{${text}}`
}

/** Writes what is sent as JSON so that values which are sent as equal ones have equal texts. */
export function wireJson(value: unknown): string {
  return canonicalJSON(JSON.parse(JSON.stringify(value)))
}
