import { ConfigurationError } from '../errors.js'
import type { Window } from '../types.js'

/** Names a window, so that sums over equal windows are kept once. */
export function windowKey(window: Window): string {
  if (window.type === 'rolling') return `rolling/${window.seconds}`
  if (window.type === 'calendar') return `${window.period}/${window.timeZone}`
  return window.type
}

/**
 * Answers where a window starts at an instant: what counts until after it is in the window. In Unix milliseconds;
 * it never moves back as time goes on.
 */
export function windowStart(window: Window, now: number): number {
  if (window.type === 'rolling') return now - window.seconds * 1000
  // A calendar period holds its own first instant.
  if (window.type === 'calendar') return spanOf(window, now).start - 1
  return Number.NEGATIVE_INFINITY
}

/** Answers when what counts until an instant has left a window, or `undefined` where it never does. */
export function leavesAt(window: Window, instant: number): number | undefined {
  if (window.type === 'rolling') return instant + window.seconds * 1000
  return window.type === 'calendar' ? spanOf(window, instant).end : undefined
}

type Calendar = Extract<Window, { type: 'calendar' }>

const dayMs = 86_400_000
const formatters = new Map<string, Intl.DateTimeFormat>()

/** Formats dates of a zone as 2026-03-08; a zone is looked up once, since that is slow. */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known) return known
  const formatter = createFormatter(timeZone)
  formatters.set(timeZone, formatter)
  return formatter
}

function createFormatter(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-CA', {
      timeZone,
      calendar: 'iso8601',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    })
  } catch (cause) {
    throw new ConfigurationError(`Failed to read timeZone: ${JSON.stringify(timeZone)} is not a known time zone`, {
      cause,
    })
  }
}

/** Names the period that an instant lies in, such as 2026-03-08 or 2026-03: later periods have greater names. */
function periodOf({ period, timeZone }: Calendar, instant: number): string {
  return formatterOf(timeZone)
    .format(instant)
    .slice(0, period === 'day' ? 10 : 7)
}

type Span = { readonly start: number; readonly end: number }

/** The period of each zone that was looked at last: most payments lie in the same. */
const spans = new Map<string, Span>()

function spanOf(window: Calendar, instant: number): Span {
  const key = windowKey(window)
  const known = spans.get(key)
  if (known && instant >= known.start && instant < known.end) return known
  const span = { start: periodStart(window, instant), end: periodEnd(window, instant) }
  spans.set(key, span)
  return span
}

/** Finds a period's first instant by halving: days have 23, 24, 24.5 or 25 hours, and some do not begin at midnight. */
function periodStart(window: Calendar, now: number): number {
  const period = periodOf(window, now)
  const before = now - (window.period === 'day' ? 2 : 33) * dayMs
  return firstInstant(before, now, (instant) => periodOf(window, instant) >= period)
}

function periodEnd(window: Calendar, now: number): number {
  const period = periodOf(window, now)
  const after = now + (window.period === 'day' ? 3 : 33) * dayMs
  return firstInstant(now, after, (instant) => periodOf(window, instant) > period)
}

/** The first millisecond after `low` and up to `high` from which on a test holds, which it does at `high`. */
function firstInstant(low: number, high: number, holds: (instant: number) => boolean): number {
  let [after, upTo] = [Math.floor(low), Math.floor(high)]
  while (upTo - after > 1) {
    const middle = Math.floor((after + upTo) / 2)
    if (holds(middle)) upTo = middle
    else after = middle
  }
  return upTo
}
