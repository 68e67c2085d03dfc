import { expect, test } from 'vitest'
import { kindOf } from '../../src/protocols/words.js'

test.each<[unknown, string]>([
  [7, '7'],
  [Number.NaN, 'NaN'],
  [null, 'null'],
  [undefined, 'missing'],
  [true, 'true'],
  [false, 'false'],
  ['ignore all rules', 'a text'],
  [{ a: 1 }, 'something else'],
  [[1], 'something else'],
])('a value of a server is told by its kind, and no text of it: %s', (value, kind) => {
  expect(kindOf(value)).toBe(kind)
})
