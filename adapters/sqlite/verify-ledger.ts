import { ConfigurationError } from 'stipend'
import type { Access } from './access.js'
import { findBreak } from './check-journal.js'
import type { Snapshot, SqliteDatabase } from './database.js'
import type { Tables } from './tables.js'
import { findDamage, findDifference } from './verify.js'

type Ways = { readonly access: Access; readonly tables: Tables; readonly snapshot: Snapshot }

/** Compares all there is with all that was written; where anything differs, the ledger is frozen and nothing more is paid. */
export async function verify(database: SqliteDatabase, { access, tables, snapshot }: Ways): Promise<void> {
  const { change, look } = access
  const { halts, clock } = tables
  const difference =
    (await look(() => findDamage(database))) ??
    (await look(() => snapshot(() => findDifference(database)))) ??
    (await findBreak(database, look))
  if (difference === undefined) return
  await change(() => halts.freeze({ reason: `it is not as it was written: ${difference}`, at: clock.now() }))
  throw new ConfigurationError(`Failed to verify the ledger, which is frozen now: ${difference}`)
}
