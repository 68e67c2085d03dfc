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
  /** Puts the time right; answers what it was. */
  readonly set: (now: number) => number
}

/** The ledger's time after it was told one, or by how many milliseconds that is apart from it. */
export type Tick = { readonly ok: true; readonly now: number } | { readonly ok: false; readonly aheadMs: number }

/** Creates the clock over a database's table. */
export function createClock(database: SqliteDatabase, source: TimeSource | undefined): Clock {
  const select = database.prepare('SELECT now, settings, run, elapsed, base FROM clock')
  const move = database.prepare('UPDATE clock SET now = ?, run = ?, elapsed = ?, base = ?')
  const settle = database.prepare('UPDATE clock SET settings = settings + 1')
  /** The latest time that was read: all of it was committed, so that no later one is before it. */
  let seen = { now: 0, settings: 0 }
  /** The time as this transaction has read or written it. */
  let held: LedgerTime = { now: 0 }

  const keep = (time: LedgerTime): void => {
    held = time
    move.run(time.now, time.base?.run ?? null, time.base?.elapsed ?? null, time.base?.now ?? null)
  }

  return {
    check: () => {
      const row = select.get()
      const [now, settings] = [Number(read(row, 'now')), Number(read(row, 'settings'))]
      const isOlder = settings < seen.settings || (settings === seen.settings && now < seen.now)
      if (isOlder) throw Object.assign(new RangeError('the file was put back to an older copy'), { code: 'IOERR' })
      seen = { now, settings }
      held = toTime(row, now)
    },
    now: () => held.now,
    tell: (told) => {
      const time = held
      const heard = hearTime(told, time, source)
      if (!heard.ok) return heard
      if (heard.time.now !== time.now || heard.time.base !== time.base) keep(heard.time)
      return { ok: true, now: heard.time.now }
    },
    peek: (told) => {
      const heard = hearTime(told, held, source)
      return heard.ok ? heard.time.now : held.now
    },
    set: (now) => {
      const before = held.now
      keep(rebaseTime(now, source))
      settle.run()
      return before
    },
  }
}

function toTime(row: unknown, now: number): LedgerTime {
  const run = read(row, 'run')
  if (run === null || run === undefined) return { now }
  return { now, base: { run: String(run), elapsed: Number(read(row, 'elapsed')), now: Number(read(row, 'base')) } }
}
