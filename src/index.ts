export type { AgentWallet, AgentWalletOptions } from './agent-wallet.js'
export type { AssetInput } from './assets.js'
export type { Balance } from './balances.js'
export type { BudgetLine } from './budget.js'
export type { PayingRequestInit, PaymentOptions } from './call.js'
export {
  AlreadyPaidError,
  ApprovalRequiredError,
  type AnyStipendError,
  CancellationFailedError,
  ClockJumpedError,
  ChainUnavailableError,
  ClockSkewError,
  ConfigurationError,
  isStipendError,
  KeyStoreLockedError,
  LedgerUnavailableError,
  LimitExceededError,
  MalformedMessageError,
  type Moved,
  NoPayableOfferError,
  PayeeAccountMissingError,
  PaymentDelayedError,
  PaymentDeniedError,
  PaymentOutcomeUnknownError,
  PaymentRejectedError,
  type Refusal,
  SessionInvalidError,
  SessionRevokedError,
  SigningFailedError,
  StipendError,
  UnpayableRequestError,
  WalletFrozenError,
} from './errors.js'
export type { Events, On } from './events.js'
export type { TypedData } from './evm.js'
export type { EvmTransaction } from './evm-transaction.js'
export { explain, type Explanation, type ExplanationOutcome, type RuleOpinion } from './explain-policy.js'
export type { ExportFormat } from './export.js'
export {
  getPayment,
  type PayingFetch,
  type ResponsePayment,
  wrapFetch,
  type WrapFetchOptions,
  wrapFetch as wrapFetchWithPayment,
} from './fetch.js'
export type { EvmSigner, KeyStore, Signer, SolanaSigner } from './keys/key-store.js'
export {
  approvalAtLedgerTime,
  decideApproval,
  isUsableApproval,
  mostApprovals,
  isStandingApproval,
} from './ledger/approvals.js'
export { decodeApproval, decodePayment, encodeApproval, encodePayment } from './ledger/codec.js'
export type { Ledger, PaymentFilter, PaymentUpdate, Reservation, ReserveOptions } from './ledger/ledger.js'
export { advancePayment, atLedgerTime, countsAsSpent, canRenewPayment, isPendingPayment } from './ledger/lifecycle.js'
export { memoryLedger } from './ledger/memory.js'
export { agreesWithPin } from './ledger/pins.js'
export { shareOf } from './ledger/share.js'
export { leavesAt, windowKey, windowStart } from './ledger/window.js'
export { askedOf, formatUnits, formatUsd, type Usd } from './money.js'
export type { Payer, PaymentAsk } from './payer.js'
export { circuitBreaker, type CircuitBreakerOptions, maxLiveHolds, type MaxLiveHoldsOptions } from './policy/breaker.js'
export {
  createPolicyEngine,
  type Decision,
  type PaymentRequest,
  type PolicyEngine,
  type Rule,
  type RuleRefusal,
  type RulesEngine,
  type Verdict,
} from './policy/engine.js'
export type { JSONValue, RuleJSON } from './policy/form.js'
export { allowAnyHost, allowHosts, denyHosts } from './policy/host-rules.js'
export { policyFromJSON } from './policy/json.js'
export type { LimitScope } from './policy/limit-scope.js'
export { maxPayments, type MaxPaymentsOptions, spendingLimit, type SpendingLimitOptions } from './policy/limit-rules.js'
export { type AllowedAsset, allowAssets, allowNetworks, allowPayees } from './policy/offer-rules.js'
export { pinPayee, priceMemory, type PriceMemoryOptions } from './policy/pin-rules.js'
export type { TierOptions } from './policy/tiers.js'
export { timeWindow, type TimeWindowOptions, type Weekday } from './policy/time-window.js'
export type { Answer, Message, Protocol } from './protocols/protocol.js'
export { x402 } from './protocols/x402.js'
export { x402V1 } from './protocols/x402-v1.js'
export type { Random } from './purchase.js'
export type { Quote, QuotedOffer } from './quote.js'
export type { Reconciliation } from './reconcile.js'
export { exactEvm, type ExactEvmOptions } from './schemes/exact-evm.js'
export type { Cancellation, Scheme } from './schemes/scheme.js'
export type { Session } from './session.js'
export type { SessionLimits, SessionScope } from './session/caveats.js'
export { narrowToken } from './session/token.js'
export type { TransferOptions } from './transfer.js'
export type {
  Approval,
  ApprovalId,
  ApprovalStatus,
  Asset,
  Authorization,
  AuthorizationTerms,
  Freeze,
  Hex,
  Labels,
  Limit,
  Measure,
  MicroUsd,
  Network,
  Offer,
  Payment,
  PaymentId,
  PaymentRequired,
  Payload,
  OfferClaim,
  Hold,
  PaymentStatus,
  Pin,
  Receipt,
  Resource,
  SessionId,
  SetAside,
  Usage,
  Window,
} from './types.js'
export { createAgentWallet } from './wallet.js'
