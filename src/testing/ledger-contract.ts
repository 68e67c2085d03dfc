import type { LedgerContract } from './ledger-checks.js'
import { approvalContract } from './ledger-approvals.js'
import { lifecycleContract } from './ledger-lifecycle.js'
import { limitContract } from './ledger-limits.js'
import { openContract } from './ledger-open.js'
import { pinContract } from './ledger-pins.js'
import { purchaseContract } from './ledger-purchases.js'
import { recordContract } from './ledger-records.js'
import { sessionContract } from './ledger-sessions.js'
import { windowContract } from './ledger-windows.js'

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
  ...approvalContract,
  ...openContract,
  ...pinContract,
  ...sessionContract,
})
