/** Time that passes by itself: nobody who tells the time can make it pass. */
export type TimeSource = {
  /** Names what the readings belong to, such as one run of a machine: those of another cannot be compared. */
  readonly run: string
  /** Whether runs have no names of their own here, so that only less time having passed shows that one is new. */
  readonly isUnnamed?: boolean | undefined
  /** Milliseconds since whenever; never runs back within a run. */
  readonly elapsed: () => number
}

/** What a ledger keeps of time. */
export type LedgerTime = {
  /** Unix milliseconds: the latest that it has believed. */
  readonly now: number
  /** What was believed first in a run, and how much had passed by then; absent: nothing ever was. */
  readonly base?: { readonly run: string; readonly elapsed: number; readonly now: number } | undefined
}

/** What a ledger makes of the time that a client tells it. */
export type ToldTime =
  | { readonly ok: true; readonly time: LedgerTime }
  /** It is apart from the time that has passed by more than it can be; nothing moves. */
  | { readonly ok: false; readonly aheadMs: number }

/** How far the clocks of a ledger's clients may be apart, as long as a single clock may jump by, in milliseconds. */
export const maxClockGapMs: number = 5 * 60_000
/** By how much less can have passed in the same run: two processes may read whole seconds at other moments. */
const unnamedGapMs = 2000
/** By how much of the time that passes clocks may drift apart: seconds a day. */
const driftDivisor = 10_000

/**
 * Hears what time a client says it is. Without a source of time, the ledger's runs with what is told and never back. With
 * one, the first time ever is believed, and from then on what agrees with the time that has passed; after a machine was
 * started anew nobody can say how long it was off, and any later time is believed once.
 */
export function hearTime(told: number, time: LedgerTime, source: TimeSource | undefined): ToldTime {
  const { now, base } = time
  if (!source) return { ok: true, time: { ...time, now: Math.max(now, told) } }
  const elapsed = Math.floor(source.elapsed())
  const isAnew = source.isUnnamed && base && elapsed < base.elapsed - unnamedGapMs
  const isSameRun = base?.run === source.run && !isAnew
  if (!base || !isSameRun) {
    if (now > 0 && told < now - maxClockGapMs) return { ok: false, aheadMs: told - now }
    const believed = Math.max(now, told)
    return { ok: true, time: { now: believed, base: { run: source.run, elapsed, now: believed } } }
  }
  const passed = Math.max(0, elapsed - base.elapsed)
  const aheadMs = told - base.now - passed
  if (Math.abs(aheadMs) > maxClockGapMs + passed / driftDivisor) return { ok: false, aheadMs }
  return { ok: true, time: { now: Math.max(now, told), base } }
}

/** Sets the time, because the ledger's owner says so. */
export function rebaseTime(now: number, source: TimeSource | undefined): LedgerTime {
  return { now, base: source && { run: source.run, elapsed: Math.floor(source.elapsed()), now } }
}
