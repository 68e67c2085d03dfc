import { MalformedMessageError } from '../errors.js'
import { deepFreeze } from '../freeze.js'

/** Bounds of a message's own fields, and of what lies under keys that are only echoed. */
const deepestTerms = 8
/** Servers put JSON Schemas into extensions, which nest deeper; nothing in them is ever read. */
const deepestOpaque = 32
const opaqueKeys = new Set(['extensions', 'outputSchema'])
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])
const longestString = 2048

type Level = { readonly keys: Set<string> | undefined; readonly isOpaque: boolean; key: string }

const token = /[\t\n\r ]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null))/y

/**
 * Parses a stranger's JSON. It is refused where two readers could read it differently (keys that come twice, numbers
 * that lose digits) and where reading it could hurt (keys of the prototype, depth, long strings).
 *
 * @throws MalformedMessageError
 */
export function parseJson(text: string): unknown {
  scan(text)
  try {
    return deepFreeze(JSON.parse(text))
  } catch {
    throw malformed('it is not JSON')
  }
}

/** Walks the tokens without recursion; `JSON.parse` then decides whether their order is JSON. */
function scan(text: string): void {
  const levels: Level[] = []
  let last = ''
  for (token.lastIndex = 0; ; ) {
    const at = token.lastIndex
    const match = token.exec(text)
    if (!match) {
      if (/^[\t\n\r ]*$/.test(text.slice(at))) return
      throw malformed('it is not JSON')
    }
    const [, mark, string, number] = match
    if (mark === '{' || mark === '[') open(levels, mark)
    if (mark === '}' || mark === ']') levels.pop()
    if (mark === ':') nameKey(levels.at(-1), last)
    if (number !== undefined) checkNumber(number)
    if (string !== undefined) last = readString(string)
    token.lastIndex = at + match[0].length
  }
}

function open(levels: Level[], mark: string): void {
  const parent = levels.at(-1)
  const isOpaque = parent !== undefined && (parent.isOpaque || opaqueKeys.has(parent.key))
  levels.push({ keys: mark === '{' ? new Set() : undefined, isOpaque, key: '' })
  if (levels.length > (isOpaque ? deepestOpaque : deepestTerms)) throw malformed('it is nested too deeply')
}

function nameKey(level: Level | undefined, key: string): void {
  if (!level?.keys) throw malformed('it is not JSON')
  if (forbiddenKeys.has(key)) throw malformed(`it has a key ${key}`)
  if (level.keys.has(key)) throw malformed('a key comes twice in one object')
  level.keys.add(key)
  level.key = key
}

function checkNumber(text: string): void {
  const number = Number(text)
  const isExact = /^-?\d+$/.test(text) ? Number.isSafeInteger(number) : Number.isFinite(number)
  if (!isExact || Object.is(number, -0)) throw malformed('it has a number that cannot be held exactly')
}

function readString(quoted: string): string {
  if (quoted.length > longestString * 6) throw malformed('it has a string that is too long')
  let text: unknown
  try {
    text = JSON.parse(quoted)
  } catch {
    throw malformed('it is not JSON')
  }
  if (typeof text !== 'string' || text.length > longestString) throw malformed('it has a string that is too long')
  if (/\p{Surrogate}/u.test(text)) throw malformed('it has half a character')
  return text
}

function malformed(reason: string): MalformedMessageError {
  return new MalformedMessageError(`Failed to read the 402: ${reason}; nothing was signed`)
}
