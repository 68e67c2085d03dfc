import { ConfigurationError } from 'stipend'
import type { SqliteDatabase } from './database.js'

const version = 1

const tables = `
CREATE TABLE payments (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,
  purchase_key TEXT NOT NULL,
  request_digest TEXT NOT NULL,
  host TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  payment TEXT NOT NULL
) STRICT;
CREATE INDEX payments_by_request ON payments (request_digest);
CREATE INDEX payments_by_purchase ON payments (purchase_key);
CREATE INDEX payments_by_status ON payments (status);

-- One row a payment and counter it is added to; rows of payments that count no more are deleted.
CREATE TABLE entries (
  scope TEXT NOT NULL,
  counts_until INTEGER NOT NULL,
  id TEXT NOT NULL,
  micro_usd INTEGER NOT NULL,
  PRIMARY KEY (scope, counts_until, id)
) STRICT, WITHOUT ROWID;

-- The sum of a counter's entries after a horizon, for each window that is limited; horizons only move forward.
CREATE TABLE meters (
  scope TEXT NOT NULL,
  span TEXT NOT NULL,
  horizon INTEGER NOT NULL,
  micro_usd INTEGER NOT NULL CHECK (micro_usd >= 0),
  count INTEGER NOT NULL CHECK (count >= 0),
  PRIMARY KEY (scope, span)
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (name TEXT PRIMARY KEY, secret BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE approvals (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  expires_at INTEGER NOT NULL,
  approval TEXT NOT NULL
) STRICT;
CREATE TABLE freeze (id INTEGER PRIMARY KEY CHECK (id = 1), reason TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), now INTEGER NOT NULL) STRICT;
INSERT INTO clock VALUES (1, 0);
`

/** Sets a database up so that a commit is on disk when it returns, and makes or checks its tables. */
export function prepareSchema(database: SqliteDatabase): void {
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec('BEGIN IMMEDIATE')
  try {
    const found = versionOf(database)
    if (found > version) {
      throw new ConfigurationError(
        `Failed to open the ledger: it was written by a newer version of this library (schema ${found})`,
      )
    }
    if (found === 0) database.exec(`${tables}; PRAGMA user_version = ${version}`)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
  checkIntegrity(database)
}

function versionOf(database: SqliteDatabase): number {
  return Number(read(database.prepare('PRAGMA user_version').get(), 'user_version'))
}

function checkIntegrity(database: SqliteDatabase): void {
  const answer = read(database.prepare('PRAGMA quick_check(1)').get(), 'quick_check')
  if (answer !== 'ok') throw new ConfigurationError('Failed to open the ledger: its file is damaged')
}

/** Reads a column of a row. */
export function read(row: unknown, column: string): unknown {
  return typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
}
