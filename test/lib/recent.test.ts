import { expect, test } from 'vitest'
import { createRecent, forgetOldest } from '../../src/lib/recent.js'

test('remembers so many values, and forgets the oldest', () => {
  const recent = createRecent<string>(2)
  for (const value of ['a', 'b', 'b', 'c']) recent.add(value)
  expect(['a', 'b', 'c', 'd'].map(recent.has)).toEqual([false, true, true, false])
})

test('forgets the oldest of a map only where there is more than so many', () => {
  const kept = new Map([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ])
  forgetOldest(kept, 3)
  expect([...kept.keys()]).toEqual(['a', 'b', 'c'])
  forgetOldest(kept, 2)
  expect([...kept.keys()]).toEqual(['b', 'c'])
})
