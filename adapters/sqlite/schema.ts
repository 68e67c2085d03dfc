import { ConfigurationError } from 'stipend'
import { decodePayment } from 'stipend/ledger'
import { read, type SqliteDatabase } from './database.js'
import { findBreakAtEnd } from './check-journal.js'
import { createJournal } from './journal.js'
import { noteKeys } from './listing.js'
import { findWrongSum } from './verify.js'
import { steps } from './migrations.js'

/** The version of the tables that this library reads and writes. */
export const version: number = steps.length

/** Sets a database up so that a commit is on disk when it returns, and makes its tables or brings them up to date. */
export function prepareSchema(database: SqliteDatabase): void {
  makeDurable(database)
  if (versionOf(database) !== version) migrate(database)
  checkEnds(database)
}

function makeDurable(database: SqliteDatabase): void {
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  // Fewer checkpoints: each is two more syncs.
  database.exec('PRAGMA wal_autocheckpoint = 4000')
  // The upper pages of all indexes over a million payments, in KiB.
  database.exec('PRAGMA cache_size = -16384')
  // On macOS, a plain sync leaves data in the drive's cache.
  database.exec('PRAGMA fullfsync = ON')
  const synchronous = Number(read(database.prepare('PRAGMA synchronous').get(), 'synchronous'))
  if (synchronous < 2) {
    throw new ConfigurationError('Failed to open the ledger: its database does not sync each commit to disk', {
      details: ['SQLite changes this outside of transactions only: pass a database that is in none.'],
    })
  }
}

/** All steps are one transaction, which only one process can be in: the others find the work done. */
function migrate(database: SqliteDatabase): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    takeSteps(database, versionOf(database))
    database.exec(`PRAGMA user_version = ${version}`)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

/** Brings tables of a version to the one that this library writes; within a transaction. */
export function takeSteps(database: SqliteDatabase, found: number): void {
  if (found > version) {
    throw new ConfigurationError(
      `Failed to open the ledger: it was written by a newer version of this library (schema ${found})`,
    )
  }
  for (const step of steps.slice(found)) database.exec(step)
  if (found < 3) beginJournal(database)
  if (found < 4) noteKeys(database)(Number.MAX_SAFE_INTEGER)
}

/** Begins the journal of each payment that is there, as it stands. */
function beginJournal(database: SqliteDatabase): void {
  const journal = createJournal(database)
  const now = Number(read(database.prepare('SELECT now FROM clock').get(), 'now'))
  const write = database.prepare('UPDATE payments SET record = ?, entry = ? WHERE id = ?')
  const page = database.prepare('SELECT seq, record FROM payments WHERE seq > ? ORDER BY seq LIMIT 500')
  for (let rows = page.all(0); rows.length > 0; rows = page.all(Number(read(rows.at(-1), 'seq')))) {
    for (const row of rows) {
      const payment = decodePayment(String(read(row, 'record')))
      const { record, seq } = journal.append(payment, now)
      write.run(record, seq, payment.id)
    }
  }
}

/** Reads the version of a database's tables; a new one has 0. */
export function versionOf(database: SqliteDatabase): number {
  return Number(read(database.prepare('PRAGMA user_version').get(), 'user_version'))
}

/** Checks what is quick to check: the end of the journal, and the sums; `verify` reads all there is. */
export function checkEnds(database: SqliteDatabase): void {
  const broken = findBreakAtEnd(database)
  if (broken !== undefined) {
    throw new ConfigurationError(`Failed to open the ledger: ${broken}`, { details: ['Find out who wrote to it.'] })
  }
  const wrong = findWrongSum(database)
  if (wrong === undefined) return
  throw new ConfigurationError(`Failed to open the ledger: ${wrong}`, {
    details: ['Find out who wrote to it. `DELETE FROM meters` lets the sums be added up anew from what counts.'],
  })
}
