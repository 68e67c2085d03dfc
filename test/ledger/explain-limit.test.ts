import { describe, expect, test } from 'vitest'
import { explainLimit } from '../../src/ledger/explain-limit.js'
import type { Limit } from '../../src/index.js'

const daily: Limit = {
  name: 'daily limit',
  scope: 'wallet',
  window: { type: 'rolling', seconds: 86_400 },
  measure: 'microUsd',
  max: 200_000_000n,
}
const fitsAt = Date.parse('2026-01-01T14:05:59.999Z')

describe('what a limit says when it is reached', () => {
  test('names it, what is spent, what was asked, and when it fits again', () => {
    expect(explainLimit({ limit: daily, used: 199_600_000n, asked: 1_000_000n, fitsAt })).toMatch(
      /^daily limit of \$200\.00: \$199\.60 spent, \$1\.00 asked; fits again at 2026-01-01T14:0[56]Z$/,
    )
  })

  test('names no time where time does not free it', () => {
    const limit: Limit = { ...daily, name: 'total limit', window: { type: 'lifetime' } }
    expect(explainLimit({ limit, used: 200_000_000n, asked: 1n })).toBe(
      'total limit of $200.00: $200.00 spent, $0.000001 asked',
    )
  })

  test('says nothing of what is spent where it is about a single payment', () => {
    const limit: Limit = { ...daily, name: 'built-in per-payment limit', window: { type: 'payment' }, max: 1_000_000n }
    expect(explainLimit({ limit, used: 0n, asked: 1_000_001n })).toBe(
      'built-in per-payment limit of $1.00: $1.000001 asked',
    )
  })

  test('counts payments in numbers, not in dollars', () => {
    const limit: Limit = { ...daily, name: 'limit on payments per hour', measure: 'count', max: 3n }
    expect(explainLimit({ limit, used: 3n, asked: 1n })).toBe('limit on payments per hour of 3: 3 made, 1 asked')
  })

  test('names a limit on a host with its host', () => {
    const limit: Limit = { ...daily, name: 'hourly limit for api.example.com', max: 0n }
    expect(explainLimit({ limit, used: 0n, asked: 10_000n })).toBe(
      'hourly limit for api.example.com of $0.00: $0.00 spent, $0.01 asked',
    )
  })
})
