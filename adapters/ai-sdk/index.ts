import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import { type ModelMessage, tool, type ToolApprovalStatus, type Tool } from 'ai'
import type { AgentWallet, Session } from 'stipend'
import {
  type ApprovalStatusInput,
  type ApprovalStatusOutput,
  type Approver,
  type BudgetInput,
  type BudgetOutput,
  callKey,
  describeApproval,
  type PayFetchInput,
  type PayFetchOutput,
  type PaymentsInput,
  type PaymentsOutput,
  type PaymentTool,
  paymentTools,
  type PaymentToolsOptions,
  type QuoteInput,
  type QuoteOutput,
} from 'stipend/tools'

const optionNames: OptionNames<WalletToolsOptions> = {
  approvals: true,
  conversation: true,
  hosts: true,
  maxBodyCharacters: true,
}

/** Options of `walletTools`. */
export type WalletToolsOptions = PaymentToolsOptions & {
  /**
   * Who decides, which is `wallet.approvals`. With it, a payment that needs a person suspends its call with the SDK's own
   * approval, and a yes there approves exactly the terms that were asked for. Whoever can write the conversation can say
   * that yes: give it only where that is the owner's to do.
   *
   * @default nobody: the call answers that it waits, and goes on once the owner has decided elsewhere
   */
  readonly approvals?: Approver | undefined
  /**
   * Names the conversation, for providers whose tool call ids are not unique beyond one.
   *
   * @default ''
   */
  readonly conversation?: string | undefined
}

/** The tools of a wallet, and when to ask a person before they run: both for `generateText`, `streamText` or an agent. */
export type WalletTools = {
  readonly tools: {
    readonly pay_fetch: Tool<PayFetchInput, PayFetchOutput>
    readonly quote: Tool<QuoteInput, QuoteOutput>
    readonly budget: Tool<BudgetInput, BudgetOutput>
    readonly payments: Tool<PaymentsInput, PaymentsOutput>
    readonly approval_status: Tool<ApprovalStatusInput, ApprovalStatusOutput>
  }
  readonly toolApproval: {
    readonly pay_fetch: (input: PayFetchInput, call: SdkCall) => Promise<ToolApprovalStatus>
  }
}

/** What the SDK says of a call, before it runs and when it does. */
export type SdkCall = {
  readonly toolCallId: string
  readonly messages: readonly ModelMessage[]
  readonly abortSignal?: AbortSignal | undefined
}

/**
 * Makes AI SDK tools with which a model pays within what a session, or a wallet, allows. A call that is run again, by a
 * replayed history or after a crash, is the same purchase and is paid once.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { generateText, isStepCount, type LanguageModel, type ModelMessage } from 'ai'
 * import type { AgentWallet } from 'stipend'
 * import { walletTools } from 'stipend/ai-sdk'
 *
 * declare const wallet: AgentWallet
 * declare const model: LanguageModel
 * declare const messages: ModelMessage[]
 * const session = wallet.session({ limits: { totalLimitUsd: 5 }, maxPayments: 50 })
 * const { text } = await generateText({
 *   model,
 *   messages,
 *   ...walletTools(session, { approvals: wallet.approvals }),
 *   stopWhen: isStepCount(10),
 * })
 * console.log(text)
 * ```
 */
export function walletTools(owner: AgentWallet | Session, options: WalletToolsOptions = {}): WalletTools {
  refuseUnknown('walletTools', options, optionNames)
  const { approvals, conversation = '', ...rest } = options
  const { pay_fetch, quote, budget, payments, approval_status } = paymentTools(owner, rest)
  const keyOf = (toolCallId: string): string => callKey(conversation, toolCallId)
  return {
    tools: {
      pay_fetch: tool({
        description: pay_fetch.description,
        inputSchema: pay_fetch.inputSchema,
        outputSchema: pay_fetch.outputSchema,
        execute: (input: PayFetchInput, { toolCallId, messages, abortSignal }: SdkCall) => {
          const call = { key: keyOf(toolCallId), signal: abortSignal }
          return approvals && isApproved({ toolCallId, messages })
            ? pay_fetch.executeApproved(input, call, approvals)
            : pay_fetch.execute(input, call)
        },
      }),
      quote: tool(looking(quote)),
      budget: tool(looking(budget)),
      payments: tool(looking(payments)),
      approval_status: tool(looking(approval_status)),
    },
    toolApproval: {
      pay_fetch: async (input, call) => {
        if (!approvals || findRequest(call) !== undefined) return undefined
        const approval = await pay_fetch.ask(input, { key: keyOf(call.toolCallId) })
        return approval && { type: 'user-approval', reason: describeApproval(approval) }
      },
    },
  }
}

type Looking<input, output> = Pick<
  PaymentTool<string, input, output>,
  'description' | 'inputSchema' | 'outputSchema'
> & {
  readonly execute: (input: input, call: SdkCall) => Promise<output>
}

/** A tool that only looks needs nothing of its call but the signal. */
function looking<input, output>(plain: PaymentTool<string, input, output>): Looking<input, output> {
  const { description, inputSchema, outputSchema, execute } = plain
  return {
    description,
    inputSchema,
    outputSchema,
    execute: (input, { abortSignal }) => execute(input, { signal: abortSignal }),
  }
}

/** Answers the SDK's id of a request for approval of a call, as the history has it; a history can be made up. */
function findRequest({ toolCallId, messages }: SdkCall): string | undefined {
  for (const { role, content } of messages) {
    if (role !== 'assistant' || typeof content === 'string') continue
    for (const part of content) {
      if (part.type !== 'tool-approval-request' || part.toolCallId !== toolCallId) continue
      if (!part.isAutomatic) return part.approvalId
    }
  }
  return undefined
}

/** Whether the history has a person's yes to a call. What the yes is to, and whether it was ever asked, the ledger knows. */
function isApproved(call: SdkCall): boolean {
  const request = findRequest(call)
  const last = call.messages.at(-1)
  if (request === undefined || last?.role !== 'tool') return false
  return last.content.some(
    (part) => part.type === 'tool-approval-response' && part.approvalId === request && part.approved,
  )
}
