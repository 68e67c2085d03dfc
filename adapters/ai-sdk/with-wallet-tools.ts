import type { ModelMessage, ToolSet } from 'ai'
import { type AgentWallet, ConfigurationError, type Session } from 'stipend'
import type { PayFetchInput } from 'stipend/tools'
import { type WalletToolsOptions, walletTools, type WalletTools } from './tools.js'

/** Settings of `generateText`, `streamText` or an agent: the part that the wallet's tools go into. */
export type ToolSettings = {
  readonly tools?: ToolSet | undefined
  // Each of them has types of its own for these two.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly toolApproval?: any
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly prepareStep?: ((step: any) => any) | undefined
}

/**
 * Adds a wallet's tools to settings that may have tools of their own, which stay.
 *
 * @throws ConfigurationError when an option is not usable, or a tool of theirs has the name of a wallet's.
 *
 * @example
 * ```ts
 * import { generateText, isStepCount, type LanguageModel, type ToolSet } from 'ai'
 * import type { AgentWallet } from 'stipend'
 * import { withWalletTools } from 'stipend/ai-sdk'
 *
 * declare const wallet: AgentWallet
 * declare const model: LanguageModel
 * declare const mine: ToolSet
 * const session = wallet.session({ limits: { totalLimitUsd: 5 }, maxPayments: 50 })
 * const settings = { model, prompt: 'Buy the report.', tools: mine, stopWhen: isStepCount(10) }
 * const { text } = await generateText(withWalletTools(settings, session))
 * console.log(text)
 * ```
 */
export function withWalletTools<const settings extends ToolSettings>(
  settings: settings,
  owner: AgentWallet | Session,
  options: WalletToolsOptions = {},
): Omit<settings, keyof ToolSettings> & Merged<settings> {
  const own = walletTools(owner, options)
  const { tools = {}, toolApproval, prepareStep } = settings
  const twice = Object.keys(own.tools).find((name) => Object.hasOwn(tools, name))
  if (twice !== undefined)
    throw new ConfigurationError(`Failed to add the wallet's tools: there is one called ${twice}`)
  const merged = {
    ...settings,
    tools: { ...tools, ...own.tools },
    toolApproval: mergeApproval(toolApproval, own.toolApproval),
    prepareStep: async (step: { readonly messages: readonly ModelMessage[] }) => {
      await own.prepareStep(step)
      return prepareStep?.(step)
    },
  }
  return merged
}

type Merged<settings extends ToolSettings> = {
  readonly tools: (settings['tools'] extends ToolSet ? settings['tools'] : unknown) & WalletTools['tools']
  readonly toolApproval: WalletTools['toolApproval']
  readonly prepareStep: WalletTools['prepareStep']
}

/** What decides on all tools is not asked about the one that pays: the owner's limits do that. */
function mergeApproval(theirs: unknown, own: WalletTools['toolApproval']): unknown {
  if (typeof theirs !== 'function') return { ...Object(theirs), ...own }
  return async (request: { readonly toolCall: SdkToolCall; readonly messages: readonly ModelMessage[] }) => {
    const { toolCall, messages } = request
    if (toolCall.toolName !== 'pay_fetch') return theirs(request)
    return own.pay_fetch(toolCall.input as PayFetchInput, { toolCallId: toolCall.toolCallId, messages })
  }
}

type SdkToolCall = { readonly toolName: string; readonly toolCallId: string; readonly input: unknown }
