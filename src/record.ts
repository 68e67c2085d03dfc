import {
  AlreadyPaidError,
  isStipendError,
  LedgerUnavailableError,
  LimitExceededError,
  PaymentOutcomeUnknownError,
  UnpayableRequestError,
} from './errors.js'
import { explainLimit } from './explain.js'
import { deepFreeze } from './freeze.js'
import type { ReserveOptions } from './ledger/ledger.js'
import { isLivePayment } from './ledger/lifecycle.js'
import type { Allowed, Ask, Parts } from './parts.js'
import type { Limit, Payment } from './types.js'

/** The first sending and two more. */
const mostPresentations = 3

/**
 * Records the payment under its limits, in one step of the ledger. Where the purchase has a live payment already, it
 * is that one which is signed and sent again: the same nonce, so that it is paid once.
 */
export async function record(payment: Payment, { limits }: Allowed, ask: Ask, parts: Parts): Promise<Payment> {
  ask.signal?.throwIfAborted()
  const reservation = await reserve(payment, limits, { sameRequest: ask.sameRequest }, parts)
  if (reservation === undefined) return payment
  const again = resume(reservation, payment, parts.clock())
  if (isLivePayment(again, parts.clock())) return again
  const renewed = deepFreeze({ ...payment, presentations: again.presentations })
  const finished = await reserve(renewed, limits, { renew: true }, parts)
  if (finished) throw new AlreadyPaidError(finished)
  return renewed
}

/** Answers nothing when the payment was recorded, or the one that is there already. */
async function reserve(
  payment: Payment,
  limits: readonly Limit[],
  options: ReserveOptions,
  { ledger }: Parts,
): Promise<Payment | undefined> {
  const reservation = await ledger.reserve(payment, limits, options).catch((cause: unknown) => {
    throw isStipendError(cause) ? cause : new LedgerUnavailableError(cause)
  })
  if (reservation.ok) return undefined
  if (reservation.reason === 'exists') return reservation.payment
  const asked = reservation.limit.measure === 'count' ? 1n : payment.microUsd
  throw new LimitExceededError({ ...reservation, asked, explanation: explainLimit({ ...reservation, asked }) })
}

/** Answers the payment that is there already, if it may be sent for this request once more. */
function resume(existing: Payment, wanted: Payment, now: number): Payment {
  if (existing.requestDigest !== wanted.requestDigest) {
    throw new UnpayableRequestError('Purchase key names another request; nothing was signed', {
      details: ['A key is one purchase: use a new one for another method, URL or body.'],
    })
  }
  const isPaid = existing.status === 'confirmed' || (existing.status === 'claimed' && !isLivePayment(existing, now))
  if (isPaid) throw new AlreadyPaidError(existing)
  const unknown = (reason: string) => new PaymentOutcomeUnknownError(existing, { reason })
  if (!isSamePurchase(existing, wanted)) throw unknown('the server now asks other terms for the same purchase')
  if (existing.presentations > mostPresentations) throw unknown(`it was sent ${mostPresentations} times`)
  return existing
}

/** Tells whether two payments differ in nothing but their nonce and their time. */
function isSamePurchase(one: Payment, other: Payment): boolean {
  return (
    one.terms.payer === other.terms.payer &&
    one.asset.network === other.asset.network &&
    one.asset.address === other.asset.address &&
    one.scheme === other.scheme &&
    one.amount === other.amount &&
    one.payTo === other.payTo
  )
}
