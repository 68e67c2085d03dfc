import { hearTime, type LedgerTime, rebaseTime, type TimeSource } from 'stipend/ledger'
import { read, type SqliteDatabase } from './database.js'

/** The time of a ledger as a database keeps it; called within a transaction. */
export type Clock = {
  /**
   * Reads the time, and sees that the database is not older than it was; called first in a transaction, before anything
   * is written that a rollback could take back.
   */
  readonly check: () => void
  /** Answers the ledger's time in this transaction, and moves nothing. */
  readonly now: () => number
  /** Moves the ledger's time on to what a client says, never back; or answers how far the client is apart. */
  readonly tell: (told: number) => Tick
  /** Answers what time the ledger would have if a client told it, and moves nothing. */
  readonly peek: (told: number) => number
  /** Puts the time right, which the journal is to note in the same transaction; answers what it was. */
  readonly set: (now: number) => number
  /** Keeps the time that the transaction has come to; called last in one. */
  readonly keep: () => void
  /** Notes that what was kept last is committed: the database is never to be older than that. */
  readonly committed: () => void
}

/** The ledger's time after it was told one, or by how many milliseconds that is apart from it. */
export type Tick = { readonly ok: true; readonly now: number } | { readonly ok: false; readonly aheadMs: number }

/** Where the journal ends, and what time the ledger has. */
type Place = { readonly seq: number; readonly now: number }

/**
 * Creates the clock over a database's table. The newest entry of the journal has the time as well: where it says all, the
 * table stays as it is, which is one page less to write for each payment.
 */
export function createClock(database: SqliteDatabase, source: TimeSource | undefined): Clock {
  const select = database.prepare('SELECT now, run, elapsed, base FROM clock')
  const newest = database.prepare('SELECT seq, at FROM journal ORDER BY seq DESC LIMIT 1')
  const move = database.prepare('UPDATE clock SET now = ?, run = ?, elapsed = ?, base = ?')
  /** The latest that is known to be committed: nothing read later may be before it. */
  let seen: Place = { seq: 0, now: 0 }
  /** Where this transaction ends. */
  let end: Place = seen
  /** The time as this transaction has read or written it. */
  let held: LedgerTime = { now: 0 }
  /** The time as the table has it in this transaction. */
  let kept: LedgerTime = held

  const readEnd = (): Place => {
    const row = newest.get()
    return { seq: Number(read(row, 'seq') ?? 0), now: Math.max(kept.now, Number(read(row, 'at') ?? 0)) }
  }
  const write = (): void => {
    kept = held
    const { now, base } = held
    move.run(now, base?.run ?? null, base?.elapsed ?? null, base?.now ?? null)
  }

  return {
    check: () => {
      kept = toTime(select.get())
      end = readEnd()
      const { seq, now } = end
      const isOlder = seq < seen.seq || (seq === seen.seq && now < seen.now)
      if (isOlder) throw Object.assign(new RangeError('the file was put back to an older copy'), { code: 'IOERR' })
      seen = end
      held = { ...kept, now }
    },
    now: () => held.now,
    tell: (told) => {
      const heard = hearTime(told, held, source)
      if (!heard.ok) return heard
      held = heard.time
      return { ok: true, now: held.now }
    },
    peek: (told) => {
      const heard = hearTime(told, held, source)
      return heard.ok ? heard.time.now : held.now
    },
    set: (now) => {
      const before = held.now
      held = rebaseTime(now, source)
      write()
      return before
    },
    keep: () => {
      const { seq, now } = readEnd()
      if (held.base !== kept.base || held.now > now) write()
      end = { seq, now: held.now }
    },
    committed: () => {
      seen = end
    },
  }
}

function toTime(row: unknown): LedgerTime {
  const now = Number(read(row, 'now'))
  const run = read(row, 'run')
  if (run === null || run === undefined) return { now }
  return { now, base: { run: String(run), elapsed: Number(read(row, 'elapsed')), now: Number(read(row, 'base')) } }
}
