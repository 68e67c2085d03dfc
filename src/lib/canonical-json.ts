/**
 * Writes a JSON value as RFC 8785 has it: the members of objects in the order of their names, and no white space, so
 * that equal values have equal texts. Members that are undefined are left out.
 */
export function canonicalJSON(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJSON).join(',')}]`
  let text = ''
  // By their UTF-16 code units, as the RFC has it, and `toSorted` too.
  for (const name of Object.keys(value).toSorted()) {
    const member: unknown = Reflect.get(value, name)
    if (member !== undefined) text += `${text && ','}${JSON.stringify(name)}:${canonicalJSON(member)}`
  }
  return `{${text}}`
}
