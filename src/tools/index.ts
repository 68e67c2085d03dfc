export type {
  AddressesOutput,
  ToolAnswer,
  ApprovalStatusOutput,
  BalancesOutput,
  BudgetOutput,
  FindServicesOutput,
  FoundService,
  PayFetchOutput,
  PaymentsOutput,
  QuoteOutput,
  QuoteSwapOutput,
  SeenApproval,
  SeenBalance,
  SeenLimit,
  SeenOffer,
  SeenPayment,
  Status,
  SwapOutput,
} from './answers.js'
export type {
  ApprovalStatusInput,
  BudgetInput,
  FindServicesInput,
  NoArguments,
  PayFetchInput,
  PaymentsInput,
  QuoteInput,
  Schema,
} from './input.js'
export type { BridgeInput, MakeBridgeInput } from './bridge-input.js'
export type { LendInput, MakeLendInput } from './lend-input.js'
export type { MakeSwapInput, SwapInput } from './swap-input.js'
export type { ToolCall } from './pay-fetch.js'
export { callKey } from './call-name.js'
export type { FindServicesOptions } from './find-services.js'
export { paymentTools, type PaymentToolsOptions } from './payment-tools.js'
export { describeApproval } from './views.js'
export type {
  ActionTools,
  Approver,
  CoreTools,
  FindServicesTools,
  HoldingsTools,
  PayFetchTool,
  PaymentTool,
  PaymentTools,
} from './tool.js'
