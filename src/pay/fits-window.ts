import { ClockSkewError } from '../errors.js'
import { isUsefulPayment } from '../ledger/lifecycle.js'
import type { Payment } from '../types.js'
import type { PurchaseRequest, PayContext } from './context.js'

/** Facilitators refuse an authorization that has less than six seconds left by their own clock. */
const minLeftMs = 6_000

type Judge = { readonly request: Pick<PurchaseRequest, 'serverAheadMs'>; readonly context: Pick<PayContext, 'clock'> }

/**
 * Tells whether an authorization that is sent now comes in time. Its end is judged by the clock of the server, which may be
 * ahead of ours; how long it is of use to a chain is known by our own.
 */
export function comesInTime({ terms }: Payment, { request, context }: Judge): boolean {
  const now = context.clock()
  const { validBefore, usefulUntil = validBefore } = terms
  return validBefore * 1000 - serverNow(now, request) >= minLeftMs && usefulUntil * 1000 - now >= minLeftMs
}

/** Tells whether it is of any use to send a payment's authorization again, by the later of the two clocks. */
export function isWorthSendingAgain(payment: Payment, { request, context }: Judge): boolean {
  const now = context.clock()
  const terms = { ...payment.terms, usefulUntil: undefined }
  return isUsefulPayment({ ...payment, terms }, serverNow(now, request)) && isUsefulPayment(payment, now)
}

/** Says that a payment would be over before the server has it, where that is for its clock being ahead of ours. */
export function whyLate(payment: Payment, judge: Judge): ClockSkewError | undefined {
  const { serverAheadMs = 0 } = judge.request
  return serverAheadMs > 0 && !comesInTime(payment, judge) ? new ClockSkewError(serverAheadMs) : undefined
}

function serverNow(now: number, { serverAheadMs = 0 }: Pick<PurchaseRequest, 'serverAheadMs'>): number {
  return now + Math.max(0, serverAheadMs)
}
