import { isEqual } from './equal.js'

/** Throws a sentence about what is broken, unless it holds. */
export function claim(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence)
}

/** Throws a sentence about what is broken, with both values, unless they are the same data. */
export function claimEqual(actual: unknown, expected: unknown, sentence: string): void {
  if (!isEqual(actual, expected)) throw new Error(`${sentence}: expected ${show(expected)}, got ${show(actual)}`)
}

/** Throws a sentence about what is broken, unless a promise rejects. */
export async function claimRejects(promise: Promise<unknown>, sentence: string): Promise<void> {
  const isRejected = await promise.then(
    () => false,
    () => true,
  )
  if (!isRejected) throw new Error(sentence)
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_name, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner))
  if (text === undefined) return String(value)
  return text.length > 600 ? `${text.slice(0, 600)}…` : text
}
