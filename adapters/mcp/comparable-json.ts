import { canonicalJSON } from '../../src/lib/canonical-json.js'

const maxDepth = 64
const maxLength = 262_144

/** Writes a JSON value so that equal ones have equal texts, or answers `undefined` for what is too deep or too long to be looked at. */
export function comparableJson(value: unknown): string | undefined {
  try {
    const text = canonicalJSON(value, maxDepth)
    return text.length <= maxLength ? text : undefined
  } catch {
    return undefined
  }
}
