import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import { type ModelMessage, tool, type Tool } from 'ai'
import { type AgentWallet, ConfigurationError, type Session } from 'stipend'
import {
  type AddressesOutput,
  type ApprovalStatusInput,
  type ApprovalStatusOutput,
  type Approver,
  type BalancesOutput,
  type BridgeInput,
  type BudgetInput,
  type BudgetOutput,
  type LendInput,
  type MakeBridgeInput,
  type MakeLendInput,
  type MakeSwapInput,
  callKey,
  describeApproval,
  type FindServicesInput,
  type FindServicesOutput,
  type PayFetchInput,
  type NoArguments,
  type PayFetchOutput,
  type PaymentsInput,
  type PaymentsOutput,
  type PaymentTool,
  paymentTools,
  type PaymentToolsOptions,
  type QuoteInput,
  type QuoteOutput,
  type QuoteSwapOutput,
  type SwapInput,
  type SwapOutput,
  type ToolCall,
} from 'stipend/tools'
import { type SdkCall, findDenied, findRequest, isApproved } from './history.js'

const optionNames: OptionNames<WalletToolsOptions> = {
  approvals: true,
  conversation: true,
  hosts: true,
  maxBodyCharacters: true,
  actions: true,
  findServices: true,
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
   * Names the conversation, such as by the id of the chat. With it, a call that is run again is the same purchase and is
   * paid once; with `approvals` there has to be one, since the ids of calls need not be unique beyond a conversation.
   *
   * @default each call is a purchase of its own
   */
  readonly conversation?: string | undefined
}

/**
 * The tools of a wallet, when to ask a person before they run, and what records a person's no: all for `generateText`,
 * `streamText` or an agent. What has tools of its own takes `withWalletTools`.
 */
export type WalletTools = {
  readonly tools: {
    readonly pay_fetch: Tool<PayFetchInput, PayFetchOutput>
    readonly quote: Tool<QuoteInput, QuoteOutput>
    readonly budget: Tool<BudgetInput, BudgetOutput>
    readonly payments: Tool<PaymentsInput, PaymentsOutput>
    readonly approval_status: Tool<ApprovalStatusInput, ApprovalStatusOutput>
    readonly find_services?: Tool<FindServicesInput, FindServicesOutput>
    readonly addresses?: Tool<NoArguments, AddressesOutput>
    readonly balances?: Tool<NoArguments, BalancesOutput>
    readonly quote_swap?: Tool<SwapInput, QuoteSwapOutput>
    readonly swap?: Tool<MakeSwapInput, SwapOutput>
    readonly quote_supply?: Tool<LendInput, QuoteSwapOutput>
    readonly supply?: Tool<MakeLendInput, SwapOutput>
    readonly quote_withdraw?: Tool<LendInput, QuoteSwapOutput>
    readonly withdraw?: Tool<MakeLendInput, SwapOutput>
    readonly quote_bridge?: Tool<BridgeInput, QuoteSwapOutput>
    readonly bridge?: Tool<MakeBridgeInput, SwapOutput>
  }
  readonly toolApproval: {
    readonly pay_fetch: (input: PayFetchInput, call: SdkCall) => Promise<ApprovalStatus>
  }
  /** Records what a person said no to, before the next step. */
  readonly prepareStep: (step: { readonly messages: readonly ModelMessage[] }) => Promise<undefined>
}

type ApprovalStatus = { readonly type: 'user-approval'; readonly reason: string } | undefined

/**
 * Makes AI SDK tools with which a model pays within what a session, or a wallet, allows. In a conversation that has a
 * name, a call that is run again, by a replayed history or after a crash, is the same purchase and is paid once: by the
 * same session, which after a restart is one that has a `name`.
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
 *   ...walletTools(session, { approvals: wallet.approvals, conversation: 'chat-1' }),
 *   stopWhen: isStepCount(10),
 * })
 * console.log(text)
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
  const { pay_fetch, quote, budget, payments, approval_status, find_services, ...scoped } = paymentTools(owner, rest)
  const { addresses, balances, ...actions } = scoped
  const { quote_swap, swap, quote_supply, supply, quote_withdraw, withdraw, quote_bridge, bridge } = actions
  const callOf = (toolCallId: string): ToolCall =>
    conversation === undefined ? {} : { key: callKey(conversation, toolCallId), conversation }
  const recordDenials = async (messages: readonly ModelMessage[]): Promise<void> => {
    if (!approvals) return
    await Promise.all(findDenied(messages).map((id) => pay_fetch.deny(callOf(id), approvals)))
  }
  const ask = async (input: PayFetchInput, call: SdkCall): Promise<ApprovalStatus> => {
    if (!approvals || findRequest(call) !== undefined) return undefined
    await recordDenials(call.messages)
    const approval = await pay_fetch.ask(input, callOf(call.toolCallId))
    return approval && { type: 'user-approval', reason: describeApproval(approval) }
  }
  return {
    tools: {
      pay_fetch: tool({
        description: pay_fetch.description,
        inputSchema: pay_fetch.inputSchema,
        outputSchema: pay_fetch.outputSchema,
        // Version 6 asks the tool, and has no setting for it; later ones ask the setting first.
        needsApproval: async (input: PayFetchInput, call: SdkCall) => (await ask(input, call)) !== undefined,
        execute: async (input: PayFetchInput, { toolCallId, messages, abortSignal }: SdkCall) => {
          const call = { ...callOf(toolCallId), signal: abortSignal }
          return approvals && isApproved({ toolCallId, messages })
            ? pay_fetch.executeApproved(input, call, approvals)
            : pay_fetch.execute(input, call)
        },
      }),
      quote: tool(looking(quote)),
      budget: tool(looking(budget)),
      payments: tool(looking(payments)),
      approval_status: tool(looking(approval_status)),
      ...(find_services && { find_services: tool(looking(find_services)) }),
      ...(addresses && { addresses: tool(looking(addresses)) }),
      ...(balances && { balances: tool(looking(balances)) }),
      ...(quote_swap && { quote_swap: tool(looking(quote_swap)) }),
      ...(swap && { swap: tool(acting(swap, callOf)) }),
      ...(quote_supply && { quote_supply: tool(looking(quote_supply)) }),
      ...(supply && { supply: tool(acting(supply, callOf)) }),
      ...(quote_withdraw && { quote_withdraw: tool(looking(quote_withdraw)) }),
      ...(withdraw && { withdraw: tool(acting(withdraw, callOf)) }),
      ...(quote_bridge && { quote_bridge: tool(looking(quote_bridge)) }),
      ...(bridge && { bridge: tool(acting(bridge, callOf)) }),
    },
    toolApproval: { pay_fetch: ask },
    prepareStep: async ({ messages }) => {
      await recordDenials(messages)
      return undefined
    },
  }
}

type Looking<input, output> = Pick<
  PaymentTool<string, input, output>,
  'description' | 'inputSchema' | 'outputSchema'
> & {
  readonly execute: (input: input, call: SdkCall) => Promise<output>
}

/** An action is named by its call where the model gives it no name: a call that is run again is the same action. */
function acting<input, output>(
  plain: PaymentTool<string, input, output>,
  callOf: (toolCallId: string) => ToolCall,
): Looking<input, output> {
  const execute: Looking<input, output>['execute'] = (input, { toolCallId, abortSignal }) =>
    plain.execute(input, { ...callOf(toolCallId), signal: abortSignal })
  return { ...looking(plain), execute }
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
