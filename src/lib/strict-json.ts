/** How large JSON may be. */
export type JsonBounds = {
  /** In characters. */
  readonly maxLength: number
  /** In levels of objects and lists. */
  readonly maxDepth: number
  /** Of each string, in characters; longer ones may hold half a character. @default 2048 */
  readonly maxStringLength?: number | undefined
  /**
   * Tells whether what a key of some level holds plays no part in what is done: then it may be any JSON, nested 64 levels
   * deep in all.
   */
  readonly isLoose?: ((key: string, level: number) => boolean) | undefined
  /** How a key is named in a problem. @default quoted */
  readonly showKey?: ((key: string) => string) | undefined
}

const maxLooseDepth = 64

/** The longest string that is read, in characters. */
export const maxStringLength = 2048

/** Keys that reach a prototype when they are copied without care. */
export const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

const token =
  /[\t\n\r ]*(?:([{}[\],:])|("[^"\\\u0000-\u001f]*(?:\\.[^"\\\u0000-\u001f]*)*")|(-?\d[\d.eE+-]*)|true|false|null)/gy

type Level = { readonly keys: Set<string> | undefined; readonly isLoose: boolean; key: string }

/**
 * Says why JSON is not read, or nothing when it may be: two readers could read it differently (keys that come twice,
 * numbers that lose digits), or reading it could hurt (keys of the prototype, depth, long strings). Walks the tokens
 * once, without recursion; whether their order is JSON is left to `JSON.parse`.
 */
export function findJsonProblem(text: string, bounds: JsonBounds): string | undefined {
  if (text.length > bounds.maxLength) return `is longer than ${bounds.maxLength / 1024} KiB`
  const levels: Level[] = []
  let last = ''
  let end = 0
  for (const match of text.matchAll(token)) {
    const [all, mark, quoted, number] = match
    let problem: string | undefined
    if (mark === '{' || mark === '[') problem = open(levels, mark, bounds)
    if (mark === '}' || mark === ']') levels.pop()
    if (mark === ':') problem = nameKey(levels.at(-1), last, bounds)
    if (number !== undefined && !isInLoose(levels, bounds)) problem = checkNumber(number)
    if (quoted !== undefined) {
      const string = readString(quoted, isInLoose(levels, bounds) ? bounds.maxLength : bounds.maxStringLength)
      problem = string.problem
      last = string.text
    }
    if (problem !== undefined) return problem
    end = match.index + all.length
  }
  return /^[\t\n\r ]*$/.test(text.slice(end)) ? undefined : 'is not JSON'
}

function open(levels: Level[], mark: string, bounds: JsonBounds): string | undefined {
  const isLoose = isInLoose(levels, bounds)
  levels.push({ keys: mark === '{' ? new Set() : undefined, isLoose, key: '' })
  return levels.length > (isLoose ? maxLooseDepth : bounds.maxDepth) ? 'is nested too deeply' : undefined
}

/** Tells whether what comes next is under a key that is loose. */
function isInLoose(levels: readonly Level[], { isLoose }: JsonBounds): boolean {
  const parent = levels.at(-1)
  return parent !== undefined && (parent.isLoose || isLoose?.(parent.key, levels.length) === true)
}

function nameKey(
  level: Level | undefined,
  key: string,
  { showKey = (name) => `the key ${quoteKey(name)}` }: JsonBounds,
): string | undefined {
  if (!level?.keys) return 'is not JSON'
  if (level.isLoose) {
    level.key = key
    return undefined
  }
  if (forbiddenKeys.has(key)) return `has a key ${quoteKey(key)}`
  if (level.keys.has(key)) return `has ${showKey(key)} twice in one object`
  level.keys.add(key)
  level.key = key
  return undefined
}

/** Shows a key in a message, where it can be shown. */
export function quoteKey(key: string): string {
  return /^[\x20-\x7e]{1,64}$/.test(key) ? JSON.stringify(key) : 'a value that cannot be shown'
}

/** A double holds whole numbers up to 2^53, and reads what is too small or too large as zero or infinity. */
function checkNumber(text: string): string | undefined {
  const number = Number(text)
  if (Number.isNaN(number)) return 'is not JSON'
  const isLost = number === 0 && /^[^eE]*[1-9]/.test(text)
  const isExact = Math.abs(number) <= Number.MAX_SAFE_INTEGER && !Object.is(number, -0) && !isLost
  return isExact ? undefined : 'has a number that cannot be held exactly'
}

function readString(
  quoted: string,
  maxLength = maxStringLength,
): { readonly text: string; readonly problem?: string | undefined } {
  const refuse = (problem: string) => ({ text: '', problem })
  // The longest escape takes six characters to write one.
  if (quoted.length > maxLength * 6 + 2) return refuse(`has a string of over ${maxLength} characters`)
  const text = unescape(quoted)
  if (text === undefined) return refuse('is not JSON')
  if (text.length > maxLength) return refuse(`has a string of over ${maxLength} characters`)
  if (maxLength > maxStringLength) return { text }
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
