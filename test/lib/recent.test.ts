import { expect, test } from 'vitest'
import { createRecent } from '../../src/lib/recent.js'

test('remembers so many values, and forgets the oldest', () => {
  const recent = createRecent<string>(2)
  for (const value of ['a', 'b', 'b', 'c']) recent.add(value)
  expect(['a', 'b', 'c', 'd'].map(recent.has)).toEqual([false, true, true, false])
})
