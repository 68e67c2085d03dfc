import { describe, expect, test } from 'vitest'
import { memoize } from '../../src/lib/memo.js'

/** Remembers two short texts, and lists those that it was made to look at. */
function memo() {
  const looked: string[] = []
  const read = memoize(
    (text) => {
      looked.push(text)
      if (text === 'bad') throw new TypeError('bad')
      return { text }
    },
    { max: 2, maxLength: 4 },
  )
  return { read, looked }
}

describe('memoize', () => {
  test('answers the same value for the same text, and looks once', () => {
    const { read, looked } = memo()
    expect(read('a')).toBe(read('a'))
    expect(looked).toEqual(['a'])
  })

  test('forgets the oldest of too many texts', () => {
    const { read, looked } = memo()
    for (const text of ['a', 'b', 'c', 'b', 'a']) expect(read(text)).toEqual({ text })
    expect(looked).toEqual(['a', 'b', 'c', 'a'])
  })

  test('keeps neither a long text nor what was thrown', () => {
    const { read, looked } = memo()
    for (const text of ['longer', 'longer']) read(text)
    for (const text of ['bad', 'bad']) expect(() => read(text)).toThrow(TypeError)
    expect(looked).toEqual(['longer', 'longer', 'bad', 'bad'])
  })
})
