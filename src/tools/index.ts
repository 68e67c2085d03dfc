export type {
  ToolAnswer,
  ApprovalStatusOutput,
  BudgetOutput,
  PayFetchOutput,
  PaymentsOutput,
  QuoteOutput,
  SeenApproval,
  SeenLimit,
  SeenOffer,
  SeenPayment,
  Status,
} from './answers.js'
export type { ApprovalStatusInput, BudgetInput, PayFetchInput, PaymentsInput, QuoteInput, Schema } from './input.js'
export type { ToolCall } from './pay-fetch.js'
export { callKey } from './call-name.js'
export { paymentTools, type PaymentToolsOptions } from './payment-tools.js'
export { describeApproval } from './views.js'
export type { Approver, PayFetchTool, PaymentTool, PaymentTools } from './tool.js'
