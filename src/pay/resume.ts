import { AlreadyPaidError, PaymentOutcomeUnknownError, UnpayableRequestError } from '../errors.js'
import { deepFreeze } from '../lib/freeze.js'
import { bindsUntil, isLivePayment, isUsefulPayment } from '../ledger/lifecycle.js'
import type { PurchaseRequest, PayContext } from './context.js'
import { type Payable, prepare, type Prepared } from './prepare.js'
import { isSoft, tryReserve } from './try-reserve.js'
import type { Payment } from '../types.js'

/** The first sending and two more. */
const maxPresentations = 3

/**
 * Answers the payment that is there to be sent once more, or, where its time is over and its token refuses a nonce twice,
 * signed anew under its own nonce.
 */
export async function resumeOrRenew(
  existing: Payment,
  { required, payment: wanted, allowed }: Prepared & Pick<Payable, 'required'>,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Payment> {
  const isTwin = existing.id !== wanted.id
  const unknown = (payment: Payment, reason: string) =>
    new PaymentOutcomeUnknownError(payment, {
      reason,
      bindsUntil: isTwin ? bindsUntil(payment, context.unresolvedForMs) : undefined,
    })
  const resumed = resume(existing, wanted, { now: context.clock(), unknown })
  if (isUsefulPayment(resumed, context.clock())) return resumed
  if (!allowed.scheme.atMostOnce) throw unknown(resumed, 'it is too late to send it again, and too early to sign anew')
  const own = isTwin
    ? await prepare({ required, candidates: [allowed] }, { ...request, purchaseKey: existing.purchaseKey }, context)
    : { payment: wanted, allowed }
  if (!hasItsNonce(own.payment, existing)) throw unknown(resumed, 'its nonce cannot be made again')
  const renewed = deepFreeze({ ...own.payment, presentations: resumed.presentations })
  const other = await renew(renewed, own.allowed, context)
  if (other.type === 'recorded') return renewed
  // Another process was first: it has paid meanwhile, or renewed the payment by a clock that is ahead of ours.
  if (other.type === 'existing' && isLivePayment(other.payment, context.clock()))
    return resume(other.payment, wanted, { now: context.clock(), unknown })
  throw unknown(resumed, 'another call is at it')
}

/** Limits that a person may have let the first payment exceed are not checked again. */
function renew(renewed: Payment, { limits }: Prepared['allowed'], context: PayContext): ReturnType<typeof tryReserve> {
  const { sessions, notAfter } = context
  const firm = limits.filter((limit) => !isSoft(limit))
  return tryReserve(renewed, firm, { renew: true, sessions, notAfter }, context)
}

function hasItsNonce(payment: Payment, existing: Payment): boolean {
  return payment.id === existing.id && payment.terms.nonce === existing.terms.nonce && isSamePurchase(existing, payment)
}

type Resuming = {
  readonly now: number
  readonly unknown: (payment: Payment, reason: string) => PaymentOutcomeUnknownError
}

/** Answers the payment that is there already, if it may be sent for this request once more. */
function resume(existing: Payment, wanted: Payment, { now, unknown }: Resuming): Payment {
  if (existing.requestDigest !== wanted.requestDigest) {
    throw new UnpayableRequestError('Purchase key names another request; nothing was signed', {
      details: ['A key is one purchase: use a new one for another method, URL or body.'],
    })
  }
  const isPaid = existing.status === 'confirmed' || (existing.status === 'claimed' && !isLivePayment(existing, now))
  if (isPaid) throw new AlreadyPaidError(existing)
  if (!isSamePurchase(existing, wanted))
    throw unknown(existing, 'the server now asks other terms for the same purchase')
  if (existing.presentations > maxPresentations) throw unknown(existing, `it was sent ${maxPresentations} times`)
  return existing
}

/** Tells whether two payments differ in nothing but their nonce and their time. */
function isSamePurchase(one: Payment, other: Payment): boolean {
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
