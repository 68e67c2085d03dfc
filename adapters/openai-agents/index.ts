import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import { type FunctionTool, type RunContext, tool } from '@openai/agents'
import { type AgentWallet, ConfigurationError, type Session } from 'stipend'
import {
  type ApprovalStatusOutput,
  type Approver,
  type BudgetOutput,
  callKey,
  type FindServicesOutput,
  type PayFetchOutput,
  type PaymentsOutput,
  type PaymentTool,
  paymentTools,
  type PaymentToolsOptions,
  type QuoteOutput,
  type ToolCall,
} from 'stipend/tools'
import * as z from 'zod/mini'

const optionNames: OptionNames<WalletToolsOptions> = {
  approvals: true,
  conversation: true,
  hosts: true,
  maxBodyCharacters: true,
  findServices: true,
  actions: true,
}

/** Options of `walletTools`. */
export type WalletToolsOptions = PaymentToolsOptions & {
  /**
   * Who decides, which is `wallet.approvals`. With it, a payment that needs a person interrupts the run, and approving
   * the interruption approves exactly the terms that were asked for, as `wallet.approvals.list()` shows them. Whoever can
   * write the run's state can say that yes.
   *
   * @default nobody: the call answers that it waits, and goes on once the owner has decided elsewhere
   */
  readonly approvals?: Approver | undefined
  /**
   * Names the conversation, such as by the id of the chat. With it, a call that is run again is the same purchase and is
   * paid once; with `approvals` there has to be one, since the ids of calls need not be unique beyond a conversation.
   *
   * @default each call is a purchase of its own
   */
  readonly conversation?: string | undefined
}

type ObjectSchema = Extract<FunctionTool['parameters'], { additionalProperties: false }>
type ToolCallDetails = Parameters<FunctionTool['invoke']>[2]

/** A tool of a wallet; its answer reaches the model as JSON. */
export type WalletTool<output> = FunctionTool<unknown, FunctionTool['parameters'], output>

/** The tools of a wallet, for an `Agent`. */
export type WalletTools = [
  pay_fetch: WalletTool<PayFetchOutput>,
  quote: WalletTool<QuoteOutput>,
  budget: WalletTool<BudgetOutput>,
  payments: WalletTool<PaymentsOutput>,
  approval_status: WalletTool<ApprovalStatusOutput>,
  // There where a list of services is named, where a session may see what the wallet holds, and where actions are asked for.
  ...others: (WalletTool<FindServicesOutput> | WalletTool<unknown>)[],
]

/**
 * Makes tools of the OpenAI Agents SDK with which a model pays within what a session, or a wallet, allows. In a
 * conversation that has a name, a call that is run again, from a state that is resumed twice or after a crash, is the same
 * purchase and is paid once: by the same session, which after a restart is one that has a `name`.
 *
 * One yes is for one payment: `alwaysApprove` lets calls run, but no payment beyond what needs no person.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { Agent, run, RunState } from '@openai/agents'
 * import type { AgentWallet } from 'stipend'
 * import { walletTools } from 'stipend/openai-agents'
 *
 * declare const wallet: AgentWallet
 * const session = wallet.session({ limits: { totalLimitUsd: 5 }, maxPayments: 50 })
 * const options = { approvals: wallet.approvals, conversation: 'chat-1' }
 * const agent = new Agent({ name: 'buyer', tools: walletTools(session, options) })
 * const { state, interruptions } = await run(agent, 'Buy the report.')
 * const saved = state.toString()
 *
 * // Later, in any process:
 * const resumed = await RunState.fromString(agent, saved)
 * for (const interruption of interruptions) resumed.approve(interruption)
 * await run(agent, resumed)
 * ```
 */
export function walletTools(owner: AgentWallet | Session, options: WalletToolsOptions = {}): WalletTools {
  refuseUnknown('walletTools', options, optionNames)
  const { approvals, conversation, ...rest } = options
  if (approvals && conversation === undefined) {
    throw new ConfigurationError('Failed to make tools: with approvals, the conversation needs a name', {
      details: ["Name it, as in { conversation: chatId }: ids of calls can be the same in two people's chats."],
    })
  }
  const { pay_fetch, quote, budget, payments, approval_status, find_services, ...actions } = paymentTools(owner, rest)
  const callOf = (id: string | undefined, signal?: AbortSignal): ToolCall => ({
    key: id === undefined || conversation === undefined ? undefined : callKey(conversation, id),
    conversation,
    signal,
  })
  const recordDenials = async (context: RunContext): Promise<void> => {
    if (!approvals) return
    await Promise.all(rejectedIn(context).map((id) => pay_fetch.deny(callOf(id), approvals)))
  }
  return [
    toTool(pay_fetch, {
      // It is asked for the tools of a turn, and so after each answer of a person to a call: there is no other sign of a no.
      isEnabled: async ({ runContext }) => {
        await recordDenials(runContext)
        return true
      },
      needsApproval: async (context, input, callId) => {
        if (!approvals || isApproved(context, callId)) return false
        return (await pay_fetch.ask(input, callOf(callId))) !== undefined
      },
      execute: (input, context, details) => {
        const id = details?.toolCall?.callId
        const call = callOf(id, details?.signal)
        return approvals && isApproved(context, id)
          ? pay_fetch.executeApproved(input, call, approvals)
          : pay_fetch.execute(input, call)
      },
    }),
    toTool(quote, looking(quote)),
    toTool(budget, looking(budget)),
    toTool(payments, looking(payments)),
    toTool(approval_status, looking(approval_status)),
    ...(find_services ? [toTool(find_services, looking(find_services))] : []),
    ...Object.values(actions).map((one) => toTool(one as PlainTool, acting(one as PlainTool, callOf))),
  ]
}

type Running<output> = {
  readonly execute: (input: unknown, context?: RunContext, details?: ToolCallDetails) => Promise<output>
  readonly isEnabled?: (turn: { readonly runContext: RunContext }) => Promise<boolean>
  readonly needsApproval?: (context: RunContext, input: unknown, callId?: string) => Promise<boolean>
}

type PlainTool = PaymentTool<string, unknown, unknown>

/** An action is named by its call where the model gives it no name: a call that is run again is the same action. */
function acting<input, output>(
  { execute }: PaymentTool<string, input, output>,
  callOf: (id: string | undefined, signal?: AbortSignal) => ToolCall,
): Running<output> {
  return { execute: (input, _context, details) => execute(input, callOf(details?.toolCall?.callId, details?.signal)) }
}

/** A tool that only looks needs nothing of its call but the signal. */
function looking<input, output>({ execute }: PaymentTool<string, input, output>): Running<output> {
  return { execute: (input, _context, details) => execute(input, { signal: details?.signal }) }
}

/** The schema is that of strict mode; what a model writes is read by the tool itself, more leniently. */
function toTool<input, output>(
  { name, description, inputSchema }: PaymentTool<string, input, output>,
  running: Running<output>,
): WalletTool<output> {
  // A copy, since what zod answers is marked as a schema that validates.
  const parameters: unknown = { ...z.toJSONSchema(inputSchema) }
  return tool({ name, description, parameters: parameters as ObjectSchema, strict: true, ...running })
}

/** Whether the run's state has a person's yes to a call. What the yes is to, the ledger knows. */
function isApproved(context: RunContext | undefined, callId: string | undefined): boolean {
  return callId !== undefined && context?.isToolApproved({ toolName: 'pay_fetch', callId }) === true
}

const approvalsOf = z.object({
  approvals: z.record(z.string(), z.object({ rejected: z.union([z.boolean(), z.array(z.string())]) })),
})

/** The calls that a person has said no to, by their ids, as the run's state has it. */
function rejectedIn(context: RunContext): readonly string[] {
  const read = approvalsOf.safeParse(context.toJSON())
  const rejected = read.success ? read.data.approvals['pay_fetch']?.rejected : undefined
  return Array.isArray(rejected) ? rejected : []
}
