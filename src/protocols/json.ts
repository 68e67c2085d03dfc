import { deepFreeze } from '../lib/freeze.js'
import { findJsonProblem, type JsonBounds } from '../lib/strict-json.js'
import { malformed } from './words.js'

/**
 * Parses a stranger's JSON and freezes it. It is refused where two readers could read it differently (keys that come
 * twice, numbers that lose digits) and where reading it could hurt (keys of the prototype, depth, long strings).
 *
 * @throws MalformedMessageError which calls the text by the name that is given.
 */
export function parseJson(text: string, name: string, bounds: Partial<JsonBounds> = {}): unknown {
  const problem = findJsonProblem(text, { maxLength: 65_536, maxDepth: 8, showKey: () => 'a key', ...bounds })
  if (problem !== undefined) throw malformed(`${name} ${problem}`)
  try {
    return deepFreeze(JSON.parse(text))
  } catch {
    throw malformed(`${name} is not JSON`)
  }
}
