import { expect, test } from 'vitest'
import { findStale, patches } from '../scripts/known-bad/patches.ts'
import { invariants } from '../scripts/known-bad/known-bad.ts'

test('every known way to break a promise still finds what it breaks', () => {
  expect(findStale()).toEqual([])
  expect(new Set(patches.map(({ breaks }) => breaks)).size).toBe(patches.length)
})

test('every invariant has a known way to break it', () => {
  const broken = new Set(patches.map(({ invariant }) => invariant))
  expect(Object.keys(invariants).filter((name) => !broken.has(name as keyof typeof invariants))).toEqual([])
})
