import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import { DynamicStructuredTool, type ToolRunnableConfig } from '@langchain/core/tools'
import { interrupt } from '@langchain/langgraph'
import type { AgentWallet, ApprovalId, Session } from 'stipend'
import {
  type ActionTools,
  type HoldingsTools,
  type ApprovalStatusInput,
  type ApprovalStatusOutput,
  type Approver,
  type BudgetInput,
  type BudgetOutput,
  callKey,
  type FindServicesInput,
  type FindServicesOutput,
  type PayFetchInput,
  type PayFetchOutput,
  type PayFetchTool,
  type PaymentsInput,
  type PaymentsOutput,
  paymentTools,
  type PaymentToolsOptions,
  type QuoteInput,
  type QuoteOutput,
  type Schema,
  type SeenApproval,
  type ToolCall,
} from 'stipend/tools'

const optionNames: OptionNames<WalletToolsOptions> = {
  approvals: true,
  hosts: true,
  maxBodyCharacters: true,
  findServices: true,
  actions: true,
}

/** Options of `walletTools`. */
export type WalletToolsOptions = PaymentToolsOptions & {
  /**
   * Who decides, which is `wallet.approvals`. With it, a payment that needs a person interrupts the graph, and the answer
   * that it is resumed with decides on exactly the terms that were asked for; the graph needs a checkpointer. Whoever can
   * resume the graph can say that yes.
   *
   * @default nobody: the call answers that it waits, and goes on once the owner has decided elsewhere
   */
  readonly approvals?: Approver | undefined
}

/** A tool of a wallet: a model reads its answer as JSON, and code as the message's artifact. */
export type WalletTool<name extends string, input, output> = DynamicStructuredTool<
  Schema<input>,
  input,
  input,
  [content: string, artifact: output],
  unknown,
  name
>

/** The tools of a wallet, for an agent or a `ToolNode`. */
export type WalletTools = [
  WalletTool<'pay_fetch', PayFetchInput, PayFetchOutput>,
  WalletTool<'quote', QuoteInput, QuoteOutput>,
  WalletTool<'budget', BudgetInput, BudgetOutput>,
  WalletTool<'payments', PaymentsInput, PaymentsOutput>,
  WalletTool<'approval_status', ApprovalStatusInput, ApprovalStatusOutput>,
  // There where a list of services is named, where a session may see what the wallet holds, and where actions are asked for.
  ...(WalletTool<'find_services', FindServicesInput, FindServicesOutput> | WalletActionTool)[],
]

/** A tool of what a session may do, or see, on chain. */
export type WalletActionTool = WalletTool<keyof ActionTools | keyof HoldingsTools, unknown, unknown>

/** What the graph is interrupted with, to be shown to the owner. */
export type PaymentInterrupt = {
  readonly type: 'payment_approval'
  readonly approval: SeenApproval
}

/** What it is resumed with, as `new Command({ resume: … })`: the decision on one request, by its id. */
export type PaymentDecision = {
  /** The id of the request that was shown. An answer to another one decides nothing. */
  readonly approvalId: string
  /** Anything but `true` is a no, which is final. */
  readonly approved: boolean
}

/**
 * Makes LangChain tools with which a model pays within what a session, or a wallet, allows. A call that is run again in
 * its thread, when an interrupted graph is resumed or replayed, is the same purchase and is paid once: by the
 * same session, which after a restart is one that has a `name`.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { Command, MemorySaver } from '@langchain/langgraph'
 * import { createAgent } from 'langchain'
 * import type { AgentWallet } from 'stipend'
 * import { type PaymentInterrupt, walletTools } from 'stipend/langchain'
 *
 * declare const wallet: AgentWallet
 * const session = wallet.session({ limits: { totalLimitUsd: 5 }, maxPayments: 50 })
 * const tools = walletTools(session, { approvals: wallet.approvals })
 * const agent = createAgent({ model: 'openai:gpt-5', tools, checkpointer: new MemorySaver() })
 * const thread = { configurable: { thread_id: 'one' } }
 * const state = await agent.invoke({ messages: [{ role: 'user', content: 'Buy the report.' }] }, thread)
 *
 * // Once the owner has seen what is asked for:
 * const asked = Object(state).__interrupt__?.[0]?.value as PaymentInterrupt | undefined
 * const resume = { approvalId: asked?.approval.id, approved: true }
 * if (asked) await agent.invoke(new Command({ resume }), thread)
 * ```
 */
export function walletTools(owner: AgentWallet | Session, options: WalletToolsOptions = {}): WalletTools {
  refuseUnknown('walletTools', options, optionNames)
  const { approvals, ...rest } = options
  const tools = paymentTools(owner, rest)
  const { pay_fetch, quote, budget, payments, approval_status, find_services: find, ...actions } = tools
  return [
    toTool<'pay_fetch', PayFetchInput, PayFetchOutput>(pay_fetch, (input, call) =>
      approvals && call.key !== undefined
        ? payOrInterrupt(pay_fetch, { input, call, approvals })
        : pay_fetch.execute(input, call),
    ),
    toTool<'quote', QuoteInput, QuoteOutput>(quote, quote.execute),
    toTool<'budget', BudgetInput, BudgetOutput>(budget, budget.execute),
    toTool<'payments', PaymentsInput, PaymentsOutput>(payments, payments.execute),
    toTool<'approval_status', ApprovalStatusInput, ApprovalStatusOutput>(approval_status, approval_status.execute),
    ...(find ? [toTool<'find_services', FindServicesInput, FindServicesOutput>(find, find.execute)] : []),
    // Named by its call where the model gives it no name: a call that is run again is the same action.
    ...Object.values(actions).map((one) => toTool<WalletActionTool['name'], unknown, unknown>(one, one.execute)),
  ]
}

type Plan<name, input> = { readonly name: name; readonly description: string; readonly inputSchema: Schema<input> }

function toTool<name extends string, input, output>(
  { name, description, inputSchema }: Plan<name, input>,
  execute: (input: input, call: ToolCall) => Promise<output>,
): WalletTool<name, input, output> {
  return new DynamicStructuredTool({
    name,
    description,
    schema: inputSchema,
    verboseParsingErrors: true,
    responseFormat: 'content_and_artifact',
    func: async (input: input, _manager, config): Promise<[content: string, artifact: output]> => {
      const output = await execute(input, callOf(config ?? {}))
      return [JSON.stringify(output), output]
    },
  })
}

/** A call's id is of its thread: in another one it is another call, and without one nothing runs it again. */
function callOf({ toolCall, configurable, signal }: ToolRunnableConfig): ToolCall {
  const thread: unknown = configurable?.['thread_id']
  const id = toolCall?.id
  if (id === undefined || thread === undefined) return { signal }
  return { signal, key: callKey(String(thread), id), conversation: String(thread) }
}

type Purchase = { readonly input: PayFetchInput; readonly call: ToolCall; readonly approvals: Approver }

/** Runs from the top each time the graph is resumed: up to the interrupt, nothing is paid. */
async function payOrInterrupt(tool: PayFetchTool, { input, call, approvals }: Purchase): Promise<PayFetchOutput> {
  const result = await tool.execute(input, call)
  const { approval } = result
  if (result.status !== 'waiting' || approval?.kind !== 'approval') return result
  const id = `apr_${approval.id.slice('apr_'.length)}` as const
  const isApproved = askUntilAnswered({ type: 'payment_approval', approval }, id)
  await (isApproved ? approvals.approve(id) : approvals.deny(id))
  return tool.execute(input, { ...call, approval: id })
}

/** An answer that is to another request, such as one whose terms have changed since, is none: it is asked again. */
function askUntilAnswered(question: PaymentInterrupt, id: ApprovalId): boolean {
  for (;;) {
    const answer: Readonly<Record<string, unknown>> = Object(interrupt<PaymentInterrupt, unknown>(question))
    if (answer['approvalId'] === id) return answer['approved'] === true
  }
}
