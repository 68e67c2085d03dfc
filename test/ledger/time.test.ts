import { describe, expect, test } from 'vitest'
import { hearTime, type LedgerTime } from '../../src/ledger/time.js'

const noon = Date.UTC(2026, 0, 1, 12)
const hour = 3_600_000
const base: LedgerTime = { now: noon, base: { run: 'unnamed', elapsed: 100_900, now: noon } }
const hear = (told: number, elapsed: number) =>
  hearTime(told, base, { run: 'unnamed', isUnnamed: true, elapsed: () => elapsed })

describe('the time of a machine whose runs have no names', () => {
  test('is the same run where another process has read a second less of it', () => {
    expect(hear(noon + hour, 100_000)).toMatchObject({ ok: false, aheadMs: hour })
    expect(hear(noon + 1000, 100_000)).toMatchObject({ ok: true })
  })

  test('is the same run, or another, from two seconds on', () => {
    expect(hear(noon + hour, 98_900)).toMatchObject({ ok: false })
    expect(hear(noon + hour, 98_899)).toMatchObject({ ok: true })
  })

  test('may be five minutes off, and no more', () => {
    expect(hear(noon + 300_000, 100_900)).toMatchObject({ ok: true })
    expect(hear(noon + 300_001, 100_900)).toMatchObject({ ok: false, aheadMs: 300_001 })
    expect(hear(noon - 300_000, 100_900)).toMatchObject({ ok: true, time: { now: noon } })
  })

  test('is another run where less has passed than can be so', () => {
    expect(hear(noon + hour, 10_000)).toMatchObject({ ok: true, time: { now: noon + hour } })
    expect(hear(noon - hour, 10_000)).toMatchObject({ ok: false, aheadMs: -hour })
  })
})
