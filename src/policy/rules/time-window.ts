import { ConfigurationError } from '../../errors.js'
import type { Rule } from '../../ports/policy.js'
import { withForm } from '../json/rule-json.js'
import { allow, createRule, deny, readList, readOptions } from './create-rule.js'

/** The days of the week, as they are written. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** A day of the week. */
export type Weekday = (typeof weekdays)[number]

/** Options of `timeWindow`. */
export type TimeWindowOptions = {
  /** The days on which it opens. @default every day */
  readonly days?: readonly Weekday[] | undefined
  /** When it opens, such as `09:00`. @default '00:00' */
  readonly from?: string | undefined
  /** When it closes, such as `17:00`; before `from`, it is of the next day. @default '24:00' */
  readonly to?: string | undefined
  /** @default 'UTC' */
  readonly timeZone?: string | undefined
}

/** What the clocks of a zone show: the weekday (from Monday, 0) and the minute of the day. */
type Clock = (instant: number) => { readonly day: number; readonly minute: number }

/** The first minute, the minute after the last, and the days it opens on. */
type Hours = { readonly opens: number; readonly closes: number; readonly days: ReadonlySet<number> }

const dayMinutes = 1440
const minuteMs = 60_000
const quarterMs = 15 * minuteMs
/** More than clocks are ever put forward or back, in minutes. */
const shift = 130

/**
 * Allows payments at certain hours of certain days, from the first minute up to the last, by what the clocks of a time
 * zone show: an hour that they skip never comes, and one that they repeat comes twice.
 *
 * @throws ConfigurationError when an option is not usable.
 */
export function timeWindow(options: TimeWindowOptions): Rule {
  const own = readOptions('timeWindow', options, ['days', 'from', 'to', 'timeZone'])
  const { from = '00:00', to = '24:00', timeZone = 'UTC' } = own
  const days = readDays(own.days ?? weekdays)
  const hours = { opens: readTime('from', from), closes: readTime('to', to), days: new Set(days) }
  if (hours.opens === hours.closes || hours.opens === dayMinutes) {
    throw new ConfigurationError(`Failed to read timeWindow: from ${from} to ${to} is no time`)
  }
  const clock = createClock(timeZone)
  const names = days.length === 7 ? '' : `${days.map((day) => weekdays[day]).join(', ')} `
  const rule = createRule('timeWindow', ({ now }) => {
    if (isOpen(hours, clock, now)) return allow
    const next = findOpening(hours, clock, now)
    const when = next === undefined ? '' : `; opens at ${new Date(next).toISOString().slice(0, 16)}Z`
    return deny(`payments are made ${names}from ${from} to ${to} ${timeZone}${when}`)
  })
  return withForm(rule, { days: days.flatMap((day) => weekdays[day] ?? []), from, to, timeZone })
}

function isOpen({ opens, closes, days }: Hours, clock: Clock, instant: number): boolean {
  const { day, minute } = clock(instant)
  if (opens < closes) return days.has(day) && minute >= opens && minute < closes
  return minute < closes ? days.has((day + 6) % 7) : days.has(day) && minute >= opens
}

/** Looks for the next minute at which it is open, one opening of the clock after another. */
function findOpening(hours: Hours, clock: Clock, now: number): number | undefined {
  let instant = Math.ceil(now / minuteMs) * minuteMs
  for (let openings = 0; openings < 15; openings += 1) {
    const wait = hours.opens - clock(instant).minute
    const next = instant + (wait > 0 ? wait : wait + dayMinutes) * minuteMs
    // Where clocks are changed on the way, it opens sooner or later, and may open once more right away.
    const isChanged = clock(next).minute !== hours.opens
    const around = isChanged ? [...minutes(instant, shift), ...minutes(next - shift * minuteMs, 2 * shift)] : [next]
    const found = [instant, ...around].find((one) => one >= instant && isOpen(hours, clock, one))
    if (found !== undefined) return found
    instant = isChanged ? next + shift * minuteMs : next
  }
  return undefined
}

function minutes(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + index * minuteMs)
}

function readDays(days: readonly Weekday[]): readonly number[] {
  const read = readList('days', days).map((day) => weekdays.indexOf(day))
  if (read.length === 0 || read.includes(-1)) {
    throw new ConfigurationError(`Failed to read days: expected some of ${weekdays.join(', ')}`)
  }
  return read
}

function readTime(option: string, time: string): number {
  const [, hours, minutes] = /^(\d\d):([0-5]\d)$/.exec(String(time)) ?? []
  const minute = Number(hours) * 60 + Number(minutes)
  if (minute <= dayMinutes) return minute
  throw new ConfigurationError(`Failed to read ${option}: ${String(time)} is not a time such as 09:00`)
}

/** Formatting is slow and clocks are only ever changed on the quarter of an hour, so each quarter is read once. */
function createClock(timeZone: string): Clock {
  const formatter = createFormatter(timeZone)
  const read = (instant: number): ReturnType<Clock> => {
    const parts = new Map(formatter.formatToParts(instant).map(({ type, value }) => [type, value]))
    const day = weekdays.findIndex((name) => name === parts.get('weekday')?.toLowerCase())
    return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) }
  }
  let last = { start: Number.NaN, day: 0, minute: 0 }
  return (instant) => {
    const start = Math.floor(instant / quarterMs) * quarterMs
    if (start !== last.start) last = { start, ...read(start) }
    return { day: last.day, minute: last.minute + Math.floor((instant - start) / minuteMs) }
  }
}

function createFormatter(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
  } catch (cause) {
    throw new ConfigurationError(`Failed to read timeZone: ${String(timeZone)} is not a known time zone`, { cause })
  }
}

/**
 * Reads the name of a time zone.
 *
 * @throws ConfigurationError when it is not known here.
 */
export function readTimeZone(timeZone: string): string {
  return createFormatter(timeZone).resolvedOptions().timeZone
}
