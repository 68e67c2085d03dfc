import { jsonSafe } from '../lib/json-safe.js'
import type { Approval, Freeze, Limit, Offer, SessionId } from '../types.js'
import { StipendError } from './base.js'
import { describeApproval } from './describe.js'

/** One rule's no to one offer. */
export type Refusal = { readonly offer?: Offer | undefined; readonly rule: string; readonly reason: string }

/** Thrown when the policy says no; tell the person or the model which rule it was. */
export class PaymentDeniedError extends StipendError {
  readonly name = 'PaymentDeniedError'
  readonly code = 'payment_denied'
  readonly refusals: readonly Refusal[]

  constructor(refusals: readonly Refusal[], options: { readonly cause?: unknown } = {}) {
    super('Payment denied by the policy; nothing was signed', {
      details: [...new Set(refusals.map((one) => `${one.rule}: ${one.reason}`))],
      cause: options.cause,
    })
    this.refusals = refusals
  }
}

/** Thrown when a limit would be exceeded; wait until it frees up, or ask the owner for more. */
export class LimitExceededError extends StipendError {
  readonly name = 'LimitExceededError'
  readonly code = 'limit_exceeded'
  /** Not where each such payment is beyond it, whenever it is made. */
  override readonly retryable: boolean
  readonly limit: Limit
  /** In the limit's measure: micro-USD, or a count. */
  readonly used: bigint
  readonly asked: bigint
  /** When it would fit, in Unix milliseconds, where time alone makes it fit. */
  readonly fitsAt: number | undefined

  constructor(refusal: {
    readonly limit: Limit
    readonly used: bigint
    readonly asked: bigint
    readonly fitsAt?: number | undefined
    readonly explanation: string
  }) {
    super('Payment would exceed a limit; nothing was signed', { details: [refusal.explanation] })
    // A limit that came over HTTP may lack it.
    const { window }: Partial<Limit> = refusal.limit
    this.retryable = window?.type !== 'payment'
    this.limit = refusal.limit
    this.used = refusal.used
    this.asked = refusal.asked
    this.fitsAt = refusal.fitsAt
  }
}

/** Thrown when the wallet is frozen; ask the owner, who can unfreeze it. */
export class WalletFrozenError extends StipendError {
  readonly name = 'WalletFrozenError'
  readonly code = 'wallet_frozen'
  override readonly retryable = true
  readonly freeze: Freeze

  constructor(freeze: Freeze) {
    super('Wallet is frozen; nothing was signed', {
      details: [
        `since ${new Date(freeze.at).toISOString()}: ${freeze.reason}`,
        "It goes on after wallet.unfreeze(), which is its owner's to call.",
      ],
    })
    this.freeze = freeze
  }
}

/** Thrown when a session can no longer pay: it, or one that it was made from, is revoked; ask the owner for a new one. */
export class SessionRevokedError extends StipendError {
  readonly name = 'SessionRevokedError'
  readonly code = 'session_revoked'
  readonly session: SessionId

  constructor(session: SessionId) {
    super(`Session ${session} is revoked; nothing was signed`, { details: ['The owner can make another.'] })
    this.session = session
  }
}

/** Thrown when a session's token cannot be used: forged, of another wallet, expired, or wider than its own chain. */
export class SessionInvalidError extends StipendError {
  readonly name = 'SessionInvalidError'
  readonly code = 'session_invalid'

  constructor(reason: string, cause?: unknown) {
    super(`Session token cannot be used: ${reason}`, { cause })
  }
}

/** Thrown when a person has to approve a payment first; the same call goes on once it is approved. */
export class ApprovalRequiredError extends StipendError {
  readonly name = 'ApprovalRequiredError'
  readonly code = 'approval_required'
  override readonly retryable = true
  readonly approval: Approval

  constructor(approval: Approval) {
    super('Payment needs approval; nothing was signed', {
      details: [...describeApproval(approval), 'The same call goes on after wallet.approvals.approve(id).'],
    })
    this.approval = jsonSafe(approval)
  }
}

/** Thrown when a payment has to wait for its time; the same call goes on from then on, unless it is cancelled. */
export class PaymentDelayedError extends StipendError {
  readonly name = 'PaymentDelayedError'
  readonly code = 'payment_delayed'
  override readonly retryable = true
  readonly approval: Approval
  /** Unix milliseconds. */
  readonly executableAt: number

  constructor(approval: Approval) {
    const { executableAt = approval.expiresAt } = approval
    super(`Payment is delayed until ${new Date(executableAt).toISOString()}; nothing was signed`, {
      details: [
        ...describeApproval(approval),
        'The same call goes on from then; wallet.approvals.deny(id) cancels it.',
      ],
    })
    this.approval = jsonSafe(approval)
    this.executableAt = executableAt
  }
}
