export type { AgentWalletOptions } from './wallet/options.js'
export type { AgentWallet } from './wallet/wallet.js'
export type { AssetInput } from './assets/table.js'
export type { BudgetLine } from './pay/budget.js'
export type { PayingRequestInit, PaymentOptions } from './fetch/request.js'
export {
  AlreadyPaidError,
  ApprovalRequiredError,
  type AnyStipendError,
  CancellationFailedError,
  ClockJumpedError,
  ChainUnavailableError,
  ClockSkewError,
  InsufficientFundsError,
  type ServerReason,
  type Shortage,
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
  SigningRejectedError,
  StipendError,
  UnpayableRequestError,
  WalletFrozenError,
} from './errors.js'
export type { Events, On } from './pay/events.js'
export type { TypedData } from './evm/typed-data.js'
export type { TempoCharge } from './evm/tempo/charge-transaction.js'
export type { EvmTransaction } from './evm/transaction.js'
export { explain, type Explanation, type ExplanationOutcome, type RuleOpinion } from './policy/explain.js'
export type { ExportFormat } from './wallet/export.js'
export { outcomesOf } from './pay/create-payer.js'
export type { Outcomes } from './pay/outcomes.js'
export { getPayment, reportUndelivered, type ResponsePayment } from './fetch/send-paid.js'
export {
  type PayingFetch,
  wrapFetch,
  type WrapFetchOptions,
  wrapFetch as wrapFetchWithPayment,
} from './fetch/wrap-fetch.js'
export type { Family } from './ports/family.js'
export type { KeyStore, Signer } from './ports/key-store.js'
export type { SolanaSigner } from './solana/signer.js'
export type { EvmSigner } from './evm/signer.js'
export type {
  AuditEntry,
  AuditEvent,
  JournalEntry,
  Ledger,
  PaymentFilter,
  PaymentUpdate,
  Reservation,
  ReserveOptions,
} from './ports/ledger.js'
export { memoryLedger, type MemoryLedgerOptions } from './ledger/memory.js'
export { formatUnits, formatUsd } from './lib/format-amount.js'
export type { Usd } from './money.js'
export type { Payer, AuthorizeOptions } from './pay/payer.js'
export {
  circuitBreaker,
  type CircuitBreakerOptions,
  maxLiveHolds,
  type MaxLiveHoldsOptions,
} from './policy/rules/circuit-breaker.js'
export { createPolicyEngine, type RulesEngine } from './policy/engine.js'
export type { Decision, PaymentRequest, PolicyEngine, Rule, RuleRefusal, Verdict } from './ports/policy.js'
export type { JSONValue, RuleJSON } from './policy/json/rule-json.js'
export type { ActionBounds } from './policy/rules/action-bounds.js'
export { allowActions } from './policy/rules/actions.js'
export { allowAnyHost, allowHosts, denyHosts, type HostOptions } from './policy/rules/hosts.js'
export { policyFromJSON } from './policy/json/policy-from-json.js'
export type { LimitScope } from './policy/rules/limit-scope.js'
export {
  maxPayments,
  type MaxPaymentsOptions,
  spendingLimit,
  type SpendingLimitOptions,
} from './policy/rules/limits.js'
export {
  type AllowedAsset,
  allowAssets,
  allowFlows,
  allowNetworks,
  allowPayees,
  type PaymentFlow,
} from './policy/rules/offers.js'
export { pinPayee, priceMemory, type PriceMemoryOptions } from './policy/rules/pins.js'
export type { TierOptions } from './policy/rules/tiers.js'
export { timeWindow, type TimeWindowOptions, type Weekday } from './policy/rules/time-window.js'
export type { PaymentMethod } from './ports/payment-method.js'
export type { MicroUsdSource } from './ports/price.js'
export type { ProtocolAnswer, Message, Protocol } from './ports/protocol.js'
export { x402 } from './protocols/x402/v2.js'
export { x402V1 } from './protocols/x402/v1.js'
export type { Random } from './lib/random.js'
export type { Quote, QuotedOffer } from './pay/quote.js'
export type { Reconciliation } from './reconcile/reconcile.js'
export { exactEvm, type ExactEvmOptions } from './evm/exact.js'
export { uptoEvm, type UptoEvmOptions } from './evm/upto.js'
export type { ResolveOptions } from './reconcile/resolve.js'
export type { Cancellation, ContractSigning, Scheme } from './ports/scheme.js'
export type { KnownSession } from './session/known-sessions.js'
export type { Session } from './session/session.js'
export type { SessionLimits, SessionScope } from './session/scope.js'
export { narrowToken } from './session/token.js'
export type { TransferOptions } from './wallet/transfer.js'
export type {
  Allowance,
  Approval,
  ApprovalId,
  ApprovalStatus,
  Asset,
  Authorization,
  AuthorizationTerms,
  Balance,
  EarlierTerms,
  LetThrough,
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
  Resolution,
  Resource,
  SessionId,
  SetAside,
  Usage,
  Window,
} from './types.js'
export { createAgentWallet } from './wallet/create-wallet.js'
