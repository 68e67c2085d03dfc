import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
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
  if (path !== ':memory:') assertLocal(path, statfsSync(dirname(path)).type)
  return new sqlite.DatabaseSync(path, { timeout: 10_000 })
}

/** NFS, SMB 1, CIFS and SMB 2, as Linux numbers them. */
const networkFileSystems = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42])

/**
 * Refuses a file on a file system of another machine: WAL shares memory between the processes of one machine, and two
 * machines that each see a budget of their own spend it twice.
 */
export function assertLocal(path: string, fileSystemType: number): void {
  if (!networkFileSystems.has(fileSystemType)) return
  throw new ConfigurationError(`Failed to open the ledger: ${path} lies on a network file system`, {
    details: ['Put it on a disk of this machine, or use stipend/postgres for agents on several.'],
  })
}

/** Answers a function that tells whether a path still names the file it named at first. */
export function watchFile(path: string | undefined): () => boolean {
  if (path === undefined || path === ':memory:') return () => true
  const inode = (): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino
  const first = inode()
  return () => first !== undefined && inode() === first
}

/** Reads a column of a row. */
export function read(row: unknown, column: string): unknown {
  return typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
}
