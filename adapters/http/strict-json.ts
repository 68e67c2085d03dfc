import { refuseInput } from './refused.js'

const deepest = 64
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])
const token =
  /[\t\n\r ]*(?:([{}[\],:])|("[^"\\\u0000-\u001f]*(?:\\.[^"\\\u0000-\u001f]*)*")|(-?\d[\d.eE+-]*)|true|false|null)/gy

/**
 * Parses JSON that only one reading fits: no key twice in one object, no number that loses digits, no key that reaches a
 * prototype, no depth that hurts.
 *
 * @throws RefusedError saying what is wrong with the text.
 */
export function parseStrictJson(text: string): unknown {
  const problem = findProblem(text)
  if (problem !== undefined) throw refuseInput('body', problem)
  try {
    return JSON.parse(text)
  } catch {
    throw refuseInput('body', 'it is not JSON')
  }
}

type Level = Set<string> | undefined

/** Walks the tokens once, without recursion; whether their order is JSON is left to `JSON.parse`. */
function findProblem(text: string): string | undefined {
  const levels: Level[] = []
  let last = ''
  let end = 0
  for (const match of text.matchAll(token)) {
    const [all, mark = '', quoted, number] = match
    if (quoted !== undefined) last = quoted
    const problem = mark === '' ? checkNumber(number) : step(mark, levels, last)
    if (problem !== undefined) return problem
    end = match.index + all.length
  }
  return /^[\t\n\r ]*$/.test(text.slice(end)) ? undefined : 'it is not JSON'
}

function step(mark: string, levels: Level[], last: string): string | undefined {
  if (mark === '{' || mark === '[') levels.push(mark === '{' ? new Set() : undefined)
  if (mark === '}' || mark === ']') levels.pop()
  if (levels.length > deepest) return 'it is nested too deeply'
  return mark === ':' ? nameKey(levels.at(-1), last) : undefined
}

function nameKey(keys: Level, quoted: string): string | undefined {
  const key = unquote(quoted)
  if (!keys || key === undefined) return 'it is not JSON'
  if (forbiddenKeys.has(key)) return `it has the key ${show(key)}`
  if (keys.has(key)) return `it has the key ${show(key)} twice in one object`
  keys.add(key)
  return undefined
}

function unquote(quoted: string): string | undefined {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return undefined
  }
}

/** A double holds whole numbers up to 2^53, and reads what is too small or too large as zero or infinity. */
function checkNumber(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isNaN(number)) return 'it is not JSON'
  const isLost = number === 0 && /^[^eE]*[1-9]/.test(text)
  const isExact = Math.abs(number) <= Number.MAX_SAFE_INTEGER && !Object.is(number, -0) && !isLost
  return isExact ? undefined : 'it has a number that cannot be held exactly; send it as a string'
}

/** Shows a key in a message, where it can be shown. */
export function show(key: string): string {
  return /^[\x20-\x7e]{1,64}$/.test(key) ? JSON.stringify(key) : 'a name that cannot be shown'
}
