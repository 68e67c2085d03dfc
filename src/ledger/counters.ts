import { askedOf } from '../money.js'
import type { Limit, Measure, Payment, PaymentId, PaymentStatus, Usage, Window } from '../types.js'
import { leavesAt, windowKey, windowStart } from './window.js'

/** What a counter adds up for one payment. */
type Entry = {
  readonly id: PaymentId
  /** Unix milliseconds. */
  readonly countsUntil: number
  readonly microUsd: bigint
  status: PaymentStatus
  removed: boolean
}

/** The running sum of a window: of all entries from `first` on. Windows only move forward, so none is added twice. */
type Meter = { first: number; microUsd: bigint; count: bigint }

type Counter = {
  readonly entries: Entry[]
  readonly meters: Map<string, Meter>
  /** Those whose outcome nobody has said: few, since limits on them are small. */
  readonly open: Set<Entry>
}

/** Sums of payments by scope and window, kept as payments come and go, so that a check costs the same at any size. */
export type Counters = {
  add(payment: Payment): void
  remove(payment: Payment): void
  /** Notes that a payment that counts on stands elsewhere now. */
  move(payment: Payment): void
  /** Answers how much is used and when it would fit, if the payment does not fit under the limit now. */
  refuse(limit: Limit, payment: Payment, now: number): { used: bigint; fitsAt?: number | undefined } | undefined
  usage(limit: Limit, now: number): Usage
}

/** Creates empty counters. */
export function createCounters(): Counters {
  const counters = new Map<string, Counter>()

  const counterOf = (scope: string): Counter => {
    const counter = counters.get(scope) ?? { entries: [], meters: new Map(), open: new Set() }
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
    move(payment) {
      for (const scope of payment.scopes) note(counterOf(scope), payment)
    },
    refuse(limit, payment, now) {
      if (!payment.scopes.includes(limit.scope)) throw new TypeError(`payment is not counted in ${limit.scope}`)
      const asked = askedOf(limit, payment)
      if (limit.window.type === 'payment') return asked > limit.max ? { used: 0n } : undefined
      const counted = count(counterOf(limit.scope), limit, now)
      return counted.used + asked > limit.max
        ? { used: counted.used, fitsAt: fitsAt(counted, limit, asked) }
        : undefined
    },
    usage(limit, now) {
      if (limit.window.type === 'payment') return { limit, used: 0n }
      const { used, entries } = count(counterOf(limit.scope), limit, now)
      const oldest = entries.find((entry) => !entry.removed)
      return { limit, used, freesAt: oldest && leavesAt(limit.window, oldest.countsUntil) }
    },
  }
}

/** How much is used, and the entries that make it up, in the order in which they leave. */
type Counted = { readonly used: bigint; readonly entries: readonly Entry[] }

function count(counter: Counter, { measure, window }: Limit, now: number): Counted {
  if (measure === 'open' || measure === 'unknown') {
    const start = windowStart(window, now)
    const entries = [...counter.open].filter((entry) => isMeasured(measure, entry) && entry.countsUntil > start)
    const sorted = entries.toSorted((one, other) => one.countsUntil - other.countsUntil)
    return { used: BigInt(entries.length), entries: sorted }
  }
  const meter = meterOf(counter, window, now)
  return { used: meter[measure], entries: rest(counter.entries, meter.first) }
}

function isMeasured(measure: Measure, { status }: Entry): boolean {
  return status === 'unknown' || (measure === 'open' && status === 'authorized')
}

/** A view on the end of a list that copies it only when it is walked. */
function rest(entries: readonly Entry[], first: number): readonly Entry[] {
  return first === 0 ? entries : entries.slice(first)
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
function insert(counter: Counter, { id, countsUntil, microUsd, status }: Payment): void {
  const entry: Entry = { id, countsUntil, microUsd, status, removed: false }
  const index = counter.entries.findLastIndex((other) => other.countsUntil <= entry.countsUntil) + 1
  counter.entries.splice(index, 0, entry)
  counter.open.add(entry)
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
  counter.open.delete(entry)
  for (const meter of counter.meters.values()) if (index >= meter.first) change(meter, entry, -1n)
}

function note(counter: Counter, { id, status }: Payment): void {
  for (const entry of counter.open) {
    if (entry.id !== id) continue
    entry.status = status
    if (status !== 'authorized' && status !== 'unknown') counter.open.delete(entry)
  }
}

/** Walks the entries in the order in which they leave, until what is left leaves room. */
function fitsAt({ used, entries }: Counted, limit: Limit, asked: bigint): number | undefined {
  if (asked > limit.max) return undefined
  let left = used
  for (const entry of entries) {
    if (entry.removed) continue
    left -= askedOf(limit, entry)
    if (left + asked <= limit.max) return leavesAt(limit.window, entry.countsUntil)
  }
  return undefined
}
