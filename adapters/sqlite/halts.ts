import type { Freeze, SessionId } from 'stipend'
import { read, type SqliteDatabase } from './database.js'

/** What stops payments in every process: a freeze, and sessions that are revoked. */
export type Halts = {
  readonly freeze: (freeze: Freeze | undefined) => void
  readonly frozen: () => Freeze | undefined
  readonly revoke: (id: SessionId) => void
  /** Answers the first of these sessions that is revoked. */
  readonly revoked: (ids: readonly SessionId[]) => SessionId | undefined
}

/** Creates the halts over a database's tables. */
export function createHalts(database: SqliteDatabase): Halts {
  const put = database.prepare('INSERT OR REPLACE INTO freeze VALUES (1, ?, ?)')
  const lift = database.prepare('DELETE FROM freeze')
  const current = database.prepare('SELECT reason, at FROM freeze')
  const revoke = database.prepare('INSERT OR IGNORE INTO revoked VALUES (?)')
  const isRevoked = database.prepare('SELECT 1 AS found FROM revoked WHERE session = ?')
  return {
    freeze: (freeze) => {
      if (freeze) put.run(freeze.reason, freeze.at)
      else lift.run()
    },
    frozen: () => {
      const row = current.get()
      return row === undefined || row === null
        ? undefined
        : { reason: String(read(row, 'reason')), at: Number(read(row, 'at')) }
    },
    revoke: (id) => void revoke.run(id),
    revoked: (ids) => ids.find((id) => read(isRevoked.get(id), 'found') !== undefined),
  }
}
