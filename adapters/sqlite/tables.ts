import type { Approvals } from './approvals.js'
import type { Clock } from './clock.js'
import type { Halts } from './halts.js'
import type { Journal } from './journal.js'
import type { Listing } from './listing.js'
import type { Memory } from './memory.js'
import type { Meters } from './meters.js'
import type { Payments } from './payments.js'

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
