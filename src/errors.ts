import { brand } from './errors/base.js'
import {
  ConfigurationError,
  MalformedMessageError,
  NoPayableOfferError,
  UnpayableRequestError,
} from './errors/input.js'
import {
  ChainUnavailableError,
  ClockJumpedError,
  ClockSkewError,
  InsufficientFundsError,
  KeyStoreLockedError,
  LedgerUnavailableError,
  PayeeAccountMissingError,
} from './errors/not-ready.js'
import {
  ApprovalRequiredError,
  LimitExceededError,
  PaymentDelayedError,
  PaymentDeniedError,
  SessionInvalidError,
  SessionRevokedError,
  WalletFrozenError,
} from './errors/denied.js'
import {
  AlreadyPaidError,
  CancellationFailedError,
  PaymentOutcomeUnknownError,
  PaymentRejectedError,
  SigningFailedError,
  SigningRejectedError,
} from './errors/outcome.js'

export { type Moved, StipendError } from './errors/base.js'
export type { Refusal } from './errors/denied.js'
export { describeShortage, type Shortage } from './errors/not-ready.js'
export type { ServerReason } from './errors/outcome.js'
export {
  ConfigurationError,
  MalformedMessageError,
  NoPayableOfferError,
  UnpayableRequestError,
  ChainUnavailableError,
  ClockJumpedError,
  ClockSkewError,
  InsufficientFundsError,
  KeyStoreLockedError,
  LedgerUnavailableError,
  PayeeAccountMissingError,
  ApprovalRequiredError,
  LimitExceededError,
  PaymentDelayedError,
  PaymentDeniedError,
  SessionInvalidError,
  SessionRevokedError,
  WalletFrozenError,
  AlreadyPaidError,
  CancellationFailedError,
  PaymentOutcomeUnknownError,
  PaymentRejectedError,
  SigningFailedError,
  SigningRejectedError,
}

/** Tells whether a value is an error of this library, of whichever copy of the package. */
export function isStipendError(error: unknown): error is AnyStipendError {
  return typeof error === 'object' && error !== null && Object.hasOwn(error, brand)
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
