import { describe, expect, test } from 'vitest'
import type { Pin } from '../../src/index.js'
import { agreesWithPin } from '../../src/ledger/pins.js'

const pin: Pin = { name: 'price', key: 'price:x', value: '110', onDiffer: 'deny' }

describe('what is remembered of an earlier payment', () => {
  test.each<[string, Partial<Pin>, string, boolean]>([
    ['the same', { value: '100' }, '100', true],
    ['other words', { value: 'a' }, 'b', false],
    ['a higher number, and none may rise', {}, '100', false],
    ['a number that has risen as far as it may', { maxRisePercent: 10 }, '100', true],
    ['one that has risen further', { value: '111', maxRisePercent: 10 }, '100', false],
    ['a lower one', { value: '1', maxRisePercent: 10 }, '100', true],
    ['no number now', { value: 'much', maxRisePercent: 10 }, '100', false],
    ['no number then', { maxRisePercent: 10 }, 'much', false],
    ['the same, where it may rise by no whole percent', { value: '100', maxRisePercent: 0.5 }, '100', false],
    ['a number beside none', { value: '1', maxRisePercent: 1000 }, '', false],
  ])('is %s', (_what, different, remembered, agrees) => {
    expect(agreesWithPin({ ...pin, ...different }, remembered)).toBe(agrees)
  })
})
