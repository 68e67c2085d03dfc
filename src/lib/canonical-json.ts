/**
 * Writes a JSON value as RFC 8785 has it: the members of objects in the order of their names, and no white space, so
 * that equal values have equal texts. Members that are undefined are left out.
 */
export function canonicalJSON(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJSON).join(',')}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJSON(member)}`).join(',')}}`
}
