import { deepFreeze } from '../freeze.js'
import { malformed, quote } from './words.js'

const largestText = 65_536
const longestString = 2048
const deepestTerms = 8
/**
 * Servers put JSON Schemas, which nest deeper, under `extensions` of a message and `outputSchema` of a v1 entry. They
 * are only ever echoed, so all that their depth can cost is the recursion that freezes and writes them.
 */
const deepestOpaque = 32
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])

const token =
  /[\t\n\r ]*(?:([{}[\],:])|("[^"\\\u0000-\u001f]*(?:\\.[^"\\\u0000-\u001f]*)*")|(-?\d[\d.eE+-]*)|true|false|null)/gy

type Level = { readonly keys: Set<string> | undefined; readonly isOpaque: boolean; key: string }

/**
 * Parses a stranger's JSON and freezes it. It is refused where two readers could read it differently (keys that come
 * twice, numbers that lose digits) and where reading it could hurt (keys of the prototype, depth, long strings).
 *
 * @throws MalformedMessageError which calls the text by the name that is given.
 */
export function parseJson(text: string, name: string): unknown {
  const problem = text.length > largestText ? 'is longer than 64 KiB' : findProblem(text)
  if (problem !== undefined) throw malformed(`${name} ${problem}`)
  try {
    return deepFreeze(JSON.parse(text))
  } catch {
    throw malformed(`${name} is not JSON`)
  }
}

/** Walks the tokens once, without recursion; whether their order is JSON is left to `JSON.parse`. */
function findProblem(text: string): string | undefined {
  const levels: Level[] = []
  let last = ''
  let end = 0
  for (const match of text.matchAll(token)) {
    const [all, mark, quoted, number] = match
    let problem: string | undefined
    if (mark === '{' || mark === '[') problem = open(levels, mark)
    if (mark === '}' || mark === ']') levels.pop()
    if (mark === ':') problem = nameKey(levels.at(-1), last)
    if (number !== undefined) problem = checkNumber(number)
    if (quoted !== undefined) {
      const string = readString(quoted)
      problem = string.problem
      last = string.text
    }
    if (problem !== undefined) return problem
    end = match.index + all.length
  }
  return /^[\t\n\r ]*$/.test(text.slice(end)) ? undefined : 'is not JSON'
}

function open(levels: Level[], mark: string): string | undefined {
  const parent = levels.at(-1)
  const isOpaque = parent !== undefined && (parent.isOpaque || isOpaqueKey(parent.key, levels.length))
  levels.push({ keys: mark === '{' ? new Set() : undefined, isOpaque, key: '' })
  return levels.length > (isOpaque ? deepestOpaque : deepestTerms) ? 'is nested too deeply' : undefined
}

/** An entry of `accepts` is the third level. */
function isOpaqueKey(key: string, level: number): boolean {
  return (key === 'extensions' && level === 1) || (key === 'outputSchema' && level === 3)
}

function nameKey(level: Level | undefined, key: string): string | undefined {
  if (!level?.keys) return 'is not JSON'
  if (forbiddenKeys.has(key)) return `has a key ${quote(key)}`
  if (level.keys.has(key)) return `has the key ${quote(key)} twice in one object`
  level.keys.add(key)
  level.key = key
  return undefined
}

/** A double holds whole numbers up to 2^53, and reads what is too small or too large as zero or infinity. */
function checkNumber(text: string): string | undefined {
  const number = Number(text)
  if (Number.isNaN(number)) return 'is not JSON'
  const isLost = number === 0 && /^[^eE]*[1-9]/.test(text)
  const isExact = Math.abs(number) <= Number.MAX_SAFE_INTEGER && !Object.is(number, -0) && !isLost
  return isExact ? undefined : 'has a number that cannot be held exactly'
}

function readString(quoted: string): { readonly text: string; readonly problem?: string | undefined } {
  const refuse = (problem: string) => ({ text: '', problem })
  // The longest escape takes six characters to write one.
  if (quoted.length > longestString * 6 + 2) return refuse('has a string of over 2048 characters')
  const text = unescape(quoted)
  if (text === undefined) return refuse('is not JSON')
  if (text.length > longestString) return refuse('has a string of over 2048 characters')
  return /\p{Surrogate}/u.test(text) ? refuse('has half a character') : { text }
}

function unescape(quoted: string): string | undefined {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return String(JSON.parse(quoted))
  } catch {
    return undefined
  }
}
