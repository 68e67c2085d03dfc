import { ConfigurationError } from '../errors.js'
import type { Rule } from './engine.js'
import { checkKeys, createRule } from './rule.js'

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** A day of the week. */
export type Weekday = (typeof weekdays)[number]

/** Options of `timeWindow`. */
export type TimeWindowOptions = {
  /** @default every day */
  readonly days?: readonly Weekday[] | undefined
  /** When it opens, such as `09:00`. @default '00:00' */
  readonly from?: string | undefined
  /** When it closes, such as `17:00`; before `from`, it is of the next day. @default '24:00' */
  readonly to?: string | undefined
  /** @default 'UTC' */
  readonly timeZone?: string | undefined
}

/**
 * Allows payments at certain hours of certain days, by the clock of a time zone.
 *
 * @throws ConfigurationError when an option is not usable.
 */
export function timeWindow(options: TimeWindowOptions): Rule {
  checkKeys('timeWindow', options, ['days', 'from', 'to', 'timeZone'])
  const { days = weekdays, from = '00:00', to = '24:00', timeZone = 'UTC' } = options
  const wrong = days.find((day) => !weekdays.includes(day))
  if (wrong !== undefined)
    throw new ConfigurationError(`Failed to read days: ${wrong} is not one of ${weekdays.join(', ')}`)
  const [opens, closes] = [readTime('from', from), readTime('to', to)]
  const clock = createClock(timeZone)
  const isOpen = (now: number): boolean => {
    const { day, minute } = clock(now)
    const isDay = (index: number): boolean => days.includes(weekdays[(index + 7) % 7] ?? 'mon')
    if (opens < closes) return isDay(day) && minute >= opens && minute < closes
    return (isDay(day) && minute >= opens) || (isDay(day - 1) && minute < closes)
  }
  const words = `${days.join(', ')} from ${from} to ${to} ${timeZone}`
  return createRule('timeWindow', ({ now }) =>
    isOpen(now) ? { type: 'allow' } : { type: 'deny', reason: `payments are made ${words} only` },
  )
}

function readTime(option: string, time: string): number {
  const [, hours, minutes] = /^(\d\d):(\d\d)$/.exec(time) ?? []
  const minute = Number(hours) * 60 + Number(minutes)
  if (minute <= 1440 && Number(minutes) < 60) return minute
  throw new ConfigurationError(`Failed to read ${option}: ${time} is not a time such as 09:00`)
}

/** Reads the weekday (from Monday, 0) and the minute of the day that a zone's clocks show. */
function createClock(timeZone: string): (now: number) => { readonly day: number; readonly minute: number } {
  const formatter = createFormatter(timeZone)
  return (now) => {
    const parts = new Map(formatter.formatToParts(now).map(({ type, value }) => [type, value]))
    const day = weekdays.findIndex((name) => name === parts.get('weekday')?.toLowerCase())
    return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) }
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
    throw new ConfigurationError(`Failed to read timeZone: ${timeZone} is not a known time zone`, { cause })
  }
}
