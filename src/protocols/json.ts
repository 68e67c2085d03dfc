import { deepFreeze } from '../lib/freeze.js'
import { findJsonProblem } from '../lib/strict-json.js'
import { malformed } from './words.js'

const bounds = { longest: 65_536, deepest: 8, deepestUnder } as const

/**
 * Servers put JSON Schemas, which nest deeper, under `extensions` of a message and `outputSchema` of a v1 entry. They
 * are only ever echoed, so all that their depth can cost is the recursion that freezes and writes them. An entry of
 * `accepts` is the third level.
 */
function deepestUnder(key: string, level: number): number | undefined {
  return (key === 'extensions' && level === 1) || (key === 'outputSchema' && level === 3) ? 32 : undefined
}

/**
 * Parses a stranger's JSON and freezes it. It is refused where two readers could read it differently (keys that come
 * twice, numbers that lose digits) and where reading it could hurt (keys of the prototype, depth, long strings).
 *
 * @throws MalformedMessageError which calls the text by the name that is given.
 */
export function parseJson(text: string, name: string): unknown {
  const problem = findJsonProblem(text, bounds)
  if (problem !== undefined) throw malformed(`${name} ${problem}`)
  try {
    return deepFreeze(JSON.parse(text))
  } catch {
    throw malformed(`${name} is not JSON`)
  }
}
