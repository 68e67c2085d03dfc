import { describe, expect, test } from 'vitest'
import { leavesAt, windowStart } from '../../src/ledger/window.js'
import type { Window } from '../../src/types.js'

const calendar = (period: 'day' | 'month', timeZone: string): Window => ({ type: 'calendar', period, timeZone })
const at = (iso: string): number => Date.parse(iso)
/** The first instant that a window holds. */
const opens = (window: Window, now: string): string => new Date(windowStart(window, at(now)) + 1).toISOString()
const closes = (window: Window, now: string): string => new Date(leavesAt(window, at(now)) ?? Number.NaN).toISOString()

describe('windows', () => {
  test('a calendar day is the real day of its zone: 23, 25, 24.5 or 23.5 hours', () => {
    const york = calendar('day', 'America/New_York')
    expect(opens(york, '2026-03-08T20:00:00Z')).toBe('2026-03-08T05:00:00.000Z')
    expect(closes(york, '2026-03-08T20:00:00Z')).toBe('2026-03-09T04:00:00.000Z')
    expect(opens(york, '2026-11-01T20:00:00Z')).toBe('2026-11-01T04:00:00.000Z')
    expect(closes(york, '2026-11-01T20:00:00Z')).toBe('2026-11-02T05:00:00.000Z')
    const howe = calendar('day', 'Australia/Lord_Howe')
    expect(at(closes(howe, '2026-04-04T20:00:00Z')) - at(opens(howe, '2026-04-04T20:00:00Z'))).toBe(24.5 * 3_600_000)
    expect(at(closes(howe, '2026-10-03T20:00:00Z')) - at(opens(howe, '2026-10-03T20:00:00Z'))).toBe(23.5 * 3_600_000)
  })

  test('a day that a zone skipped is no window, and the days around it touch', () => {
    const apia = calendar('day', 'Pacific/Apia')
    expect(closes(apia, '2011-12-30T05:00:00Z')).toBe(opens(apia, '2011-12-30T15:00:00Z'))
    expect(opens(apia, '2011-12-30T15:00:00Z')).toBe('2011-12-30T10:00:00.000Z')
  })

  test('a calendar month starts on its first and ends with its last day, from the 31st too', () => {
    const month = calendar('month', 'UTC')
    expect(opens(month, '2026-01-31T23:59:59.999Z')).toBe('2026-01-01T00:00:00.000Z')
    expect(closes(month, '2026-01-31T23:59:59.999Z')).toBe('2026-02-01T00:00:00.000Z')
    expect(opens(month, '2024-02-29T12:00:00Z')).toBe('2024-02-01T00:00:00.000Z')
    expect(opens(month, '2026-03-01T00:00:00.000Z')).toBe('2026-03-01T00:00:00.000Z')
  })

  test('a start never moves back as time goes on, hour by hour through a year', () => {
    for (const zone of ['America/New_York', 'Australia/Lord_Howe', 'America/Havana', 'Asia/Beirut', 'Africa/Cairo']) {
      for (const period of ['day', 'month'] as const) {
        let last = Number.NEGATIVE_INFINITY
        for (let now = at('2026-01-01T00:30:00Z'); now < at('2027-01-01T00:00:00Z'); now += 3 * 3_600_000) {
          const start = windowStart(calendar(period, zone), now)
          expect(start).toBeGreaterThanOrEqual(last)
          expect(start).toBeLessThan(now)
          last = start
        }
      }
    }
  })

  test('a rolling window is half-open', () => {
    const hour: Window = { type: 'rolling', seconds: 3600 }
    expect(windowStart(hour, 10_000_000)).toBe(6_400_000)
    expect(leavesAt(hour, 6_400_000)).toBe(10_000_000)
  })

  test('an unknown zone is refused by name', () => {
    expect(() => windowStart(calendar('day', 'Mars/Olympus'), 0)).toThrow(/timeZone.*Mars\/Olympus/)
  })
})
