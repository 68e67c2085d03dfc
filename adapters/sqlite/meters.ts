import type { Limit, Measure, Payment, Usage } from 'stipend'
import { askedOf, leavesAt, shareOf, windowKey, windowStart } from 'stipend/ledger'
import { read, type SqliteDatabase } from './database.js'
import { createLeavers, createLeavingPages, inRange } from './leaving.js'

/** Sums of payments by scope and window, kept in the database as payments come and go. */
export type Meters = {
  readonly add: (payment: Payment) => void
  readonly remove: (payment: Payment) => void
  /** Notes that a payment that counts on stands elsewhere now. */
  readonly move: (before: Payment, after: Payment) => void
  readonly refuse: (
    limit: Limit,
    payment: Payment,
    now: number,
  ) => { used: bigint; fitsAt?: number | undefined } | undefined
  /** Adds up a window as it will be at an instant, which need not be that of the ledger. */
  readonly usage: (limit: Limit, at: number, now: number) => Usage
  /** Lets all sums be added up anew, of windows that begin earlier too. */
  readonly forget: () => void
}

type Sum = Readonly<Record<Measure, bigint>>
/** The sum of what counts until after `start`, and whether that is where the window starts. */
type Moved = { readonly sum: Sum; readonly start: number; readonly isThere: boolean }

/** Stands for the horizon of windows that never let go. */
const beginning = Number.MIN_SAFE_INTEGER
const noSum: Sum = { microUsd: 0n, count: 0n, open: 0n, unknown: 0n }
/** Entries are walked by so many at a time, and beyond so many pages nobody is told when a payment fits. */
const [pageSize, maxPages] = [100, 100]

/** Creates the sums over a database's tables. */
export function createMeters(database: SqliteDatabase): Meters {
  const statements = prepare(database)
  /** Moves a window on, or a part of the way where much has left it: then its sum is still too large. */
  const moveOn = ({ scope, window }: Limit, now: number): Moved => {
    const span = windowKey(window)
    const start = Math.max(windowStart(window, now), beginning)
    const meter = statements.meter.get(scope, span)
    const horizon = meter ? Number(read(meter, 'horizon')) : start
    if (meter && horizon >= start) return { sum: toSum(meter), start: horizon, isThere: true }
    // Where nothing has left, the sum is that of the new start as it stands.
    if (meter && !statements.leavers.some(scope, horizon, start)) return { sum: toSum(meter), start, isThere: true }
    const upTo = meter ? statements.leavers.upTo(scope, horizon, start) : start
    const isThere = upTo === start
    const between = toSum(statements.between.get(scope, horizon, meter ? upTo : Number.MAX_SAFE_INTEGER))
    const sum = meter ? plus(toSum(meter), between, -1n) : between
    statements.store.run(scope, span, upTo, sum.microUsd, sum.count, sum.open, sum.unknown)
    return { sum, start: upTo, isThere }
  }

  /** Moves a window on until it is enough, or all the way. */
  const sumOf = (limit: Limit, now: number, isEnough: (sum: Sum) => boolean): Moved => {
    for (;;) {
      const moved = moveOn(limit, now)
      if (moved.isThere || isEnough(moved.sum)) return moved
    }
  }

  const change = ({ scopes, countsUntil }: Payment, { microUsd, count, open, unknown }: Sum): void => {
    for (const scope of scopes) statements.change.run(microUsd, count, open, unknown, scope, countsUntil)
  }

  /** Walks the entries in the order in which they leave, until enough of them has left. */
  const fitsAt = ({ scope, window, measure }: Limit, start: number, excess: bigint): number | undefined => {
    if (window.type === 'lifetime') return undefined
    if (measure !== 'microUsd' && excess > pageSize * maxPages) return undefined
    let [left, after, afterId] = [excess, start + 1, '']
    for (let page = 0; page < maxPages; page += 1) {
      const entries = statements.leaving[measure](scope, after, afterId, left === 1n ? 1 : pageSize)
      for (const entry of entries) {
        ;[after, afterId] = [entry.at, entry.id]
        left -= entry.share
        if (left <= 0n) return leavesAt(window, after)
      }
      if (entries.length === 0) return undefined
    }
    return undefined
  }

  const add = (payment: Payment): void => {
    const share = shareOf(payment)
    const { microUsd, open, unknown } = share
    for (const scope of payment.scopes) {
      statements.insert.run(scope, payment.countsUntil, payment.id, microUsd, open, unknown)
    }
    change(payment, share)
  }

  const remove = (payment: Payment): void => {
    const share = shareOf(payment)
    for (const scope of payment.scopes) statements.remove.run(scope, share.open, payment.countsUntil, payment.id)
    change(payment, plus(noSum, share, -1n))
  }

  return {
    add,
    remove,
    move: (before, after) => {
      if (before.microUsd !== after.microUsd) {
        remove(before)
        add(after)
        return
      }
      const [from, to] = [shareOf(before), shareOf(after)]
      if (from.open === to.open && from.unknown === to.unknown) return
      for (const scope of after.scopes) {
        statements.note.run(to.open, to.unknown, scope, from.open, after.countsUntil, after.id)
      }
      change(after, plus(to, from, -1n))
    },
    refuse: (limit, payment, now) => {
      if (!payment.scopes.includes(limit.scope)) throw new TypeError(`payment is not counted in ${limit.scope}`)
      const asked = askedOf(limit, payment)
      if (limit.window.type === 'payment') return asked > limit.max ? { used: 0n } : undefined
      const { sum, start } = sumOf(limit, now, (kept) => kept[limit.measure] + asked <= limit.max)
      const used = sum[limit.measure]
      if (used + asked <= limit.max) return undefined
      return { used, fitsAt: asked > limit.max ? undefined : fitsAt(limit, start, used + asked - limit.max) }
    },
    usage: (limit, at, now) => {
      if (limit.window.type === 'payment') return { limit, used: 0n }
      // What is kept is the sum at the ledger's time: whoever only asks moves no window on.
      const kept = sumOf(limit, now, () => false)
      const start = Math.max(kept.start, windowStart(limit.window, at))
      const left = toSum(statements.between.get(limit.scope, kept.start, start))
      const used = kept.sum[limit.measure] - left[limit.measure]
      return { limit, used, freesAt: fitsAt(limit, start, 1n) }
    },
    forget: () => void statements.forget.run(),
  }
}

function prepare(database: SqliteDatabase) {
  // Sums are read as text: drivers differ in how they answer integers beyond 53 bits.
  const sums = 'CAST(COALESCE(SUM(micro_usd), 0) AS TEXT) AS micro_usd, COUNT(*) AS count'
  const opens = 'COALESCE(SUM(open), 0) AS open, COALESCE(SUM(unknown), 0) AS unknown'
  return {
    forget: database.prepare('DELETE FROM meters'),
    insert: database.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)'),
    remove: database.prepare('DELETE FROM entries WHERE scope = ? AND open = ? AND counts_until = ? AND id = ?'),
    note: database.prepare(
      'UPDATE entries SET open = ?, unknown = ? WHERE scope = ? AND open = ? AND counts_until = ? AND id = ?',
    ),
    change: database.prepare(
      `UPDATE meters SET micro_usd = micro_usd + ?, count = count + ?, open = open + ?, unknown = unknown + ?
       WHERE scope = ? AND horizon < ?`,
    ),
    meter: database.prepare(
      'SELECT horizon, CAST(micro_usd AS TEXT) AS micro_usd, count, open, unknown FROM meters WHERE scope = ? AND span = ?',
    ),
    store: database.prepare('INSERT OR REPLACE INTO meters VALUES (?, ?, ?, ?, ?, ?, ?)'),
    between: database.prepare(`SELECT ${sums}, ${opens} FROM entries WHERE ${inRange} AND open IN (0, 1)`),
    leavers: createLeavers(database),
    leaving: createLeavingPages(database),
  }
}

function toSum(row: unknown): Sum {
  const column = (name: string): bigint => BigInt(String(read(row, name)))
  return { microUsd: column('micro_usd'), count: column('count'), open: column('open'), unknown: column('unknown') }
}

/** Adds a sum to another, or takes it away. */
function plus(sum: Sum, other: Sum, sign: bigint): Sum {
  return {
    microUsd: sum.microUsd + sign * other.microUsd,
    count: sum.count + sign * other.count,
    open: sum.open + sign * other.open,
    unknown: sum.unknown + sign * other.unknown,
  }
}
