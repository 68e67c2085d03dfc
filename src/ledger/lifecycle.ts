import type { Payment, PaymentStatus } from '../types.js'
import type { PaymentUpdate } from '../ports/ledger.js'

/**
 * Where a payment may go from where it stands, and on whose word:
 *
 * - our own, that the key was never used: `authorized` to `released`
 * - the server's: to `claimed` or `unknown`, which both count as spent
 * - a final block's: to `confirmed`, `expired` or `cancelled`, from which nothing leads away
 */
const next: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  authorized: ['claimed', 'unknown', 'released', 'confirmed', 'expired', 'cancelled'],
  unknown: ['claimed', 'unknown', 'confirmed', 'expired', 'cancelled'],
  claimed: ['claimed', 'confirmed', 'expired', 'cancelled'],
  confirmed: [],
  released: [],
  expired: [],
  cancelled: [],
}

/**
 * Moves a payment on. A server's word that comes late changes nothing: a claimed payment stays claimed, and a final
 * one final.
 *
 * @throws TypeError when the payment may not go there.
 */
export function advancePayment(payment: Payment, { status, receipt, note, ifTerms }: PaymentUpdate): Payment {
  const { nonce, validBefore } = payment.terms
  if (ifTerms && (ifTerms.nonce !== nonce || ifTerms.validBefore !== validBefore)) {
    throw new TypeError(`payment ${payment.id} was signed anew and cannot become ${status}`)
  }
  // One call cannot know that no other has used the key for the same purchase.
  const isShared = status === 'released' && payment.presentations > 1
  if (!isShared && next[payment.status].includes(status)) {
    return Object.freeze({ ...payment, status, receipt: receipt ?? payment.receipt, note })
  }
  if (status === 'claimed' || status === 'unknown') return payment
  throw new TypeError(`payment ${payment.id} is ${payment.status} and cannot become ${status}`)
}

/** Tells whether a payment counts towards limits. */
export function countsAsSpent({ status }: Pick<Payment, 'status'>): boolean {
  return status !== 'released' && status !== 'expired' && status !== 'cancelled'
}

/**
 * Moves a payment's counting to the ledger's own time, which never goes back: after a clock has been wrong by a year and
 * is right again, what is spent must not fall behind windows that have moved on.
 */
export function atLedgerTime(payment: Payment, ledgerNow: number): Payment {
  const behindMs = Math.max(0, ledgerNow - payment.createdAt)
  return behindMs === 0 ? payment : Object.freeze({ ...payment, countsUntil: payment.countsUntil + behindMs })
}

/**
 * Tells whether a payment may take the place of another of the same nonce: nobody has said yet what became of that one,
 * and it ends no later. One that ends later can still be settled when the record says that all is over.
 */
export function canRenewPayment(known: Payment, payment: Payment): boolean {
  const isOpen = known.status === 'authorized' || known.status === 'unknown'
  return isOpen && payment.terms.validBefore >= known.terms.validBefore
}

/** An authorization with less time than this is not sent again: it could end on its way. */
const shortestLifeMs = 10_000

/** Tells whether a payment's authorization can still be sent, at an instant in Unix milliseconds. */
export function isLivePayment(payment: Payment, now: number): boolean {
  return countsAsSpent(payment) && now < payment.terms.validBefore * 1000 - shortestLifeMs
}

/** Tells whether it is of any use to send a payment's authorization again, at an instant in Unix milliseconds. */
export function isUsefulPayment(payment: Payment, now: number): boolean {
  const { validBefore, usefulUntil = validBefore } = payment.terms
  return isLivePayment(payment, now) && now < usefulUntil * 1000 - shortestLifeMs
}

/** What is added to an authorization's end to be sure that no block executes it any more. */
export const clockMarginMs = 120_000

/**
 * Tells whether a payment's outcome is unknown while its authorization can still be sent, at an instant of the ledger's
 * own time: that can be ahead of the clock by which the authorization ends, after that clock was set back.
 */
export function isPendingPayment(payment: Payment, now: number): boolean {
  return payment.status === 'unknown' && now < payment.countsUntil - clockMarginMs - shortestLifeMs
}
