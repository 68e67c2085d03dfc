import { askedOf } from '../money.js'
import type { Limit, Payment, PaymentId, Usage, Window } from '../types.js'
import { createEntryList, type Entry, type EntryList, minus, plus, type Sum } from './entry-list.js'
import type { LedgerTables } from './reserve.js'
import { shareOf } from './share.js'
import { leavesAt, windowKey, windowStart } from './window.js'

/** The running sum of a window: of what counts until after `start`. Windows only move forward. */
type Meter = { start: number; sum: Sum }

/** What of a payment is added where. */
type Counted = { readonly entry: Entry; readonly counters: readonly Counter[] }

type Counter = {
  readonly entries: EntryList
  readonly meters: Map<string, Meter>
  /** What is left of payments that were let go of, by the end of the hour in which they ceased to be under way. */
  readonly past: Map<number, Entry>
}

/** Sums of payments by scope and window, kept as payments come and go, so that a check costs the same at any size. */
export type Counters = LedgerTables['meters'] & {
  /** Adds up a window as it is at an instant; to ask moves no window on. */
  readonly usage: (limit: Limit, at: number) => Usage
  /** Lets all windows be added up anew, also such as begin earlier. */
  readonly forget: () => void
  /** Tells whether a payment has left every window that was ever asked for, but those that nothing leaves. */
  readonly hasLeft: (payment: Payment, now: number) => boolean
  /**
   * Keeps of a payment what it adds to the sums, together with others of its hour: it counts on in windows that never end,
   * and up to an hour longer in others that nobody has asked for yet.
   */
  readonly letGo: (payment: Payment) => void
}

const hourMs = 3_600_000

/** Creates empty counters. */
export function createCounters(): Counters {
  const counters = new Map<string, Counter>()
  const counted = new Map<PaymentId, Counted>()
  const windows = new Map<string, Window>()

  const counterOf = (scope: string): Counter => {
    const known = counters.get(scope)
    if (known) return known
    const counter = { entries: createEntryList(), meters: new Map<string, Meter>(), past: new Map<number, Entry>() }
    counters.set(scope, counter)
    return counter
  }
  const meterOf = (counter: Counter, window: Window): Meter => {
    const key = windowKey(window)
    const known = counter.meters.get(key)
    if (known) return known
    const start = Number.NEGATIVE_INFINITY
    const meter = { start, sum: counter.entries.between(start, Number.POSITIVE_INFINITY) }
    counter.meters.set(key, meter)
    if (window.type !== 'lifetime') windows.set(key, window)
    return meter
  }
  const add = (payment: Payment): void => {
    const entry = { countsUntil: payment.countsUntil, share: shareOf(payment) }
    const scopes = payment.scopes.filter((scope, index, all) => all.indexOf(scope) === index)
    const own = { entry, counters: scopes.map(counterOf) }
    for (const counter of own.counters) insert(counter, entry)
    counted.set(payment.id, own)
  }
  const remove = ({ id }: Payment): void => {
    const own = counted.get(id)
    for (const counter of own?.counters ?? []) strike(counter, own?.entry)
    counted.delete(id)
  }

  return {
    add,
    remove,
    move: (_before, after) => {
      const own = counted.get(after.id)
      if (own === undefined || isEqual(own.entry.share, shareOf(after))) return
      remove(after)
      add(after)
    },
    refuse: (limit, payment, now) => {
      if (!payment.scopes.includes(limit.scope)) throw new TypeError(`payment is not counted in ${limit.scope}`)
      const asked = askedOf(limit, payment)
      if (limit.window.type === 'payment') return asked > limit.max ? { used: 0n } : undefined
      const counter = counterOf(limit.scope)
      const meter = moveOn(counter, meterOf(counter, limit.window), windowStart(limit.window, now))
      const used = meter.sum[limit.measure]
      if (used + asked <= limit.max) return undefined
      return { used, fitsAt: asked > limit.max ? undefined : fitsAt(counter, meter, limit, used + asked - limit.max) }
    },
    usage: (limit, now) => {
      if (limit.window.type === 'payment') return { limit, used: 0n }
      const counter = counterOf(limit.scope)
      const meter = moveOn(counter, { ...meterOf(counter, limit.window) }, windowStart(limit.window, now))
      return { limit, used: meter.sum[limit.measure], freesAt: fitsAt(counter, meter, limit, 1n) }
    },
    forget: () => {
      for (const counter of counters.values()) counter.meters.clear()
    },
    hasLeft: ({ countsUntil }, now) => {
      const until = endOfHour(countsUntil)
      return until <= now && [...windows.values()].every((window) => until <= windowStart(window, now))
    },
    letGo: ({ id }) => {
      const own = counted.get(id)
      if (own === undefined) return
      const countsUntil = endOfHour(own.entry.countsUntil)
      for (const counter of own.counters) {
        const past = counter.past.get(countsUntil)
        strike(counter, own.entry)
        strike(counter, past)
        const both = { countsUntil, share: past ? plus(past.share, own.entry.share) : own.entry.share }
        counter.past.set(countsUntil, both)
        insert(counter, both)
      }
      counted.delete(id)
    },
  }
}

function endOfHour(instant: number): number {
  return Math.ceil(instant / hourMs) * hourMs
}

function isEqual(one: Sum, other: Sum): boolean {
  return one.microUsd === other.microUsd && one.open === other.open && one.unknown === other.unknown
}

function insert({ entries, meters }: Counter, entry: Entry): void {
  entries.add(entry)
  for (const meter of meters.values()) {
    if (entry.countsUntil > meter.start) meter.sum = plus(meter.sum, entry.share)
  }
}

function strike({ entries, meters }: Counter, entry: Entry | undefined): void {
  if (entry === undefined) return
  entries.remove(entry)
  for (const meter of meters.values()) {
    if (entry.countsUntil > meter.start) meter.sum = minus(meter.sum, entry.share)
  }
}

/** Brings a window's sum up to its start by letting go of what has left it. */
function moveOn({ entries }: Counter, meter: Meter, start: number): Meter {
  if (start <= meter.start) return meter
  meter.sum = minus(meter.sum, entries.between(meter.start, start))
  meter.start = start
  return meter
}

function fitsAt(
  { entries }: Counter,
  { start }: Meter,
  { measure, window }: Limit,
  excess: bigint,
): number | undefined {
  if (window.type === 'lifetime') return undefined
  const countsUntil = entries.leaving(start, measure, excess)
  return countsUntil === undefined ? undefined : leavesAt(window, countsUntil)
}
