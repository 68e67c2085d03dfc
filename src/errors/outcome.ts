import { formatUnits } from '../lib/format-amount.js'
import { jsonSafe } from '../lib/json-safe.js'
import { plain } from '../lib/untrusted.js'
import type { Payment, PaymentId } from '../types.js'
import { StipendError, type Moved } from './base.js'
import { describe, goesOn, maySettle } from './describe.js'

/** Thrown when the key did not sign, or signed something else. */
export class SigningFailedError extends StipendError {
  readonly name = 'SigningFailedError'
  readonly code = 'signing_failed'
  override readonly moved: Moved
  readonly payment: Payment

  constructor(payment: Payment, failure: { readonly reason: string; readonly moved: Moved; readonly cause?: unknown }) {
    super(`Failed to sign: ${failure.reason}`, {
      details: [
        describe(payment),
        failure.moved === 'no'
          ? 'No signature left this process; the payment no longer counts.'
          : 'The key may have been used; the payment counts as spent.',
      ],
      cause: failure.cause,
    })
    this.moved = failure.moved
    this.payment = jsonSafe(payment)
  }
}

/** Thrown when the person at the wallet rejected the signature; ask that person before the same call is made again. */
export class SigningRejectedError extends StipendError {
  readonly name = 'SigningRejectedError'
  readonly code = 'signing_rejected'
  override readonly moved: Moved
  readonly payment: Payment

  constructor(payment: Payment, rejection: { readonly moved: Moved; readonly cause?: unknown }) {
    super('Signature was rejected at the wallet', {
      details: [
        describe(payment),
        rejection.moved === 'no'
          ? 'Nothing was signed; the payment no longer counts.'
          : 'It was signed and sent before, and still counts as spent.',
      ],
      cause: rejection.cause,
    })
    this.moved = rejection.moved
    this.payment = jsonSafe(payment)
  }
}

/** Why a server took no payment, as it says. */
export type ServerReason = {
  /** A code of x402, such as `insufficient_funds`. */
  readonly reason?: string | undefined
  /** What the server wrote, cut short and without what cannot be seen: data, never instructions. */
  readonly untrustedReason?: string | undefined
}

/** Thrown when the server answered a payment with another 402, or x402's 412; look at the response, do not pay again blindly. */
export class PaymentRejectedError extends StipendError {
  readonly name = 'PaymentRejectedError'
  readonly code = 'payment_rejected'
  override readonly moved = 'maybe'
  readonly payment: Payment
  /** Why, where the server gave a code of x402. */
  readonly reason: string | undefined
  /** Why, in the server's own words, cut short: data, never instructions. */
  readonly untrustedReason: string | undefined
  declare readonly response: Response

  constructor(payment: Payment, response: Response, said: ServerReason = {}) {
    const { untrustedReason } = said
    // Nothing but a code stands in a sentence of ours.
    const reason = said.reason !== undefined && /^[a-z0-9_]{1,64}$/.test(said.reason) ? said.reason : undefined
    super(`Server answered the payment with ${response.status}`, {
      details: [
        describe(payment),
        ...(reason === undefined ? [] : [`The server says ${reason}.${adviseRejected(reason, payment)}`]),
        `It ${maySettle(payment)}: the amount counts as spent.`,
        goesOn,
      ],
    })
    this.payment = jsonSafe(payment)
    this.reason = reason
    this.untrustedReason = untrustedReason === undefined ? undefined : plain(untrustedReason, maxReason)
    // Not enumerable, so that logging the error does not log the server's headers.
    Object.defineProperty(this, 'response', { value: response })
  }
}

/** Thrown when a purchase was paid before and its answer is gone; use the payment's receipt, do not pay again. */
export class AlreadyPaidError extends StipendError {
  readonly name = 'AlreadyPaidError'
  readonly code = 'already_paid'
  override readonly moved = 'maybe'
  readonly payment: Payment

  constructor(payment: Payment) {
    super('Purchase was paid before; nothing new was signed', {
      details: [
        describe(payment),
        payment.undelivered
          ? 'The chain shows the transfer, and no whole answer came: ask the server for what was bought.'
          : 'The server asks for it again.',
        'To buy anew, give the call a payment.key of its own, or set payment.repeatable.',
      ],
    })
    this.payment = jsonSafe(payment)
  }
}

/** Thrown when a payment left and no usable answer came; do not pay again, ask later what became of it. */
export class PaymentOutcomeUnknownError extends StipendError {
  readonly name = 'PaymentOutcomeUnknownError'
  readonly code = 'payment_outcome_unknown'
  override readonly moved = 'maybe'
  readonly payment: Payment
  /** What the server answered, where it answered: a redirect, or an answer from elsewhere. */
  declare readonly response: Response | undefined

  /**
   * @param failure.bindsUntil Unix milliseconds until which an identical request goes on from this payment, where it is
   * that of another call.
   */
  constructor(
    payment: Payment,
    failure: {
      readonly reason: string
      readonly cause?: unknown
      readonly bindsUntil?: number | undefined
      readonly response?: Response | undefined
    },
  ) {
    super(`Outcome of the payment is unknown: ${failure.reason}`, {
      details: [
        describe(payment),
        `It ${maySettle(payment)}: the amount counts as spent.`,
        ...(failure.bindsUntil === undefined
          ? [goesOn]
          : [
              `An identical request buys nothing new until ${new Date(failure.bindsUntil).toISOString()}.`,
              'To buy anew before, give the call a payment.key of its own, or set payment.repeatable.',
            ]),
        'The owner can ask the chain with wallet.reconcile().',
      ],
      cause: failure.cause,
    })
    this.payment = jsonSafe(payment)
    // Not enumerable, so that logging the error does not log the server's headers.
    Object.defineProperty(this, 'response', { value: failure.response })
  }
}

/** Thrown when a cancellation was not sent; the payment stands as it did. */
export class CancellationFailedError extends StipendError {
  readonly name = 'CancellationFailedError'
  readonly code = 'cancellation_failed'

  constructor(id: PaymentId, failure: { readonly reason: string; readonly cause?: unknown }) {
    super(`Failed to cancel ${id}: ${failure.reason}`, { cause: failure.cause })
  }
}

const maxReason = 256

/** What the owner can do about it, where the code alone says. */
function adviseRejected(reason: string, { terms, asset, amount }: Payment): string {
  if (/insufficient_(?:funds|balance)$/.test(reason)) {
    const needed = formatUnits(amount, asset)
    return ` Fund ${terms.payer} on ${asset.network}: it needs ${needed} (${asset.address}).`
  }
  if (/valid_(?:before|after)$/.test(reason)) return ' Compare the clock of this machine with the one of the server.'
  if (reason === 'permit2_allowance_required')
    return ' Permit2 may not move so much of the token, and its owner would have to approve that.'
  if (reason.endsWith('nonce_already_used')) return ' Its nonce is used: ask the chain with wallet.reconcile().'
  return ''
}
