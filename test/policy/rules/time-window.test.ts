import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigurationError, timeWindow, type TimeWindowOptions, type Weekday } from '../../../src/index.js'
import { createRequest } from '../../support/offers.ts'

const minute = 60_000

/** Answers `allow`, or the words of the deny, at an instant such as 2026-03-08T13:00Z. */
function judgeAt(options: TimeWindowOptions, at: string | number): string {
  const decision = timeWindow(options).judge(createRequest(undefined, { now: new Date(at).getTime() }))
  return decision.type === 'deny' ? decision.reason : decision.type
}

/** Lists the minutes of a stretch at which it is open, as 13:05. */
function openMinutes(options: TimeWindowOptions, from: string, hours: number): readonly string[] {
  const rule = timeWindow(options)
  const start = Date.parse(from)
  return Array.from({ length: hours * 60 }, (_, index) => start + index * minute)
    .filter((now) => rule.judge(createRequest(undefined, { now })).type === 'allow')
    .map((now) => new Date(now).toISOString().slice(11, 16))
}

/** The first minute, the last, and how many. */
function span(minutes: readonly string[]): readonly [string | undefined, string | undefined, number] {
  return [minutes[0], minutes.at(-1), minutes.length]
}

describe('timeWindow', () => {
  test('is open from its first instant until just before its last', () => {
    const hours = { from: '09:00', to: '17:00' }
    expect(judgeAt(hours, '2026-01-01T08:59:59.999Z')).not.toBe('allow')
    expect(judgeAt(hours, '2026-01-01T09:00:00.000Z')).toBe('allow')
    expect(judgeAt(hours, '2026-01-01T16:59:59.999Z')).toBe('allow')
    expect(judgeAt(hours, '2026-01-01T17:00:00.000Z')).not.toBe('allow')
  })

  test('goes by the clocks of its zone, UTC unless it says another', () => {
    const hours = { from: '09:00', to: '17:00' }
    expect(span(openMinutes(hours, '2026-07-01T00:00Z', 24))).toEqual(['09:00', '16:59', 480])
    const berlin = { ...hours, timeZone: 'Europe/Berlin' }
    expect(span(openMinutes(berlin, '2026-07-01T00:00Z', 24))).toEqual(['07:00', '14:59', 480])
    expect(span(openMinutes(berlin, '2026-01-01T00:00Z', 24))).toEqual(['08:00', '15:59', 480])
  })

  test('is open on its days only, by the calendar of its zone', () => {
    const monday = { days: ['mon'], from: '00:00', to: '24:00' } as const
    expect(openMinutes(monday, '2026-03-01T00:00Z', 24)).toHaveLength(0)
    expect(openMinutes(monday, '2026-03-02T00:00Z', 24)).toHaveLength(1440)
    const auckland = { ...monday, timeZone: 'Pacific/Auckland' }
    expect(span(openMinutes(auckland, '2026-03-01T00:00Z', 24))).toEqual(['11:00', '23:59', 780])
  })

  test('has all day, every day, where it says no hours and no days', () => {
    expect(openMinutes({ days: ['sat', 'sun'] }, '2026-02-27T00:00Z', 96)).toHaveLength(2880)
    expect(openMinutes({}, '2026-02-27T00:00Z', 24)).toHaveLength(1440)
  })

  test('crosses midnight, and its days are those on which it opens', () => {
    const night = { days: ['fri'], from: '22:00', to: '06:00' } as const
    expect(span(openMinutes(night, '2026-03-06T00:00Z', 24))).toEqual(['22:00', '23:59', 120])
    expect(span(openMinutes(night, '2026-03-07T00:00Z', 24))).toEqual(['00:00', '05:59', 360])
    expect(openMinutes(night, '2026-03-08T00:00Z', 24)).toHaveLength(0)
    const sunday = { days: ['sun'], from: '23:59', to: '00:01' } as const
    expect(openMinutes(sunday, '2026-03-08T23:00Z', 2)).toEqual(['23:59', '00:00'])
  })

  test('keeps its hours when New York puts its clocks forward, and a skipped hour never comes', () => {
    const zone = { timeZone: 'America/New_York' }
    const day = { ...zone, from: '09:00', to: '17:00' }
    expect(span(openMinutes(day, '2026-03-07T05:00Z', 24))).toEqual(['14:00', '21:59', 480])
    expect(span(openMinutes(day, '2026-03-08T05:00Z', 23))).toEqual(['13:00', '20:59', 480])
    expect(openMinutes({ ...zone, from: '02:00', to: '03:00' }, '2026-03-08T05:00Z', 23)).toEqual([])
    expect(span(openMinutes({ ...zone, from: '01:00', to: '04:00' }, '2026-03-08T05:00Z', 23))).toEqual([
      '06:00',
      '07:59',
      120,
    ])
    expect(openMinutes({ ...zone, days: ['sun'] }, '2026-03-07T05:00Z', 72)).toHaveLength(23 * 60)
  })

  test('keeps its hours when New York puts its clocks back, and a repeated hour comes twice', () => {
    const zone = { timeZone: 'America/New_York' }
    expect(span(openMinutes({ ...zone, from: '09:00', to: '17:00' }, '2026-11-01T04:00Z', 25))).toEqual([
      '14:00',
      '21:59',
      480,
    ])
    expect(span(openMinutes({ ...zone, from: '01:00', to: '02:00' }, '2026-11-01T04:00Z', 25))).toEqual([
      '05:00',
      '06:59',
      120,
    ])
    expect(openMinutes({ ...zone, days: ['sun'] }, '2026-10-31T04:00Z', 72)).toHaveLength(25 * 60)
  })

  test('keeps its hours when Lord Howe puts its clocks by half an hour', () => {
    const zone = { timeZone: 'Australia/Lord_Howe' }
    const days = { ...zone, days: ['sun'] } as const
    expect(openMinutes(days, '2026-10-02T13:00Z', 72)).toHaveLength(23.5 * 60)
    expect(openMinutes(days, '2026-04-03T13:00Z', 72)).toHaveLength(24.5 * 60)
    expect(openMinutes({ ...zone, from: '02:00', to: '02:30' }, '2026-10-03T13:30Z', 23)).toEqual([])
    expect(openMinutes({ ...zone, from: '01:30', to: '02:00' }, '2026-04-04T13:00Z', 24)).toHaveLength(60)
  })

  test('says when it opens', () => {
    const berlin = { days: ['mon', 'tue'], from: '09:00', to: '17:00', timeZone: 'Europe/Berlin' } as const
    const words = 'payments are made mon, tue from 09:00 to 17:00 Europe/Berlin; opens at'
    expect(judgeAt(berlin, '2026-03-04T12:00Z')).toBe(`${words} 2026-03-09T08:00Z`)
    expect(judgeAt(berlin, '2026-03-09T07:59:30Z')).toBe(`${words} 2026-03-09T08:00Z`)
    expect(judgeAt(berlin, '2026-03-28T12:00Z')).toBe(`${words} 2026-03-30T07:00Z`)
    const night = { from: '22:00', to: '06:00' }
    expect(judgeAt(night, '2026-03-04T12:00Z')).toBe(
      'payments are made from 22:00 to 06:00 UTC; opens at 2026-03-04T22:00Z',
    )
  })

  test('says when it opens after a skipped opening, and in a repeated hour', () => {
    const york = { from: '02:00', to: '02:30', timeZone: 'America/New_York' }
    expect(judgeAt(york, '2026-03-08T06:00Z')).toContain('opens at 2026-03-09T06:00Z')
    expect(judgeAt({ ...york, to: '05:00' }, '2026-03-08T06:00Z')).toContain('opens at 2026-03-08T07:00Z')
    expect(judgeAt({ ...york, from: '01:00', to: '01:30' }, '2026-11-01T05:45Z')).toContain(
      'opens at 2026-11-01T06:00Z',
    )
  })

  test('names the first minute that there is of hours whose opening is skipped', () => {
    const berlin = { from: '02:30', to: '04:00', timeZone: 'Europe/Berlin' }
    expect(judgeAt(berlin, '2026-03-28T12:00Z')).toContain('opens at 2026-03-29T01:00Z')
  })

  test('never names a time that has passed', () => {
    const york = { from: '02:30', to: '00:45', timeZone: 'America/New_York' }
    expect(judgeAt(york, '2026-11-01T04:50Z')).toContain('opens at 2026-11-01T07:30Z')
  })

  test('is closed until the minute it names, and open then, in any zone', () => {
    const time = fc
      .tuple(fc.nat(23), fc.nat(59))
      .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'))
    const options = fc.record({
      days: fc.uniqueArray(fc.constantFrom<Weekday>('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'), { minLength: 1 }),
      from: time,
      to: time,
      timeZone: fc.constantFrom(
        'UTC',
        'America/New_York',
        'Australia/Lord_Howe',
        'Asia/Kathmandu',
        'Africa/Casablanca',
      ),
    })
    const around = fc.constantFrom('2026-03-06', '2026-10-30', '2026-04-03', '2026-10-02', '2026-02-15', '2026-06-01')
    fc.assert(
      fc.property(options, around, fc.nat(4 * 1440), (hours, start, minutes) => {
        fc.pre(hours.from !== hours.to)
        const rule = timeWindow(hours)
        const isOpen = (now: number) => rule.judge(createRequest(undefined, { now })).type === 'allow'
        const now = Date.parse(start) + minutes * minute
        const named = /opens at (.*)$/.exec(judgeAt(hours, now))?.[1]
        expect(isOpen(now)).toBe(named === undefined)
        if (named === undefined) return
        expect(isOpen(Date.parse(named))).toBe(true)
        const between = fc.sample(fc.integer({ min: now, max: Date.parse(named) - 1 }), 50)
        expect([...between, Date.parse(named) - 1].filter(isOpen)).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  test('does not see its days change', () => {
    const days: Weekday[] = ['mon']
    const rule = timeWindow({ days })
    days.push('tue', 'wed', 'thu', 'fri', 'sat', 'sun')
    expect(rule.judge(createRequest(undefined, { now: Date.parse('2026-03-03T12:00Z') })).type).toBe('deny')
  })

  test.each<[string, unknown, RegExp]>([
    ['no options', undefined, /timeWindow/],
    ['an option it does not have', { start: '09:00' }, /no option start/],
    ['an hour that is none', { from: '25:00' }, /from: 25:00/],
    ['a minute that is none', { to: '17:60' }, /to: 17:60/],
    ['a minute after midnight of 24', { to: '24:01' }, /to: 24:01/],
    ['an hour of one digit', { from: '9:00' }, /from: 9:00/],
    ['seconds', { from: '09:00:00' }, /from/],
    ['a number', { from: 9 }, /from: 9/],
    ['no time at all', { from: '09:00', to: '09:00' }, /no time/],
    ['an opening at 24:00', { from: '24:00', to: '06:00' }, /no time/],
    ['no days', { days: [] }, /days/],
    ['a day that is none', { days: ['mon', 'monday'] }, /days/],
    ['a day in capitals', { days: ['Mon'] }, /days/],
    ['days as a string', { days: 'mon' }, /days/],
    ['a zone that is none', { timeZone: 'Mars/Olympus' }, /Mars\/Olympus is not a known time zone/],
    ['an empty zone', { timeZone: '' }, /timeZone/],
    ['a zone that is null', { timeZone: null }, /timeZone/],
  ])('refuses %s', (_what, options, message) => {
    const create = () => timeWindow(options as TimeWindowOptions)
    expect(create).toThrow(ConfigurationError)
    expect(create).toThrow(message)
  })
})
