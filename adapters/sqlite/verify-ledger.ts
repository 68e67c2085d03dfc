import { ConfigurationError } from 'stipend'
import type { Access } from './access.js'
import { findBreak } from './check-journal.js'
import type { Snapshot, SqliteDatabase } from './database.js'
import type { Tables } from './tables.js'
import { findDamage, findDifference } from './verify.js'

type Ways = { readonly access: Access; readonly tables: Tables; readonly snapshot: Snapshot }

/**
 * Compares all there is with all that was written; where anything differs, the ledger is frozen and nothing more is paid. One
 * whose journal has become shorter is not written to any more, and pays nothing either.
 */
export async function verify(database: SqliteDatabase, { access, tables, snapshot }: Ways): Promise<void> {
  const { change, look } = access
  const { halts, clock } = tables
  const difference =
    (await look(() => findDamage(database))) ??
    (await look(() => snapshot(() => findDifference(database)))) ??
    (await findBreak(database, look))
  if (difference === undefined) return
  const reason = `it is not as it was written: ${difference}`
  const stands = await change(() => halts.freeze({ reason, at: clock.now() })).then(
    () => 'is frozen now',
    () => 'could not be frozen',
  )
  throw new ConfigurationError(`Failed to verify the ledger, which ${stands}: ${difference}`)
}
