import { AlreadyPaidError, LimitExceededError, PaymentOutcomeUnknownError, UnpayableRequestError } from '../errors.js'
import { isWorthSendingAgain } from './fits-window.js'
import { explainLimit } from '../ledger/explain-limit.js'
import { bindsUntil, isLivePayment, isSamePurchase, maxPresentations } from '../ledger/lifecycle.js'
import type { PurchaseRequest, PayContext } from './context.js'
import type { Payable, Prepared } from './prepare.js'
import { canReprice, prepareAnew, renew } from './renew.js'
import type { Payment } from '../types.js'

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
  const unknown = (payment: Payment, reason: string, cause?: unknown) =>
    new PaymentOutcomeUnknownError(payment, {
      reason,
      cause,
      bindsUntil: isTwin ? bindsUntil(payment, context.unresolvedForMs) : undefined,
    })
  const isDelivered = (payment: Payment): boolean =>
    context.delivered.has(payment.id) || !isLivePayment(payment, context.clock())
  const isRepriced = !isSamePurchase(existing, wanted) && canReprice(existing, wanted, request)
  const asKnown = isRepriced ? { ...wanted, amount: existing.amount, payTo: existing.payTo } : wanted
  // What is asked at another price was not taken to be sent again when it was found.
  const most = isRepriced ? maxPresentations - 1 : maxPresentations
  const resumed = resume(existing, asKnown, { isDelivered, unknown, most })
  if (!isRepriced && isWorthSendingAgain(resumed, { request, context })) return resumed
  if (!allowed.scheme.atMostOnce) throw unknown(resumed, 'it is too late to send it again, and too early to sign anew')
  const own = isTwin
    ? await prepareAnew(existing, { required, allowed }, request, context)
    : { payment: wanted, allowed }
  const renewed = await renew(resumed, own, request, context).catch((error: unknown) => {
    throw error instanceof LimitExceededError ? unknown(resumed, beyondLimits(explainLimit(error)), error) : error
  })
  if (!renewed) throw unknown(resumed, 'its nonce cannot be made again')
  const { payment, tried: other } = renewed
  if (other.type === 'recorded') return payment
  if (other.type === 'beyond') throw unknown(resumed, beyondLimits(other.excess.explanation))
  if (other.type === 'waiting')
    throw unknown(
      resumed,
      'its owner has to be asked before it is signed anew, or to wait, and was not when it was recorded',
    )
  // Another process was first: it has paid meanwhile, or renewed the payment by a clock that is ahead of ours.
  if (other.type === 'existing' && isLivePayment(other.payment, context.clock()))
    return resume(other.payment, wanted, { isDelivered, unknown, most: maxPresentations })
  throw unknown(resumed, 'another call is at it')
}

type Resuming = {
  readonly isDelivered: (payment: Payment) => boolean
  readonly unknown: (payment: Payment, reason: string) => PaymentOutcomeUnknownError
  /** How often it may have been taken to be sent. */
  readonly most: number
}

function beyondLimits(explanation: string): string {
  return `signed anew, it would go beyond what its owner lets it: ${explanation}`
}

/** Answers the payment that is there already, if it may be sent for this request once more. */
function resume(existing: Payment, wanted: Payment, { isDelivered, unknown, most }: Resuming): Payment {
  if (existing.requestDigest !== wanted.requestDigest) {
    throw new UnpayableRequestError('Purchase key names another request; nothing was signed', {
      details: ['A key is one purchase: use a new one for another method, URL or body.'],
    })
  }
  // After a crash it may be that nobody has what was bought: while the payment lives, the server is asked for it once more.
  const isPaid = existing.status === 'confirmed' || (existing.status === 'claimed' && isDelivered(existing))
  if (isPaid) throw new AlreadyPaidError(existing)
  if (!isSamePurchase(existing, wanted))
    throw unknown(existing, 'the server now asks other terms for the same purchase')
  if (existing.presentations > most) throw unknown(existing, `it was sent ${maxPresentations} times`)
  return existing
}
