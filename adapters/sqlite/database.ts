/** The part of a SQLite database that is used; node:sqlite's and better-sqlite3's both fit. */
export type SqliteDatabase = {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  close(): unknown
}

type SqliteValue = string | number | bigint | null | Uint8Array

/** A prepared statement. */
export type SqliteStatement = {
  run(...values: SqliteValue[]): unknown
  get(...values: SqliteValue[]): unknown
  all(...values: SqliteValue[]): unknown[]
}

/** Runs queries that all see one and the same commit, and keep no writer waiting. */
export type Snapshot = <value>(queries: () => value) => value

/** Reads a column of a row. */
export function read(row: unknown, column: string): unknown {
  return typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
}

/**
 * Answers a function that tells where a row was inserted, of what `run` answered: drivers say it, a Durable Object does not.
 * RETURNING would cost as much as the insert itself.
 */
export function createInserted(database: SqliteDatabase): (ran: unknown) => number {
  const inserted = database.prepare('SELECT last_insert_rowid() AS seq')
  return (ran) => Number(read(ran, 'lastInsertRowid') ?? read(inserted.get(), 'seq'))
}
