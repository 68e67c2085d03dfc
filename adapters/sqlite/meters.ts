import { type Limit, leavesAt, type Payment, type Usage, type Window, windowKey, windowStart } from 'stipend'
import type { SqliteDatabase } from './database.js'
import { read } from './schema.js'

/** Sums of payments by scope and window, kept in the database as payments come and go. */
export type Meters = {
  /** Moves the ledger's clock on, never back, and answers it. */
  readonly tick: (now: number) => number
  readonly add: (payment: Payment) => void
  readonly remove: (payment: Payment) => void
  readonly refuse: (
    limit: Limit,
    payment: Payment,
    now: number,
  ) => { used: bigint; fitsAt?: number | undefined } | undefined
  readonly usage: (limit: Limit, now: number) => Usage
}

type Sum = { readonly microUsd: bigint; readonly count: bigint }

/** Stands for the horizon of windows that never let go. */
const beginning = Number.MIN_SAFE_INTEGER

/** Creates the sums over a database's tables. */
export function createMeters(database: SqliteDatabase): Meters {
  // Sums are read as text: drivers differ in how they answer integers beyond 53 bits.
  const sums = 'CAST(COALESCE(SUM(micro_usd), 0) AS TEXT) AS micro_usd, COUNT(*) AS count'
  const statements = {
    readClock: database.prepare('SELECT now FROM clock'),
    moveClock: database.prepare('UPDATE clock SET now = ?'),
    insert: database.prepare('INSERT INTO entries VALUES (?, ?, ?, ?)'),
    remove: database.prepare('DELETE FROM entries WHERE scope = ? AND counts_until = ? AND id = ?'),
    change: database.prepare(
      'UPDATE meters SET micro_usd = micro_usd + ?, count = count + ? WHERE scope = ? AND horizon < ?',
    ),
    meter: database.prepare(
      'SELECT horizon, CAST(micro_usd AS TEXT) AS micro_usd, count FROM meters WHERE scope = ? AND span = ?',
    ),
    store: database.prepare('INSERT OR REPLACE INTO meters VALUES (?, ?, ?, ?, ?)'),
    between: database.prepare(`SELECT ${sums} FROM entries WHERE scope = ? AND counts_until > ? AND counts_until <= ?`),
    entries: database.prepare(
      'SELECT counts_until, CAST(micro_usd AS TEXT) AS micro_usd FROM entries WHERE scope = ? AND counts_until > ? ORDER BY counts_until LIMIT ?',
    ),
  }

  const sumOf = ({ scope, window }: Limit, now: number): Sum & { readonly start: number } => {
    const span = windowKey(window)
    const start = Math.max(windowStart(window, now), beginning)
    const meter = statements.meter.get(scope, span)
    if (meter && Number(read(meter, 'horizon')) >= start)
      return { ...toSum(meter), start: Number(read(meter, 'horizon')) }
    const sum = meter
      ? subtract(toSum(meter), toSum(statements.between.get(scope, Number(read(meter, 'horizon')), start)))
      : toSum(statements.between.get(scope, start, Number.MAX_SAFE_INTEGER))
    statements.store.run(scope, span, start, sum.microUsd, sum.count)
    return { ...sum, start }
  }

  return {
    tick: (now) => {
      const last = Number(read(statements.readClock.get(), 'now'))
      if (now > last) statements.moveClock.run(now)
      return Math.max(now, last)
    },
    add: (payment) => {
      for (const scope of payment.scopes) {
        statements.insert.run(scope, payment.countsUntil, payment.id, payment.microUsd)
        statements.change.run(payment.microUsd, 1, scope, payment.countsUntil)
      }
    },
    remove: (payment) => {
      for (const scope of payment.scopes) {
        statements.remove.run(scope, payment.countsUntil, payment.id)
        statements.change.run(-payment.microUsd, -1, scope, payment.countsUntil)
      }
    },
    refuse: (limit, payment, now) => {
      if (!payment.scopes.includes(limit.scope)) throw new TypeError(`payment is not counted in ${limit.scope}`)
      const asked = limit.measure === 'count' ? 1n : payment.microUsd
      if (limit.window.type === 'payment') return asked > limit.max ? { used: 0n } : undefined
      const sum = sumOf(limit, now)
      const used = sum[limit.measure === 'microUsd' ? 'microUsd' : 'count']
      if (used + asked <= limit.max) return undefined
      const entries = statements.entries.all(limit.scope, sum.start, 100_000)
      return { used, fitsAt: asked > limit.max ? undefined : fitsAt(entries, limit, used + asked - limit.max) }
    },
    usage: (limit, now) => {
      if (limit.window.type === 'payment') return { limit, used: 0n }
      const sum = sumOf(limit, now)
      const [oldest] = statements.entries.all(limit.scope, sum.start, 1)
      return {
        limit,
        used: sum[limit.measure === 'microUsd' ? 'microUsd' : 'count'],
        freesAt: oldest === undefined ? undefined : leavesAt(limit.window, Number(read(oldest, 'counts_until'))),
      }
    },
  }
}

function toSum(row: unknown): Sum {
  return { microUsd: BigInt(String(read(row, 'micro_usd'))), count: BigInt(String(read(row, 'count'))) }
}

function subtract(sum: Sum, other: Sum): Sum {
  return { microUsd: sum.microUsd - other.microUsd, count: sum.count - other.count }
}

/** Walks the entries in the order in which they leave the window, until enough of them has left. */
function fitsAt(
  entries: readonly unknown[],
  { window, measure }: { readonly window: Window; readonly measure: Limit['measure'] },
  excess: bigint,
): number | undefined {
  let left = excess
  for (const entry of entries) {
    left -= measure === 'count' ? 1n : BigInt(String(read(entry, 'micro_usd')))
    if (left <= 0n) return leavesAt(window, Number(read(entry, 'counts_until')))
  }
  return undefined
}
