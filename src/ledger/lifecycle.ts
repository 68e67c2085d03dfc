import { toMicroUsd } from '../money.js'
import type { MicroUsd, Payment, PaymentStatus, Receipt } from '../types.js'
import type { PaymentUpdate } from '../ports/ledger.js'

/**
 * Where a payment may go from where it stands, and on whose word:
 *
 * - our own, that the key was never used: `authorized` to `released`
 * - the server's: to `claimed` or `unknown`, which both count as spent
 * - a final block's: to `confirmed`, `expired` or `cancelled`, from which nothing leads away
 * - the owner's: see `ownersNext`
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

/** Where its owner may move a payment that no evidence resolves; what a final block shows is not for anybody to undo. */
const ownersNext: Readonly<Partial<Record<PaymentStatus, readonly PaymentStatus[]>>> = {
  authorized: ['released', 'claimed'],
  unknown: ['released', 'claimed'],
  claimed: ['released', 'claimed'],
  confirmed: ['confirmed'],
}

/**
 * Moves a payment on. A server's word that comes late changes nothing: a claimed payment stays claimed, and a final
 * one final; only an answer that broke off takes back what it claimed.
 *
 * @throws TypeError when the payment may not go there.
 */
export function advancePayment(payment: Payment, update: PaymentUpdate): Payment {
  const { status, receipt, note, ifTerms } = update
  const { nonce, validBefore } = payment.terms
  if (ifTerms && (ifTerms.nonce !== nonce || ifTerms.validBefore !== validBefore)) {
    throw new TypeError(`payment ${payment.id} was signed anew and cannot become ${status}`)
  }
  if (update.resolution) return resolvePayment(payment, { status, resolution: update.resolution })
  // One call cannot know that no other has used the key for the same purchase.
  const isShared = status === 'released' && payment.presentations > 1
  const isBroken = status === 'unknown' && update.undelivered === true && !payment.resolution
  if (!isShared && (next[payment.status].includes(status) || (isBroken && payment.status === 'claimed'))) {
    const undelivered = isUndelivered(payment, update)
    const microUsd = costOf(payment, update)
    return Object.freeze({ ...payment, microUsd, status, receipt: receiptOf(payment, receipt), note, undelivered })
  }
  if (payment.status === 'confirmed' && (isBroken || status === 'claimed')) {
    return Object.freeze({ ...payment, undelivered: isBroken ? true : undefined })
  }
  if (status === 'claimed' || status === 'unknown') return payment
  throw new TypeError(`payment ${payment.id} is ${payment.status} and cannot become ${status}`)
}

/** Who signed for a payment has signed for it also when a chain shows it, unless that shows another transaction. */
function receiptOf({ receipt: known }: Payment, receipt: Receipt | undefined): Receipt | undefined {
  if (!receipt || !known?.attestedBy || receipt.attestedBy) return receipt ?? known
  const { attestedBy, attestation, transaction } = known
  return transaction === receipt.transaction ? { ...receipt, attestedBy, attestation } : receipt
}

/** Of a maximum that was held, what a final block shows to be taken is what counts from then on: less, or what a fee made more. */
function costOf({ terms, amount, asset, microUsd }: Payment, { status, receipt }: PaymentUpdate): MicroUsd {
  const taken = status === 'confirmed' && receipt?.status === 'confirmed' ? receipt.amount : undefined
  if (!terms.isMaximum || taken === undefined || taken === amount) return microUsd
  return toMicroUsd(taken, asset)
}

/** Moves a payment on its owner's word, after which it stands in the way of nothing. */
function resolvePayment(
  payment: Payment,
  { status, resolution }: Pick<PaymentUpdate, 'status' | 'resolution'>,
): Payment {
  if (ownersNext[payment.status]?.includes(status)) {
    return Object.freeze({ ...payment, status, resolution, undelivered: undefined })
  }
  throw new TypeError(`payment ${payment.id} is ${payment.status}, and its owner cannot make it ${status}`)
}

/** What was paid was delivered once a whole, successful answer has claimed it. */
function isUndelivered({ status: before, undelivered }: Payment, update: PaymentUpdate): true | undefined {
  if (update.status === 'claimed') return undefined
  if (update.status === 'confirmed') return before !== 'claimed' || undefined
  return update.undelivered || undelivered ? true : undefined
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
  if (behindMs === 0) return payment
  return Object.freeze({ ...payment, countsUntil: payment.countsUntil + behindMs, sentAt: ledgerNow })
}

/**
 * Tells whether a payment may take the place of another of the same nonce: nobody has said yet what became of that one,
 * and it ends no later. One that ends later can still be settled when the record says that all is over.
 */
export function canRenewPayment(known: Payment, payment: Payment): boolean {
  const isOpen = known.status === 'authorized' || known.status === 'unknown'
  return isOpen && payment.terms.validBefore >= known.terms.validBefore && coversTerms(payment, known)
}

/** Tells whether a payment knows of all that was signed with its nonce: one that does not would count as less. */
function coversTerms(payment: Payment, known: Payment): boolean {
  const termsOf = (one: Payment) => [one, ...(one.earlier ?? [])]
  return termsOf(known).every(({ amount, payTo }) =>
    termsOf(payment).some((one) => one.amount === amount && one.payTo === payTo),
  )
}

/**
 * Answers a payment as it takes the place of another of the same nonce. Whoever renews may not know that another call has
 * sent it meanwhile: what was sent stays counted, and its budget is not given back.
 */
export function renewPayment(known: Payment, payment: Payment): Payment {
  if (known.presentations <= payment.presentations) return payment
  return Object.freeze({ ...payment, presentations: known.presentations })
}

/** An authorization with less time than this is not sent again: it could end on its way. */
const minLifeMs = 10_000

/** Tells whether a payment's authorization can still be sent, at an instant in Unix milliseconds. */
export function isLivePayment(payment: Payment, now: number): boolean {
  return countsAsSpent(payment) && now < payment.terms.validBefore * 1000 - minLifeMs
}

/** Tells whether it is of any use to send a payment's authorization again, at an instant in Unix milliseconds. */
export function isUsefulPayment(payment: Payment, now: number): boolean {
  const { validBefore, usefulUntil = validBefore } = payment.terms
  return isLivePayment(payment, now) && now < usefulUntil * 1000 - minLifeMs
}

/** What is added to an authorization's end to be sure that no block executes it any more. */
export const clockMarginMs = 120_000

/**
 * Tells whether nobody has said yet what became of a payment, or it was paid and what it bought did not come: then an
 * identical request goes on from it.
 */
export function isUnresolved({ status, undelivered }: Pick<Payment, 'status' | 'undelivered'>): boolean {
  return status === 'authorized' || status === 'unknown' || (status === 'confirmed' && undelivered === true)
}

/**
 * Answers until when an unresolved payment stands in the way of an identical request, in Unix milliseconds of the ledger's
 * time: while it can be settled, and for a while after it was last sent.
 */
export function bindsUntil(payment: Payment, unresolvedForMs: number): number {
  const { countsUntil, createdAt, sentAt = createdAt, terms } = payment
  return Math.max(countsUntil, sentAt + unresolvedForMs, (terms.openUntil ?? 0) * 1000)
}

/** Tells whether a payment stands in the way of an identical request at an instant of the ledger's time. */
export function bindsTwin(payment: Payment, unresolvedForMs: number | undefined, ledgerNow: number): boolean {
  return unresolvedForMs !== undefined && isUnresolved(payment) && ledgerNow < bindsUntil(payment, unresolvedForMs)
}

/** The first sending and two more. */
export const maxPresentations = 3

/**
 * Tells whether a payment that is there is taken to be sent again for one that is to be reserved. Who finds it otherwise, as
 * where other terms are asked by now, sends nothing; the last who finds it is the first that may not send it any more.
 */
export function isPresentable(known: Payment, wanted: Payment): boolean {
  return (
    known.status !== 'confirmed' &&
    known.presentations <= maxPresentations &&
    known.requestDigest === wanted.requestDigest &&
    isSamePurchase(known, wanted)
  )
}

/** Tells whether two payments differ in nothing but their nonce and their time. */
export function isSamePurchase(one: Payment, other: Payment): boolean {
  return (
    one.terms.payer === other.terms.payer &&
    // Another contract would take the same nonce once more.
    one.terms.method === other.terms.method &&
    one.asset.network === other.asset.network &&
    one.asset.address === other.asset.address &&
    one.scheme === other.scheme &&
    one.amount === other.amount &&
    one.payTo === other.payTo
  )
}

/** Answers a payment as it is taken to be sent once more. */
export function presentPayment(payment: Payment, ledgerNow: number): Payment {
  return Object.freeze({ ...payment, presentations: payment.presentations + 1, sentAt: ledgerNow })
}
