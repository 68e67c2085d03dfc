import { LedgerUnavailableError } from 'stipend'
import { read, type SqliteDatabase } from './database.js'
import { version } from './schema.js'
import { guard } from './guard.js'
import { createGroups, isWorkFailure, workFailure } from './groups.js'
import { blockingMs, createTurns } from './turns.js'

/**
 * The two ways to a database. After a failure that can mean that a commit is not on disk, both stay shut. While another
 * program holds the file, work is tried again, and all else goes on.
 */
export type Access = {
  /** Runs work in one piece, in a transaction with what else is asked for in this turn of the event loop. */
  readonly change: <value>(work: () => value) => Promise<value>
  /** Runs one query at once, which waits for no writer and sees the last commit of any process. */
  readonly look: <value>(query: () => value) => Promise<value>
  /** Runs what waits for its turn now. */
  readonly flush: () => void
}

type Hooks = {
  readonly isSameFile: () => boolean
  /** Called first in each transaction. */
  readonly onBegin: () => void
  /** Called last in each. */
  readonly onEnd: () => void
  readonly onCommit: () => void
}

/** Creates the ways to a database, as long as its file is the same. */
export function createAccess(database: SqliteDatabase, { isSameFile, onBegin, onEnd, onCommit }: Hooks): Access {
  const begin = createBegin(database)
  const currentVersion = database.prepare('PRAGMA user_version')
  let broken: unknown

  const open = <value>(work: () => value): value => {
    if (broken !== undefined) throw new LedgerUnavailableError(broken)
    if (!isSameFile()) throw new LedgerUnavailableError(new Error('the file was moved, removed or replaced'))
    try {
      return work()
    } catch (error) {
      const cause = isWorkFailure(error) ? error.cause : error
      if (isDiskFailure(cause)) broken = cause
      throw error
    }
  }

  const transact = (works: readonly (() => unknown)[]): readonly unknown[] => {
    begin()
    try {
      const found = Number(read(currentVersion.get(), 'user_version'))
      if (found !== version) throw new RangeError(`its tables are version ${found}, this library knows ${version}`)
      onBegin()
      const values = works.map(runWork)
      onEnd()
      database.exec('COMMIT')
      onCommit()
      return values
    } catch (error) {
      rollBack(database)
      throw error
    }
  }
  const [changes, looks] = [createTurns(), createTurns()]
  const groups = createGroups((works) => changes(() => open(() => transact(works))))
  return {
    change: (work) => guard(groups.add(work)),
    look: (query) => guard(looks(() => open(query))),
    flush: groups.flush,
  }
}

function runWork(work: () => unknown): unknown {
  try {
    return work()
  } catch (cause) {
    throw workFailure(cause)
  }
}

/** Takes the lock, or fails soon; a database that its owner opened waits as long as before for all else. */
function createBegin(database: SqliteDatabase): () => void {
  const own = Number(read(database.prepare('PRAGMA busy_timeout').get(), 'timeout'))
  if (own <= blockingMs) return () => database.exec('BEGIN IMMEDIATE')
  const [shorten, restore] = [blockingMs, own].map((ms) => database.prepare(`PRAGMA busy_timeout = ${ms}`))
  return () => {
    shorten?.get()
    try {
      database.exec('BEGIN IMMEDIATE')
    } finally {
      restore?.get()
    }
  }
}

function rollBack(database: SqliteDatabase): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // SQLite has rolled back by itself, as it does after some failures.
  }
}

/** I/O errors and damage, as opposed to a lock, a full disk or a constraint, after which the next commit can be sound. */
function isDiskFailure(error: unknown): boolean {
  const text = `${String(read(error, 'code'))} ${String(read(error, 'errcode'))} ${String(read(error, 'errstr'))}`
  return /IOERR|disk I\/O|CORRUPT|malformed|NOTADB|not a database/.test(
    `${text} ${error instanceof Error ? error.message : ''}`,
  )
}
