import type { LedgerContract } from './checks.js'
import { approvalContract } from './approvals.js'
import { clockContract } from './clock.js'
import { journalContract } from './journal.js'
import { lifecycleContract } from './lifecycle.js'
import { limitContract } from './limits.js'
import { openContract } from './open.js'
import { pinContract } from './pins.js'
import { purchaseContract } from './purchases.js'
import { renewalContract } from './renewals.js'
import { recordContract } from './records.js'
import { sessionContract } from './sessions.js'
import { windowContract } from './windows.js'

/**
 * Says what a ledger has to do, as checks that need no test runner. Each makes its own ledgers, which must be empty.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * import { memoryLedger } from 'stipend'
 * import { ledgerContract } from 'stipend/testing'
 *
 * for (const [sentence, check] of Object.entries(ledgerContract)) test(sentence, () => check(memoryLedger))
 * ```
 */
export const ledgerContract: LedgerContract = Object.freeze({
  ...recordContract,
  ...limitContract,
  ...windowContract,
  ...lifecycleContract,
  ...purchaseContract,
  ...renewalContract,
  ...approvalContract,
  ...openContract,
  ...pinContract,
  ...sessionContract,
  ...journalContract,
  ...clockContract,
})
