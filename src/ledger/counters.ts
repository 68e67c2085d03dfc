import { askedOf } from '../money.js'
import type { Limit, Measure, Payment, PaymentId, Usage, Window } from '../types.js'
import { shareOf } from './share.js'
import { leavesAt, windowKey, windowStart } from './window.js'

/** What a counter adds up for one payment. */
type Entry = {
  readonly id: PaymentId
  /** Unix milliseconds. */
  readonly countsUntil: number
  readonly microUsd: bigint
  share: Sum
  removed: boolean
}

type Sum = Readonly<Record<Measure, bigint>>

/**
 * The running sum of a window: of all entries from `first` on, which count until after `start`. Windows only move
 * forward, so none is added twice.
 */
type Meter = { first: number; start: number; sum: Sum }

type Counter = {
  /** In the order in which they leave. */
  readonly entries: Entry[]
  readonly live: Map<PaymentId, Entry>
  /** Those whose outcome nobody has said: few, where a limit is on them. */
  readonly open: Set<Entry>
  readonly meters: Map<string, Meter>
}

/** Sums of payments by scope and window, kept as payments come and go, so that a check costs the same at any size. */
export type Counters = {
  add(payment: Payment): void
  remove(payment: Payment): void
  /** Notes that a payment that counts on stands elsewhere now. */
  move(payment: Payment): void
  /** Answers how much is used and when it would fit, if the payment does not fit under the limit now. */
  refuse(limit: Limit, payment: Payment, now: number): { used: bigint; fitsAt?: number | undefined } | undefined
  /** Adds up a window as it is at an instant; to ask moves no window on. */
  usage(limit: Limit, at: number): Usage
  /** Lets all windows be added up anew, also such as begin earlier. */
  forget(): void
}

/** Creates empty counters. */
export function createCounters(): Counters {
  const counters = new Map<string, Counter>()

  const counterOf = (scope: string): Counter => {
    const counter = counters.get(scope) ?? { entries: [], live: new Map(), open: new Set(), meters: new Map() }
    counters.set(scope, counter)
    return counter
  }

  return {
    add(payment) {
      for (const scope of new Set(payment.scopes)) insert(counterOf(scope), payment)
    },
    remove(payment) {
      for (const scope of new Set(payment.scopes)) strike(counterOf(scope), payment.id)
    },
    move(payment) {
      for (const scope of new Set(payment.scopes)) note(counterOf(scope), payment)
    },
    refuse(limit, payment, now) {
      if (!payment.scopes.includes(limit.scope)) throw new TypeError(`payment is not counted in ${limit.scope}`)
      const asked = askedOf(limit, payment)
      if (limit.window.type === 'payment') return asked > limit.max ? { used: 0n } : undefined
      const counter = counterOf(limit.scope)
      const meter = meterOf(counter, limit.window, now)
      const used = meter.sum[limit.measure]
      if (used + asked <= limit.max) return undefined
      return { used, fitsAt: asked > limit.max ? undefined : fitsAt(counter, meter, limit, used + asked - limit.max) }
    },
    usage(limit, now) {
      if (limit.window.type === 'payment') return { limit, used: 0n }
      const counter = counterOf(limit.scope)
      const meter = moveOn(counter, { ...keptMeter(counter, limit.window) }, windowStart(limit.window, now))
      return { limit, used: meter.sum[limit.measure], freesAt: fitsAt(counter, meter, limit, 1n) }
    },
    forget() {
      for (const counter of counters.values()) counter.meters.clear()
    },
  }
}

/** Brings a window's sum up to now by letting go of what has left it. */
function meterOf(counter: Counter, window: Window, now: number): Meter {
  return moveOn(counter, keptMeter(counter, window), windowStart(window, now))
}

function keptMeter(counter: Counter, window: Window): Meter {
  return counter.meters.get(windowKey(window)) ?? sumUp(counter, window)
}

function moveOn(counter: Counter, meter: Meter, start: number): Meter {
  meter.start = Math.max(meter.start, start)
  for (let entry = counter.entries[meter.first]; entry && entry.countsUntil <= meter.start; ) {
    if (!entry.removed) change(meter, entry.share, -1n)
    meter.first += 1
    entry = counter.entries[meter.first]
  }
  return meter
}

function sumUp(counter: Counter, window: Window): Meter {
  const sum = { microUsd: 0n, count: 0n, open: 0n, unknown: 0n }
  const meter: Meter = { first: 0, start: Number.NEGATIVE_INFINITY, sum }
  for (const { share } of counter.live.values()) change(meter, share, 1n)
  counter.meters.set(windowKey(window), meter)
  return meter
}

function change(meter: Meter, { microUsd, count, open, unknown }: Sum, sign: bigint): void {
  meter.sum = {
    microUsd: meter.sum.microUsd + sign * microUsd,
    count: meter.sum.count + sign * count,
    open: meter.sum.open + sign * open,
    unknown: meter.sum.unknown + sign * unknown,
  }
}

/** Keeps entries in the order in which they leave; a new one nearly always goes last. */
function insert(counter: Counter, payment: Payment): void {
  const { id, countsUntil, microUsd } = payment
  const entry: Entry = { id, countsUntil, microUsd, share: shareOf(payment), removed: false }
  const index = counter.entries.findLastIndex((other) => other.countsUntil <= entry.countsUntil) + 1
  counter.entries.splice(index, 0, entry)
  counter.live.set(id, entry)
  if (entry.share.open > 0n) counter.open.add(entry)
  for (const meter of counter.meters.values()) {
    if (countsUntil > meter.start) change(meter, entry.share, 1n)
    else meter.first += 1
  }
}

function strike(counter: Counter, id: PaymentId): void {
  const entry = counter.live.get(id)
  if (!entry) return
  entry.removed = true
  counter.live.delete(id)
  counter.open.delete(entry)
  for (const meter of counter.meters.values()) if (entry.countsUntil > meter.start) change(meter, entry.share, -1n)
}

function note(counter: Counter, payment: Payment): void {
  const entry = counter.live.get(payment.id)
  if (!entry) return
  const before = entry.share
  entry.share = shareOf(payment)
  if (entry.share.open === 0n) counter.open.delete(entry)
  for (const meter of counter.meters.values()) {
    if (entry.countsUntil <= meter.start) continue
    change(meter, before, -1n)
    change(meter, entry.share, 1n)
  }
}

/** Walks the entries in the order in which they leave, until enough of them has left. */
function fitsAt(counter: Counter, meter: Meter, { measure, window }: Limit, excess: bigint): number | undefined {
  let left = excess
  for (const entry of inOrder(counter, meter, measure)) {
    left -= entry.share[measure]
    if (left <= 0n) return leavesAt(window, entry.countsUntil)
  }
  return undefined
}

function* inOrder({ entries, open }: Counter, { first, start }: Meter, measure: Measure): Iterable<Entry> {
  if (measure === 'open' || measure === 'unknown') {
    const waiting = [...open].filter(({ countsUntil }) => countsUntil > start)
    yield* waiting.toSorted((one, other) => one.countsUntil - other.countsUntil)
    return
  }
  for (let index = first; index < entries.length; index += 1) {
    const entry = entries[index]
    if (entry && !entry.removed) yield entry
  }
}
