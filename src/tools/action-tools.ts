import * as z from 'zod/mini'
import { ConfigurationError, isStipendError } from '../errors.js'
import { formatUnits, formatUsd } from '../lib/format-amount.js'
import { plain } from '../lib/untrusted.js'
import type { ActionBounds } from '../policy/rules/action-bounds.js'
import type { Flow } from '../ports/action.js'
import type { Session } from '../session/session.js'
import type { Network } from '../types.js'
import type { AgentWallet } from '../wallet/wallet.js'
import type { QuoteSwapOutput, SwapOutput, ToolAnswer } from './answers.js'
import type { Schema } from './input.js'
import { bridgeInput, quoteBridgeInput } from './bridge-input.js'
import { nameWith } from './call-name.js'
import { lendInput, quoteLendInput } from './lend-input.js'
import { answerOf, failed, invalidInput, outcomeOf } from './outcome.js'
import { common, type Fields, seenApproval, seenPayment } from './output.js'
import { quoteSwapInput, swapInput } from './swap-input.js'
import type { ToolCall } from './pay-fetch.js'
import type { ActionTools, PaymentTool } from './tool.js'
import { seePayment } from './views.js'

const text = z.string()

const quoteOutput: Schema<QuoteSwapOutput> = z.strictObject({
  ...common,
  leaves: z.optional(z.array(text)),
  comesAtLeast: z.optional(z.array(text)),
  comesAsQuoted: z.optional(z.array(text)),
  countsUsd: z.optional(text),
  isAllowed: z.optional(z.boolean()),
  waitsFor: z.optional(z.enum(['approval', 'delay'])),
  reasons: z.optional(z.array(text)),
} satisfies Fields<QuoteSwapOutput>)
const actOutput: Schema<SwapOutput> = z.strictObject({
  ...common,
  payment: z.optional(seenPayment),
  approval: z.optional(seenApproval),
  key: z.optional(text),
} satisfies Fields<SwapOutput>)

const swaps = {
  action: 'swap',
  quotes: 'Says what a swap of tokens would bring and cost',
  makes: 'Swaps tokens of the wallet, to the wallet itself',
  bounds: 'Allowed, as sell,buy,fee:',
  list: 'pairs',
  quoteInput: quoteSwapInput,
  makeInput: swapInput,
} as const
const lending = { bounds: 'Allowed:', list: 'tokens', quoteInput: quoteLendInput, makeInput: lendInput } as const
const supplies = {
  ...lending,
  action: 'supply',
  quotes: 'Says what supplying a token to Aave v3 would cost',
  makes: 'Supplies a token of the wallet to Aave v3, where it earns interest',
} as const
const withdrawals = {
  ...lending,
  action: 'withdraw',
  quotes: 'Says what withdrawing a token from Aave v3 would bring and cost',
  makes: 'Withdraws a token from Aave v3, to the wallet itself',
} as const

const bridges = {
  action: 'bridge',
  quotes: 'Says what bringing a token to another network would cost',
  makes: 'Brings a token of the wallet to its own address on another network',
  bounds: 'Allowed:',
  list: 'tokens',
  quoteInput: quoteBridgeInput,
  makeInput: bridgeInput,
} as const

/**
 * Makes the tools of what a session may do on chain; a quote first, which signs nothing.
 *
 * @throws ConfigurationError when it is a wallet: what a model may do is a session's to say.
 */
export function createActionTools(owner: AgentWallet | Session): ActionTools {
  if ('openSession' in owner) {
    throw new ConfigurationError('Failed to make tools: actions are those of a session’s scope, and this is a wallet')
  }
  return {
    ...toolsOf(swaps, owner),
    ...toolsOf(supplies, owner),
    ...toolsOf(withdrawals, owner),
    ...toolsOf(bridges, owner),
  }
}

type ActOptions = Parameters<Session['act']>[0]
type Input = { readonly network: string; readonly key?: string | undefined }

/** An action as a model is told of it. */
type Kind<name extends string, input, made> = {
  readonly action: name
  readonly quotes: string
  readonly makes: string
  /** What its list of bounds says. */
  readonly bounds: string
  readonly list: string
  readonly quoteInput: Schema<input>
  readonly makeInput: Schema<made>
}

type Tools<name extends string, input, made> = {
  readonly [quote in `quote_${name}`]?: PaymentTool<quote, input, QuoteSwapOutput | ToolAnswer>
} & { readonly [one in name]?: PaymentTool<one, made, SwapOutput | ToolAnswer> }

function toolsOf<name extends string, input extends Input, made extends Input>(
  { action, quotes, makes, bounds, list, quoteInput, makeInput }: Kind<name, input, made>,
  owner: Session,
): Tools<name, input, made> {
  const may = owner.actions.filter((one) => one.action === action)
  if (may.length === 0) return {}
  const allowed = plain(`${bounds} ${may.flatMap((one) => describe(list, one)).join('; ')}.`, 1024)
  const quote = {
    name: `quote_${action}`,
    description: `${quotes}, and whether it would be allowed. Signs nothing; ask this first. ${allowed}`,
    inputSchema: quoteInput,
    outputSchema: quoteOutput,
    execute: reading(quoteInput, (input) => quoteAction(requestOf(action, input), owner)),
  } as const
  const make = {
    name: action,
    description: `${makes}, within what the owner allows. Never repeat one that is "unknown" or "claimed". ${allowed}`,
    inputSchema: makeInput,
    outputSchema: actOutput,
    execute: reading(makeInput, (input, call) => act(named(requestOf(action, input), call), owner)),
  } as const
  return { [quote.name]: Object.freeze(quote), [action]: Object.freeze(make) } as Tools<name, input, made>
}

/** A name that only the framework gave is that of a call, which is run again; another call can mean the same. */
function named(request: ActOptions, call: ToolCall | undefined): ActOptions {
  if (request.key !== undefined || call?.key === undefined) return request
  return { ...request, key: nameWith(call.key, request), sameRequest: true }
}

function describe(list: string, { network, [list]: named, to }: ActionBounds): readonly string[] {
  const where = Array.isArray(to) ? `from ${network} to ${to.join(' or ')}` : `on ${network}`
  return (Array.isArray(named) ? named : []).map((one) => `${String(one)} ${where}`)
}

function reading<input, output>(schema: Schema<input>, work: (input: input, call?: ToolCall) => Promise<output>) {
  return async (value: unknown, call?: ToolCall): Promise<output | ToolAnswer> => {
    const input = schema.safeParse(value)
    if (input.success) return work(input.data, call)
    const [issue = { path: [], message: 'expected what the schema has' }] = input.error.issues
    return invalidInput(issue)
  }
}

async function quoteAction(request: ActOptions, owner: Session): Promise<QuoteSwapOutput | ToolAnswer> {
  try {
    const { plan, microUsd, allowed, waitsFor, reasons } = await owner.quoteAction(request)
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

async function act(request: ActOptions, owner: Session): Promise<SwapOutput | ToolAnswer> {
  try {
    const payment = await owner.act(request)
    return { status: 'ok', explanation: 'The chain has taken it.', payment: seePayment(payment) }
  } catch (error) {
    if (!isStipendError(error))
      return failed('request_failed', 'No usable answer came; look at the payments before it is tried again.')
    const { status, explanation, code, payment, approval, key } = outcomeOf(error, request.key)
    return {
      status,
      explanation,
      code,
      ...(payment && { payment }),
      ...(approval && { approval }),
      ...(key !== undefined && { key }),
    }
  }
}

/** What is not given is left out: a request is the same however its absent parts were written. */
function requestOf(action: string, input: Input): ActOptions {
  const given = Object.entries(input).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(given), action, network: input.network as Network }
}

function write({ token: moved, amount }: Flow): string {
  return plain(formatUnits(amount, moved), 128)
}
