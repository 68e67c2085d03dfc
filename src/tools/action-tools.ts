import * as z from 'zod/mini'
import { ConfigurationError, isStipendError } from '../errors.js'
import { formatUnits, formatUsd } from '../lib/format-amount.js'
import { plain } from '../lib/untrusted.js'
import type { Flow } from '../ports/action.js'
import type { Session } from '../session/session.js'
import type { AgentWallet } from '../wallet/wallet.js'
import type { QuoteSwapOutput, SwapOutput, ToolAnswer } from './answers.js'
import type { Schema } from './input.js'
import { answerOf, failed, invalidInput, outcomeOf } from './outcome.js'
import { common, seenApproval, seenPayment } from './output.js'
import { type MakeSwapInput, quoteSwapInput, type SwapInput, swapInput } from './swap-input.js'
import type { ActionTools } from './tool.js'
import { seePayment } from './views.js'

const text = z.string()

const quoteSwapOutput: Schema<QuoteSwapOutput> = z.strictObject({
  ...common,
  leaves: z.optional(z.array(text)),
  comesAtLeast: z.optional(z.array(text)),
  comesAsQuoted: z.optional(z.array(text)),
  countsUsd: z.optional(text),
  isAllowed: z.optional(z.boolean()),
  waitsFor: z.optional(z.enum(['approval', 'delay'])),
  reasons: z.optional(z.array(text)),
})
const swapOutput: Schema<SwapOutput> = z.strictObject({
  ...common,
  payment: z.optional(seenPayment),
  approval: z.optional(seenApproval),
  key: z.optional(text),
})

/**
 * Makes the tools of what a session may do on chain; a quote first, which signs nothing.
 *
 * @throws ConfigurationError when it is a wallet: what a model may do is a session's to say.
 */
export function createActionTools(owner: AgentWallet | Session): ActionTools {
  if ('openSession' in owner) {
    throw new ConfigurationError('Failed to make tools: actions are those of a session’s scope, and this is a wallet')
  }
  const may = owner.actions.filter(({ action }) => action === 'swap')
  if (may.length === 0) return {}
  const pairs = may.flatMap(({ network, pairs: own }) =>
    (Array.isArray(own) ? own : []).map((pair) => `${String(pair)} on ${network}`),
  )
  const bounds = plain(`Allowed, as sell,buy,fee: ${pairs.join('; ')}.`, 1024)
  return {
    quote_swap: Object.freeze({
      name: 'quote_swap',
      description: `Says what a swap of tokens would bring and cost, and whether it would be allowed. Signs nothing; ask this first. ${bounds}`,
      inputSchema: quoteSwapInput,
      outputSchema: quoteSwapOutput,
      execute: reading(quoteSwapInput, (input) => quoteSwap(input, owner)),
    }),
    swap: Object.freeze({
      name: 'swap',
      description: `Swaps tokens of the wallet, to the wallet itself, within what the owner allows. Never repeat one that is "unknown" or "claimed". ${bounds}`,
      inputSchema: swapInput,
      outputSchema: swapOutput,
      execute: reading(swapInput, (input) => swap(input, owner)),
    }),
  }
}

function reading<input, output>(schema: Schema<input>, work: (input: input) => Promise<output>) {
  return async (value: unknown): Promise<output | ToolAnswer> => {
    const input = schema.safeParse(value)
    if (input.success) return work(input.data)
    const [issue = { path: [], message: 'expected what the schema has' }] = input.error.issues
    return invalidInput(issue)
  }
}

async function quoteSwap(input: SwapInput, { quoteAction }: Session): Promise<QuoteSwapOutput | ToolAnswer> {
  try {
    const { plan, microUsd, allowed, waitsFor, reasons } = await quoteAction(requestOf(input))
    return {
      status: 'ok',
      explanation: allowed ? 'It would be made now.' : 'It would not be made now; see the reasons.',
      leaves: plan.outflows.map(write),
      comesAtLeast: plan.inflows.map(write),
      comesAsQuoted: (plan.expected ?? plan.inflows).map(write),
      countsUsd: formatUsd(microUsd),
      isAllowed: allowed,
      ...(waitsFor && { waitsFor }),
      reasons: reasons.map((reason) => plain(reason, 512)),
    }
  } catch (error) {
    return isStipendError(error) ? answerOf(error) : failed('request_failed', 'No quote came; nothing was signed.')
  }
}

async function swap(input: MakeSwapInput, { act }: Session): Promise<SwapOutput | ToolAnswer> {
  const { key, ...rest } = input
  try {
    const payment = await act({ ...requestOf(rest), ...(key !== undefined && { key }) })
    return {
      status: 'ok',
      explanation: 'The chain has taken it.',
      payment: seePayment(payment),
    }
  } catch (error) {
    if (!isStipendError(error))
      return failed('request_failed', 'No usable answer came; look at the payments before it is tried again.')
    const { status, explanation, code, payment, approval, key: own } = outcomeOf(error, key)
    return {
      status,
      explanation,
      code,
      ...(payment && { payment }),
      ...(approval && { approval }),
      ...(own !== undefined && { key: own }),
    }
  }
}

function requestOf({ network, maxSlippageBps, fee, maxUsd, ...parts }: SwapInput) {
  return {
    action: 'swap',
    network: network as `${string}:${string}`,
    ...parts,
    ...(maxSlippageBps !== undefined && { maxSlippageBps }),
    ...(fee !== undefined && { fee }),
    ...(maxUsd !== undefined && { maxUsd }),
  }
}

function write({ token: moved, amount }: Flow): string {
  return plain(formatUnits(amount, moved), 128)
}
