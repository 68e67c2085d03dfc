export type {
  ToolAnswer,
  ApprovalStatusOutput,
  BudgetOutput,
  PayFetchOutput,
  PaymentsOutput,
  QuoteOutput,
  QuoteSwapOutput,
  SeenApproval,
  SeenLimit,
  SeenOffer,
  SeenPayment,
  Status,
  SwapOutput,
} from './answers.js'
export type {
  ApprovalStatusInput,
  BudgetInput,
  MakeSwapInput,
  PayFetchInput,
  PaymentsInput,
  QuoteInput,
  Schema,
  SwapInput,
} from './input.js'
export type { ToolCall } from './pay-fetch.js'
export { callKey } from './call-name.js'
export { paymentTools, type PaymentToolsOptions } from './payment-tools.js'
export { describeApproval } from './views.js'
export type { ActionTools, Approver, CoreTools, PayFetchTool, PaymentTool, PaymentTools } from './tool.js'
