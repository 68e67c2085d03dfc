import type { PaymentUpdate, Reservation, ReserveOptions } from '../ports/ledger.js'
import type { Approval, ApprovalId, Freeze, Limit, Payment, PaymentId, Pin, SessionId } from '../types.js'
import { isUsableApproval } from './approvals.js'
import {
  advancePayment,
  atLedgerTime,
  bindsTwin,
  canRenewPayment,
  countsAsSpent,
  isPresentable,
  presentPayment,
  renewPayment,
} from './lifecycle.js'

/**
 * What a ledger keeps, as `reservePayment` and `updatePayment` read and change it. Nothing else may come between the calls
 * that one of them makes, and where one of these throws, what the others have changed is to be undone or never begun.
 */
export type LedgerTables = {
  readonly clock: {
    /** Moves the ledger's time on to what a client says, never back; or answers how far the client is apart. */
    readonly tell: (
      told: number,
    ) => { readonly ok: true; readonly now: number } | { readonly ok: false; readonly aheadMs: number }
    readonly now: () => number
  }
  readonly payments: {
    readonly get: (id: PaymentId) => Payment | undefined
    /** Those of a request that nobody may have resolved yet, newest first. */
    readonly byRequest: (digest: string) => readonly Payment[]
    /** Records a payment, and in its journal that it stands so from an instant of the ledger's time on. */
    readonly insert: (payment: Payment, at: number) => void
    /** Records how a payment that is there stands now, likewise. */
    readonly replace: (payment: Payment, at: number) => void
  }
  readonly meters: {
    readonly add: (payment: Payment) => void
    readonly remove: (payment: Payment) => void
    /** Notes that a payment that counts on stands elsewhere now. */
    readonly move: (before: Payment, after: Payment) => void
    readonly refuse: (
      limit: Limit,
      payment: Payment,
      now: number,
    ) => { readonly used: bigint; readonly fitsAt?: number | undefined } | undefined
  }
  readonly approvals: {
    readonly get: (id: ApprovalId) => Approval | undefined
    readonly use: (id: ApprovalId, now: number) => unknown
  }
  readonly halts: {
    readonly frozen: () => Freeze | undefined
    /** Answers the first of these sessions that is revoked. */
    readonly revoked: (ids: readonly SessionId[]) => SessionId | undefined
  }
  readonly memory: {
    /** Answers the first pin that does not agree with what is remembered under its key. */
    readonly differs: (pins: readonly Pin[]) => { readonly pin: Pin; readonly remembered: string } | undefined
    /** Remembers pins where nothing is yet, and new ones whatever was before. */
    readonly pin: (pins: readonly Pin[], newPins: readonly Pin[]) => void
  }
}

type Refused = Exclude<Reservation, { readonly ok: true }>
type Now = LedgerTables & { readonly now: number }

/**
 * Records a payment, or says what is in the way, in one step.
 *
 * @throws TypeError when a limit is on a counter that the payment is not added to.
 */
export function reservePayment(
  payment: Payment,
  limits: readonly Limit[],
  options: ReserveOptions,
  tables: LedgerTables,
): Reservation {
  const tick = tables.clock.tell(payment.createdAt)
  if (!tick.ok) return { ok: false, reason: 'clock', aheadMs: tick.aheadMs }
  const now: Now = { ...tables, now: tick.now }
  const known = tables.payments.get(payment.id)
  const live = known && countsAsSpent(known) ? known : undefined
  const refusal =
    findHalt(options, now) ??
    findExisting(payment, live, options, now) ??
    findDifference(options, now) ??
    findExceeded(payment, limits, live, now) ??
    findUnapproved(options, now)
  if (refusal) return refusal
  record(atLedgerTime(live ? renewPayment(live, payment) : payment, tick.now), live, options, now)
  return { ok: true }
}

/**
 * Moves a payment on by the lifecycle; answers it as it then stands.
 *
 * @throws TypeError when there is no such payment, or it may not go there.
 */
export function updatePayment(id: PaymentId, update: PaymentUpdate, tables: LedgerTables): Payment {
  const { payments, meters, clock } = tables
  const payment = payments.get(id)
  if (!payment) throw new TypeError(`payment ${id} is not in the ledger`)
  const moved = advancePayment(payment, update)
  if (moved !== payment) payments.replace(moved, clock.now())
  if (countsAsSpent(payment) && !countsAsSpent(moved)) meters.remove(payment)
  else meters.move(payment, moved)
  return moved
}

function findHalt({ sessions = [], notAfter }: ReserveOptions, { halts, now }: Now): Refused | undefined {
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
  { payments, now }: Now,
): Refused | undefined {
  if (live && renew && canRenewPayment(live, payment)) return undefined
  const alike = unresolvedForMs !== undefined && !live ? payments.byRequest(payment.requestDigest) : []
  const found = live ?? alike.find((twin) => bindsTwin(twin, unresolvedForMs, now))
  if (!found) return undefined
  if (!isPresentable(found, payment)) return { ok: false, reason: 'exists', payment: found }
  const presented = presentPayment(found, now)
  payments.replace(presented, now)
  return { ok: false, reason: 'exists', payment: presented }
}

function findDifference({ pins = [] }: ReserveOptions, { memory }: Now): Refused | undefined {
  const difference = memory.differs(pins)
  return difference && { ok: false, reason: 'pin', ...difference }
}

/** The first limit that would not hold with the payment in place of the one that it renews. */
function findExceeded(
  payment: Payment,
  limits: readonly Limit[],
  live: Payment | undefined,
  { meters, now }: Now,
): Refused | undefined {
  if (live) meters.remove(live)
  try {
    for (const limit of limits) {
      const refusal = meters.refuse(limit, payment, now)
      if (refusal) return { ok: false, reason: 'limit', limit, ...refusal }
    }
    return undefined
  } finally {
    if (live) meters.add(live)
  }
}

/** Asked for last: nobody is asked for a payment that a limit or a pin forbids. */
function findUnapproved({ approval: id }: ReserveOptions, { approvals, now }: Now): Refused | undefined {
  const approval = id === undefined ? undefined : approvals.get(id)
  if (id === undefined || (approval && isUsableApproval(approval, now))) return undefined
  return { ok: false, reason: 'approval', approval }
}

function record(
  payment: Payment,
  live: Payment | undefined,
  { approval, pins = [], newPins = [] }: ReserveOptions,
  { payments, meters, approvals, memory, now }: Now,
): void {
  if (live) meters.remove(live)
  if (approval !== undefined) approvals.use(approval, now)
  memory.pin(pins, newPins)
  payments.insert(payment, now)
  meters.add(payment)
}
