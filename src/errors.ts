import { cleanCause } from './lib/clean-cause.js'
import { formatPrice, formatUnits } from './lib/format-amount.js'
import { jsonSafe, toJSONValue } from './lib/json-safe.js'
import { plain } from './lib/untrusted.js'
import type {
  Approval,
  Asset,
  Freeze,
  Limit,
  Network,
  Offer,
  Payment,
  PaymentId,
  SessionId,
  SetAside,
} from './types.js'

const brand = Symbol.for('stipend.error')

/** Tells whether money can have left: never unless the key may have been used. */
export type Moved = 'no' | 'maybe'

type Options = {
  readonly details?: readonly string[] | undefined
  readonly cause?: unknown
}

/** The base of every error this library throws. */
export abstract class StipendError extends Error {
  /** The name of its class, also in a bundle that has shortened it. */
  abstract override readonly name: string
  /** A stable name to switch on. */
  abstract readonly code: string
  /** Whether money can have left the wallet because of this call. */
  readonly moved: Moved = 'no'
  /** Whether the same call, unchanged, may succeed later. */
  readonly retryable: boolean = false

  constructor(sentence: string, options: Options = {}) {
    super(
      [sentence, ...(options.details ?? []).map((line) => `  ${line}`)].join('\n'),
      // Others' errors hold requests, headers and URLs with keys in them.
      options.cause === undefined ? undefined : { cause: cleanCause(options.cause) },
    )
    Object.defineProperty(this, brand, { value: true })
  }

  /** Writes what it says and carries, a bigint as its digits; its cause and its stack stay here. */
  toJSON(): unknown {
    const { name, message } = this
    const { cause: _cause, response: _response, ...rest } = { ...this } as Readonly<Record<string, unknown>>
    return toJSONValue({ name, message, ...rest })
  }
}

/** Tells whether a value is an error of this library, of whichever copy of the package. */
export function isStipendError(error: unknown): error is AnyStipendError {
  return typeof error === 'object' && error !== null && Object.hasOwn(error, brand)
}

/** Thrown when an option, a rule or a key is not usable; fix the configuration. */
export class ConfigurationError extends StipendError {
  readonly name = 'ConfigurationError'
  readonly code = 'configuration_invalid'
}

/** Thrown when the request itself cannot be paid for, such as a body that cannot be sent twice; change the request. */
export class UnpayableRequestError extends StipendError {
  readonly name = 'UnpayableRequestError'
  readonly code = 'request_unpayable'
}

/** Thrown when a 402 breaks its own format or our bounds; the server has to change. */
export class MalformedMessageError extends StipendError {
  readonly name = 'MalformedMessageError'
  readonly code = 'malformed_message'
}

/** Thrown when our clock and the server's differ too much to sign a time window; fix the clock. */
export class ClockSkewError extends StipendError {
  readonly name = 'ClockSkewError'
  readonly code = 'clock_skewed'
  /** Milliseconds that the server is ahead of us. */
  readonly skewMs: number

  constructor(skewMs: number) {
    super(`Clock differs from the server's by ${Math.round(Math.abs(skewMs) / 1000)} s; nothing was signed`, {
      details: ['Correct the clock of this machine, or ask the server to correct its own.'],
    })
    this.skewMs = skewMs
  }
}

/** Thrown when our clock is ahead of the time that has passed; set it right, or confirm it with `wallet.confirmClock()`. */
export class ClockJumpedError extends StipendError {
  readonly name = 'ClockJumpedError'
  readonly code = 'clock_jumped'
  override readonly retryable = true
  /** Milliseconds that the clock is ahead of the time that has passed; less than 0 where it is behind the ledger's. */
  readonly aheadMs: number

  constructor(aheadMs: number, of: 'clock' | 'ledger' = 'clock') {
    const seconds = Math.round(Math.abs(aheadMs) / 1000)
    const where = `${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'}`
    if (of === 'ledger') {
      super(`Clock is ${where} the time of the ledger; nothing was signed`, {
        details: [
          "Set this clock right. If it is the ledger's time that is wrong, its owner puts it right with wallet.setLedgerTime().",
        ],
      })
    } else {
      super(`Clock is ${where} the time that has passed; nothing was signed`, {
        details: [
          'It was set forward, or the machine slept: limits over time stand still until that is confirmed.',
          'A chain confirms it at wallet.reconcile(), or the owner with wallet.confirmClock().',
        ],
      })
    }
    this.aheadMs = aheadMs
  }
}

/** Thrown when no entry of a 402 can be paid by this wallet; configure a key, a scheme or an asset. */
export class NoPayableOfferError extends StipendError {
  readonly name = 'NoPayableOfferError'
  readonly code = 'no_payable_offer'
  readonly setAside: readonly SetAside[]

  constructor(setAside: readonly SetAside[]) {
    super('No offer can be paid by this wallet; nothing was signed', {
      details: setAside.map((one) => `offer ${one.index}: ${one.reason}`),
    })
    this.setAside = setAside
  }
}

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
  override readonly retryable = true
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
      details: [`since ${new Date(freeze.at).toISOString()}: ${freeze.reason}`],
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
    super(`Session ${session} is revoked; nothing was signed`)
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
    super('Payment needs approval; nothing was signed', { details: describeApproval(approval) })
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
      details: describeApproval(approval),
    })
    this.approval = jsonSafe(approval)
    this.executableAt = executableAt
  }
}

/** Thrown when the ledger cannot record; without a record nothing is signed. */
export class LedgerUnavailableError extends StipendError {
  readonly name = 'LedgerUnavailableError'
  readonly code = 'ledger_unavailable'
  override readonly retryable = true

  constructor(cause: unknown) {
    super('Ledger is not available; nothing was signed', { cause })
  }
}

/** Thrown when a key store is locked, or stays so because the password is wrong; unlock it, then try again. */
export class KeyStoreLockedError extends StipendError {
  readonly name = 'KeyStoreLockedError'
  readonly code = 'key_store_locked'
  override readonly retryable = true

  constructor(reason: string) {
    super(`Key store is locked: ${reason}; nothing was signed`)
  }
}

/** Thrown when a chain has to be asked first and no node answers; try again later, or configure other nodes. */
export class ChainUnavailableError extends StipendError {
  readonly name = 'ChainUnavailableError'
  readonly code = 'chain_unavailable'
  override readonly retryable = true

  constructor(reason: string, options: { readonly cause?: unknown } = {}) {
    super(`Chain is not available: ${reason}; nothing was signed`, { cause: options.cause })
  }
}

/** What an address holds too little of. */
export type Shortage = {
  readonly network: Network
  /** The wallet's own, to which money has to be sent. */
  readonly address: string
  readonly asset: Pick<Asset, 'symbol' | 'decimals'> & { readonly address?: string | undefined }
  /** In atomic units, as the chain says. */
  readonly held: bigint
  /** In atomic units. */
  readonly needed: bigint
  /** What it is needed for, where that is not the payment itself. */
  readonly use?: 'gas' | undefined
}

/** Thrown when a chain says that the wallet holds less than is needed; send more to its address, then call again. */
export class InsufficientFundsError extends StipendError {
  readonly name = 'InsufficientFundsError'
  readonly code = 'insufficient_funds'
  override readonly retryable = true
  readonly shortage: Shortage
  /** What would have been paid; nothing for a transfer's gas. */
  readonly offer: Offer | undefined

  constructor(shortage: Shortage, offer?: Offer) {
    super(`Wallet holds too little ${shortage.asset.symbol}; nothing was signed`, {
      details: [describeShortage(shortage), describeFunding(shortage)],
    })
    this.shortage = shortage
    this.offer = offer
  }
}

/** Thrown when the payee has no account that could take the token; the payee has to create one. */
export class PayeeAccountMissingError extends StipendError {
  readonly name = 'PayeeAccountMissingError'
  readonly code = 'payee_account_missing'
  override readonly retryable = true
  readonly offer: Offer
  /** The address at which the account would be. */
  readonly account: string

  constructor(offer: Offer, account: string) {
    super('Payee has no account for the token; nothing was signed', {
      details: [
        `${offer.payTo} holds no ${offer.asset.symbol} on ${offer.network}: its account would be ${account}`,
        'The payee has to create it; this wallet pays no rent for others.',
      ],
    })
    this.offer = offer
    this.account = account
  }
}

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
        'It holds a signed authorization and can still settle it: the amount counts as spent.',
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
    super('Purchase was paid before; nothing was signed now', {
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
        `The server can settle it until ${new Date(payment.terms.validBefore * 1000).toISOString()}: the amount counts as spent.`,
        ...(failure.bindsUntil === undefined
          ? ['The same call made again goes on from this payment, and does not pay twice.']
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

/** Every error this library throws, to be told apart by `code`. */
export type AnyStipendError =
  | ConfigurationError
  | UnpayableRequestError
  | MalformedMessageError
  | ClockSkewError
  | ClockJumpedError
  | NoPayableOfferError
  | PaymentDeniedError
  | LimitExceededError
  | WalletFrozenError
  | SessionRevokedError
  | SessionInvalidError
  | ApprovalRequiredError
  | PaymentDelayedError
  | KeyStoreLockedError
  | LedgerUnavailableError
  | ChainUnavailableError
  | InsufficientFundsError
  | PayeeAccountMissingError
  | SigningFailedError
  | SigningRejectedError
  | PaymentRejectedError
  | AlreadyPaidError
  | PaymentOutcomeUnknownError
  | CancellationFailedError

const maxReason = 256

type Described = Pick<Payment, 'amount' | 'microUsd' | 'asset' | 'payTo' | 'resource'> & { readonly id: string }

/** As people read it: whole tokens and dollars. */
function describe(payment: Described): string {
  const { id, asset, payTo, resource } = payment
  return `${id}: ${formatPrice(payment)} on ${asset.network} to ${payTo} for ${resource.host}`
}

function describeApproval(approval: Approval): readonly string[] {
  const { reason, expiresAt } = approval
  return [describe(approval), `${reason}; the request expires at ${new Date(expiresAt).toISOString()}`]
}

/** Says what is there, and what is needed. */
export function describeShortage({ address, network, asset, held, needed, use }: Shortage): string {
  const why = use ? ' for the transfer and its gas, which the wallet pays itself' : ''
  return `${address} on ${network} holds ${formatUnits(held, asset)}, and ${formatUnits(needed, asset)} is needed${why}`
}

function describeFunding({ address, network, asset, held, needed }: Shortage): string {
  const token = asset.address === undefined ? '' : ` (${asset.address})`
  return `Send at least ${formatUnits(needed - held, asset)}${token} on ${network} to ${address}, then call again.`
}

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
