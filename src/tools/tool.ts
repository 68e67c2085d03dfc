import type { Approval } from '../types.js'
import type { AgentWallet } from '../wallet/wallet.js'
import type {
  AddressesOutput,
  ApprovalStatusOutput,
  BalancesOutput,
  BudgetOutput,
  FindServicesOutput,
  PayFetchOutput,
  PaymentsOutput,
  QuoteOutput,
  QuoteSwapOutput,
  SwapOutput,
  ToolAnswer,
} from './answers.js'
import type {
  ApprovalStatusInput,
  BudgetInput,
  FindServicesInput,
  NoArguments,
  PayFetchInput,
  PaymentsInput,
  QuoteInput,
  Schema,
} from './input.js'
import type { BridgeInput, MakeBridgeInput } from './bridge-input.js'
import type { LendInput, MakeLendInput } from './lend-input.js'
import type { MakeSwapInput, SwapInput } from './swap-input.js'
import type { ToolCall } from './pay-fetch.js'

/** A tool for a model, of no framework: what it is called and is for, what it takes and answers, and what it does. */
export type PaymentTool<name extends string, input, output> = {
  readonly name: name
  readonly description: string
  readonly inputSchema: Schema<input>
  readonly outputSchema: Schema<output>
  /** Reads the input by the schema and does it. What a server, a rule or a limit says is in the result, never thrown. */
  readonly execute: (input: unknown, call?: ToolCall) => Promise<output>
}

/** The tool that pays, and what a framework's own approval needs of it. */
export type PayFetchTool = PaymentTool<'pay_fetch', PayFetchInput, PayFetchOutput> & {
  /**
   * Asks for permission if the call would have to wait for a person, and answers what was asked; pays nothing. The call needs a
   * key.
   */
  readonly ask: (input: unknown, call: ToolCall) => Promise<Approval | undefined>
  /**
   * Does it after a person has said yes to what this very call has asked for. Where the terms are others by now, or
   * nothing was asked, nobody has seen what would be paid, and the answer is a refusal.
   */
  readonly executeApproved: (input: unknown, call: ToolCall, approvals: Approver) => Promise<PayFetchOutput>
  /** Records a person's no to whatever this very call has asked for and still waits for. */
  readonly deny: (call: ToolCall, approvals: Approver) => Promise<void>
}

/** Who decides on requests for approval: `wallet.approvals`, which only its owner has. */
export type Approver = Pick<AgentWallet['approvals'], 'approve' | 'deny'>

/** The tools that every model gets, by their names. */
export type CoreTools = {
  readonly pay_fetch: PayFetchTool
  readonly quote: PaymentTool<'quote', QuoteInput, QuoteOutput>
  readonly budget: PaymentTool<'budget', BudgetInput, BudgetOutput>
  readonly payments: PaymentTool<'payments', PaymentsInput, PaymentsOutput>
  readonly approval_status: PaymentTool<'approval_status', ApprovalStatusInput, ApprovalStatusOutput>
}

/** The tool that is there where its owner names a list of services. */
export type FindServicesTools = {
  readonly find_services?: PaymentTool<'find_services', FindServicesInput, FindServicesOutput>
}

/** The tools of a session that may see where the wallet's money is. */
export type HoldingsTools = {
  readonly addresses?: PaymentTool<'addresses', NoArguments, AddressesOutput>
  readonly balances?: PaymentTool<'balances', NoArguments, BalancesOutput>
}

/** The tools of a session that may act: only those of its scope. */
export type ActionTools = {
  readonly quote_swap?: PaymentTool<'quote_swap', SwapInput, QuoteSwapOutput | ToolAnswer>
  readonly swap?: PaymentTool<'swap', MakeSwapInput, SwapOutput | ToolAnswer>
  readonly quote_supply?: PaymentTool<'quote_supply', LendInput, QuoteSwapOutput | ToolAnswer>
  readonly supply?: PaymentTool<'supply', MakeLendInput, SwapOutput | ToolAnswer>
  readonly quote_withdraw?: PaymentTool<'quote_withdraw', LendInput, QuoteSwapOutput | ToolAnswer>
  readonly withdraw?: PaymentTool<'withdraw', MakeLendInput, SwapOutput | ToolAnswer>
  readonly quote_bridge?: PaymentTool<'quote_bridge', BridgeInput, QuoteSwapOutput | ToolAnswer>
  readonly bridge?: PaymentTool<'bridge', MakeBridgeInput, SwapOutput | ToolAnswer>
}

/** The tools that a model gets, by their names. None changes a limit, approves, signs, or sends money to an address. */
export type PaymentTools = CoreTools & FindServicesTools & HoldingsTools & ActionTools
