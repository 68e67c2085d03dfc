import type { TimeSource } from 'stipend/ledger'
import { type Approvals, createApprovals } from './approvals.js'
import { type Clock, createClock } from './clock.js'
import type { Snapshot, SqliteDatabase } from './database.js'
import { createHalts, type Halts } from './halts.js'
import { createJournal, type Journal } from './journal.js'
import { createListing, type Listing } from './listing.js'
import { createMemory, type Memory } from './memory.js'
import { createMeters, type Meters } from './meters.js'
import { createPayments, type Payments } from './payments.js'

/** All that a ledger's database keeps; called within a transaction. */
export type Tables = {
  readonly clock: Clock
  readonly payments: Payments
  readonly listing: Listing
  readonly journal: Journal
  readonly meters: Meters
  readonly approvals: Approvals
  readonly halts: Halts
  readonly memory: Memory
}

type Ways = { readonly source: TimeSource | undefined; readonly snapshot: Snapshot }

/** Creates what a ledger keeps over a database whose tables are up to date. */
export function createTables(database: SqliteDatabase, { source, snapshot }: Ways): Tables {
  const journal = createJournal(database)
  const listing = createListing(database, snapshot)
  return {
    journal,
    listing,
    clock: createClock(database, source),
    payments: createPayments(database, { journal, listing }),
    meters: createMeters(database),
    approvals: createApprovals(database),
    halts: createHalts(database),
    memory: createMemory(database),
  }
}
