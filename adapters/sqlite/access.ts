import { LedgerUnavailableError } from 'stipend'
import { read, type SqliteDatabase } from './database.js'
import { version } from './schema.js'

/** The two ways to a database. After a failure that can mean that a commit is not on disk, both stay shut. */
export type Access = {
  /** Runs work in one transaction that no other process can come between. */
  readonly change: <value>(work: () => value) => value
  /** Runs one query, which waits for no writer and sees the last commit of any process. */
  readonly look: <value>(query: () => value) => value
}

/** Creates the ways to a database, as long as its file is the same. */
export function createAccess(database: SqliteDatabase, isSameFile: () => boolean): Access {
  const currentVersion = database.prepare('PRAGMA user_version')
  let broken: unknown

  const guard = <value>(work: () => value): value => {
    if (broken !== undefined) throw new LedgerUnavailableError(broken)
    if (!isSameFile()) throw new LedgerUnavailableError(new Error('the file was moved, removed or replaced'))
    try {
      return work()
    } catch (error) {
      if (error instanceof TypeError) throw error
      if (isDiskFailure(error)) broken = error
      throw new LedgerUnavailableError(error)
    }
  }

  const transact = <value>(work: () => value): value => {
    database.exec('BEGIN IMMEDIATE')
    try {
      const found = Number(read(currentVersion.get(), 'user_version'))
      if (found !== version) throw new RangeError(`its tables are version ${found}, this library knows ${version}`)
      const value = work()
      database.exec('COMMIT')
      return value
    } catch (error) {
      rollBack(database)
      throw error
    }
  }
  return { change: (work) => guard(() => transact(work)), look: guard }
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
