// What a ledger of one's own is made of: how a payment moves, how records are kept, how the journal is sealed, how time and
// windows are counted. The contract that a ledger has to pass is `ledgerContract` of `stipend/testing`.
export {
  approvalAtLedgerTime,
  decideApproval,
  isStandingApproval,
  isUsableApproval,
  maxApprovals,
} from './approvals.js'
export { decodeApproval, decodePayment, encodeApproval, encodePayment } from './codec.js'
export {
  entriesPerSeal,
  hashRecord,
  type JournalHead,
  type JournalRecord,
  nextEvent,
  nextRecord,
  nextSeal,
  type Seal,
} from './journal.js'
export {
  advancePayment,
  atLedgerTime,
  bindsTwin,
  canRenewPayment,
  countsAsSpent,
  isPresentable,
  isUnresolved,
  maxPresentations,
  presentPayment,
  renewPayment,
} from './lifecycle.js'
export { agreesWithPin } from './pins.js'
export { type LedgerTables, reservePayment, updatePayment } from './reserve.js'
export { shareOf } from './share.js'
export { hearTime, type LedgerTime, maxClockGapMs, rebaseTime, type TimeSource, type ToldTime } from './time.js'
export { leavesAt, windowKey, windowStart } from './window.js'
export { askedOf } from '../money.js'
export type {
  AuditEntry,
  AuditEvent,
  JournalEntry,
  Ledger,
  PaymentFilter,
  PaymentUpdate,
  Reservation,
  ReserveOptions,
} from '../ports/ledger.js'
