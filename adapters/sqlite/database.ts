import { statSync } from 'node:fs'
import { ConfigurationError } from 'stipend'

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

/** Opens a file with node:sqlite, which Node has from 22.13 on. */
export function openDatabase(path: string): SqliteDatabase {
  const sqlite = process.getBuiltinModule?.('node:sqlite')
  if (!sqlite) {
    throw new ConfigurationError(
      'Failed to open the ledger: this runtime has no node:sqlite, which Node has from 22.13 on',
      {
        details: ['Pass a better-sqlite3 database instead of a path.'],
      },
    )
  }
  return new sqlite.DatabaseSync(path, { timeout: 10_000 })
}

/** Answers the file of a database that is open; `undefined` when it is in memory. */
export function fileOf(database: SqliteDatabase): string | undefined {
  const main = database
    .prepare('PRAGMA database_list')
    .all()
    .find((row) => read(row, 'name') === 'main')
  return String(read(main, 'file') ?? '') || undefined
}

/** Answers a function that tells whether a path still names the file it named at first. */
export function watchFile(path: string | undefined): () => boolean {
  if (path === undefined) return () => true
  const inode = (): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino
  const first = inode()
  return () => first !== undefined && inode() === first
}

/** Reads a column of a row. */
export function read(row: unknown, column: string): unknown {
  return typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
}
