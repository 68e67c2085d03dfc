import { statSync } from 'node:fs'
import { ConfigurationError } from 'stipend'
import { read, type SqliteDatabase } from './database.js'

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

/** Tells whether a database is in memory, or in a file that nobody else finds. */
export function isPrivate(database: SqliteDatabase): boolean {
  return fileOf(database) === undefined
}
