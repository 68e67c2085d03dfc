import { comesInTime } from './fits-window.js'
import { recordAnew } from './reserve.js'
import { dropSigned, sign } from './sign.js'
import type { PurchaseRequest, PayContext } from './context.js'
import type { Prepared } from './prepare.js'
import type { Payment, PaymentRequired } from '../types.js'

/** A payment that is recorded and signed, and whose time is not over. */
export type Signed = Prepared & { readonly signature: string }

const late = 'the signature came too late to be sent'

/**
 * Signs a recorded payment. A signature that comes when too little of its time is left is not sent, but made once more under
 * the same nonce with a new time, where the token takes a nonce once.
 *
 * @throws SigningFailedError when the second is as late, or the purchase is not allowed any more; then it is released where
 * no signature can have left, else unknown.
 */
export async function signInTime(
  recorded: Prepared,
  required: PaymentRequired,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Signed> {
  const first = await signOnce(recorded, request, context)
  if (comesInTime(first.payment, { request, context })) return first
  const second = await signOnce(await renewLate(recorded, required, request, context), request, context)
  if (comesInTime(second.payment, { request, context })) return second
  throw await dropSigned(second.payment, second.allowed.signer, { reason: late }, context)
}

async function signOnce(prepared: Prepared, request: PurchaseRequest, context: PayContext): Promise<Signed> {
  return { ...prepared, signature: await sign(prepared.payment, prepared.allowed, request, context) }
}

/** What another program has signed counts as sent: it may be in its hands, whatever becomes of the next signature. */
function asSigned(payment: Payment, { signer }: Prepared['allowed']): Payment {
  return signer.throwsUnsigned === true ? payment : { ...payment, presentations: payment.presentations + 1 }
}

/** Records the purchase with a new time; meanwhile the policy can have changed, or another process been at it. */
async function renewLate(
  { payment, allowed }: Prepared,
  required: PaymentRequired,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Prepared> {
  const drop = (cause?: unknown) => dropSigned(payment, allowed.signer, { reason: late, cause }, context)
  if (!allowed.scheme.atMostOnce) throw await drop()
  try {
    request.signal?.throwIfAborted()
    const renewed = await recordAnew(asSigned(payment, allowed), { required, allowed }, request, context)
    if (renewed) return renewed
  } catch (cause) {
    throw await drop(cause)
  }
  throw await drop()
}
