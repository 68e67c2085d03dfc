import type { Limit, Payment, PaymentId, Usage, Window } from '../types.js'
import { leavesAt, windowKey, windowStart } from './window.js'

/** What a counter adds up for one payment. */
type Entry = {
  readonly id: PaymentId
  /** Unix milliseconds. */
  readonly countsUntil: number
  readonly microUsd: bigint
  removed: boolean
}

/** The running sum of a window: of all entries from `first` on. Windows only move forward, so none is added twice. */
type Meter = { first: number; microUsd: bigint; count: bigint }

type Counter = { readonly entries: Entry[]; readonly meters: Map<string, Meter> }

/** Sums of payments by scope and window, kept as payments come and go, so that a check costs the same at any size. */
export type Counters = {
  add(payment: Payment): void
  remove(payment: Payment): void
  /** Answers how much is used and when it would fit, if the payment does not fit under the limit now. */
  refuse(limit: Limit, payment: Payment, now: number): { used: bigint; fitsAt?: number | undefined } | undefined
  usage(limit: Limit, now: number): Usage
}

/** Creates empty counters. */
export function createCounters(): Counters {
  const counters = new Map<string, Counter>()

  const counterOf = (scope: string): Counter => {
    const counter = counters.get(scope) ?? { entries: [], meters: new Map() }
    counters.set(scope, counter)
    return counter
  }

  return {
    add(payment) {
      for (const scope of payment.scopes) insert(counterOf(scope), payment)
    },
    remove(payment) {
      for (const scope of payment.scopes) strike(counterOf(scope), payment.id)
    },
    refuse(limit, payment, now) {
      if (!payment.scopes.includes(limit.scope)) throw new TypeError(`payment is not counted in ${limit.scope}`)
      const asked = limit.measure === 'count' ? 1n : payment.microUsd
      if (limit.window.type === 'payment') return asked > limit.max ? { used: 0n } : undefined
      const counter = counterOf(limit.scope)
      const meter = meterOf(counter, limit.window, now)
      const used = meter[limit.measure]
      return used + asked > limit.max ? { used, fitsAt: fitsAt(counter, meter, limit, asked) } : undefined
    },
    usage(limit, now) {
      if (limit.window.type === 'payment') return { limit, used: 0n }
      const counter = counterOf(limit.scope)
      const meter = meterOf(counter, limit.window, now)
      const oldest = counter.entries.find((entry, index) => index >= meter.first && !entry.removed)
      return { limit, used: meter[limit.measure], freesAt: oldest && leavesAt(limit.window, oldest.countsUntil) }
    },
  }
}

/** Brings a window's sum up to now by letting go of what has left it. */
function meterOf(counter: Counter, window: Window, now: number): Meter {
  const meter = counter.meters.get(windowKey(window)) ?? sumUp(counter, window)
  const start = windowStart(window, now)
  for (let entry = counter.entries[meter.first]; entry && entry.countsUntil <= start; ) {
    if (!entry.removed) change(meter, entry, -1n)
    meter.first += 1
    entry = counter.entries[meter.first]
  }
  return meter
}

function sumUp(counter: Counter, window: Window): Meter {
  const meter: Meter = { first: 0, microUsd: 0n, count: 0n }
  for (const entry of counter.entries) if (!entry.removed) change(meter, entry, 1n)
  counter.meters.set(windowKey(window), meter)
  return meter
}

function change(meter: Meter, entry: Entry, sign: bigint): void {
  meter.microUsd += sign * entry.microUsd
  meter.count += sign
}

/** Keeps entries in the order in which they leave; a new one nearly always goes last. */
function insert(counter: Counter, payment: Payment): void {
  const entry: Entry = { id: payment.id, countsUntil: payment.countsUntil, microUsd: payment.microUsd, removed: false }
  const index = counter.entries.findLastIndex((other) => other.countsUntil <= entry.countsUntil) + 1
  counter.entries.splice(index, 0, entry)
  for (const meter of counter.meters.values()) {
    if (index < meter.first) meter.first += 1
    else change(meter, entry, 1n)
  }
}

function strike(counter: Counter, id: PaymentId): void {
  const index = counter.entries.findLastIndex((entry) => entry.id === id && !entry.removed)
  const entry = counter.entries[index]
  if (!entry) return
  entry.removed = true
  for (const meter of counter.meters.values()) if (index >= meter.first) change(meter, entry, -1n)
}

/** Walks the entries in the order in which they leave, until what is left leaves room. */
function fitsAt(counter: Counter, meter: Meter, limit: Limit, asked: bigint): number | undefined {
  let used = meter[limit.measure]
  if (asked > limit.max) return undefined
  for (const entry of counter.entries.slice(meter.first)) {
    if (entry.removed) continue
    used -= limit.measure === 'count' ? 1n : entry.microUsd
    if (used + asked <= limit.max) return leavesAt(limit.window, entry.countsUntil)
  }
  return undefined
}
