import type { Limit, Payment, Reservation, ReserveOptions } from 'stipend'
import {
  atLedgerTime,
  bindsTwin,
  canRenewPayment,
  countsAsSpent,
  isUsableApproval,
  presentPayment,
  renewPayment,
} from 'stipend/ledger'
import type { Approvals } from './approvals.js'
import type { Clock } from './clock.js'
import type { Halts } from './halts.js'
import type { Journal } from './journal.js'
import type { Memory } from './memory.js'
import type { Meters } from './meters.js'
import type { Payments } from './payments.js'

/** All that a ledger's database keeps; called within a transaction. */
export type Tables = {
  readonly clock: Clock
  readonly payments: Payments
  readonly journal: Journal
  readonly meters: Meters
  readonly approvals: Approvals
  readonly halts: Halts
  readonly memory: Memory
}

type Refused = Exclude<Reservation, { readonly ok: true }>

/** Records a payment, or says what is in the way; within a transaction. */
export function reserve(
  payment: Payment,
  limits: readonly Limit[],
  options: ReserveOptions,
  tables: Tables,
): Reservation {
  const { payments, meters, approvals, memory } = tables
  const tick = tables.clock.tell(payment.createdAt)
  if (!tick.ok) return { ok: false, reason: 'clock', aheadMs: tick.aheadMs }
  const { now } = tick
  const known = payments.get(payment.id)
  const live = known && countsAsSpent(known) ? known : undefined
  const block =
    halt(options, { ...tables, now }) ??
    findExisting(payment, live, options, { ...tables, now }) ??
    findDifference(options, tables)
  if (block) return block
  if (live) meters.remove(live)
  const refusal = findExceeded(payment, limits, { ...tables, now }) ?? findUnapproved(options, { ...tables, now })
  if (refusal && live) meters.add(live)
  if (refusal) return refusal
  if (options.approval !== undefined) approvals.use(options.approval, now)
  memory.pin(options.pins ?? [], options.newPins ?? [])
  const recorded = atLedgerTime(live ? renewPayment(live, payment) : payment, now)
  payments.insert(recorded, now)
  meters.add(recorded)
  return { ok: true }
}

function halt(
  { sessions = [], notAfter }: ReserveOptions,
  { halts, now }: Tables & { readonly now: number },
): Refused | undefined {
  const freeze = halts.frozen()
  if (freeze) return { ok: false, reason: 'frozen', freeze }
  const session = halts.revoked(sessions)
  if (session) return { ok: false, reason: 'revoked', session }
  return notAfter !== undefined && now >= notAfter ? { ok: false, reason: 'late' } : undefined
}

/** The purchase's own payment, unless this one renews it, or another of the same request. */
function findExisting(
  payment: Payment,
  live: Payment | undefined,
  { unresolvedForMs, renew }: ReserveOptions,
  { payments, now }: Tables & { readonly now: number },
): Refused | undefined {
  if (live && renew && canRenewPayment(live, payment)) return undefined
  const alike = unresolvedForMs !== undefined && !live ? payments.byRequest(payment.requestDigest) : []
  const found = live ?? alike.find((twin) => bindsTwin(twin, unresolvedForMs, now))
  if (!found) return undefined
  const presented = presentPayment(found, now)
  payments.replace(presented, now)
  return { ok: false, reason: 'exists', payment: presented }
}

function findDifference({ pins = [] }: ReserveOptions, { memory }: Tables): Refused | undefined {
  const difference = memory.differs(pins)
  return difference && { ok: false, reason: 'pin', ...difference }
}

function findExceeded(
  payment: Payment,
  limits: readonly Limit[],
  { meters, now }: Tables & { readonly now: number },
): Refused | undefined {
  for (const limit of limits) {
    const refusal = meters.refuse(limit, payment, now)
    if (refusal) return { ok: false, reason: 'limit', limit, ...refusal }
  }
  return undefined
}

/** Asked for last: nobody is asked for a payment that a limit or a pin forbids. */
function findUnapproved(
  { approval: id }: ReserveOptions,
  { approvals, now }: Tables & { readonly now: number },
): Refused | undefined {
  const approval = id === undefined ? undefined : approvals.get(id)
  if (id === undefined || (approval && isUsableApproval(approval, now))) return undefined
  return { ok: false, reason: 'approval', approval }
}
