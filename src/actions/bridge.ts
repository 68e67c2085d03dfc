import { familyOf } from '../assets/families.js'
import { spokePools } from '../assets/pinned-contracts.js'
import { ConfigurationError, PaymentDeniedError } from '../errors.js'
import { acrossQuestions, chainIdOf, encodeDeposit } from '../evm/across.js'
import type { Action, ActionRequest, ChainView, PlanningContext, PlanToken } from '../ports/action.js'
import type { Hex, Network } from '../types.js'
import { findFill } from './fills.js'
import { readParts } from './read-parts.js'
import { readAmount, readNumber } from './tokens.js'

/** What is brought to another network, by Across; always by and for the wallet itself. */
export type BridgeRequest = {
  readonly action: 'bridge'
  readonly network: Network
  /** The network that it goes to. */
  readonly to: Network
  /** A symbol of the table of assets, which has it on both networks. */
  readonly token: string
  /** How much leaves: whole tokens as a decimal, such as `'1.50'`, or atomic units as a bigint. */
  readonly amount: string | bigint
  /** How much less than that arrives, in hundredths of a percent: what whoever pays it out earns. @default 10 */
  readonly feeBps?: number | undefined
}

const usualFeeBps = 10
/** For how long it may be paid out after it was planned: what nobody pays out by then is sent back. */
const fillSeconds = 7200n

/**
 * Brings money to other networks by Across, for a wallet's `actions`: an exact amount is deposited, to be paid out to the
 * wallet's own address elsewhere, less a fee. `allowActions` bounds it by `bridge`.
 */
export function across(): Action {
  return bridgeAction
}

const bridgeAction: Action = Object.freeze({
  name: 'bridge',
  plan: async (request: ActionRequest, context: PlanningContext) => {
    const { network, to, token, output, amount, feeBps, pool } = read(request, context)
    const { payer, view } = context
    const [quoteBuffer, fillBuffer] = await Promise.all([
      readSeconds(view, pool, acrossQuestions.quoteBuffer),
      readSeconds(view, pool, acrossQuestions.fillBuffer),
    ])
    const quotedAt = BigInt(view.timestamp)
    const outputAmount = amount - (amount * BigInt(feeBps)) / 10_000n
    const data = encodeDeposit({
      payer,
      inputToken: token.address,
      outputToken: output.address,
      inputAmount: amount,
      outputAmount,
      destination: chainIdOf(to),
      quotedAt,
      fillDeadline: quotedAt + (fillBuffer < fillSeconds ? fillBuffer : fillSeconds),
    })
    return {
      action: 'bridge',
      network,
      facts: { token: token.address, to, output: output.address, arrives: outputAmount.toString(), feeBps, pool },
      calls: [{ to: pool, value: 0n, data }],
      outflows: [{ token, amount }],
      inflows: [],
      approvals: [{ token, spender: pool, amount }],
      // The pool itself refuses it from then on.
      expires: view.timestamp + Number(quoteBuffer),
    }
  },
  follow: async (executed) => findFill(executed),
} satisfies Action)

type Read = {
  readonly network: Network
  readonly to: Network
  readonly token: PlanToken
  readonly output: PlanToken
  readonly amount: bigint
  readonly feeBps: number
  readonly pool: Hex
}

function read(request: ActionRequest, { findToken, findTokenOn }: PlanningContext): Read {
  const parts = readParts<BridgeRequest>(request, ['to', 'token', 'amount', 'feeBps'])
  const { network, to, feeBps = usualFeeBps } = parts
  const [pool, other] = [spokePools[network], spokePools[String(to) as Network]]
  if (!pool || !other || to === network || familyOf(to) !== familyOf(network))
    throw new ConfigurationError(`Failed to bridge: nothing is known to bring money from ${network} to ${String(to)}`)
  if (!Number.isInteger(feeBps) || feeBps < 0 || feeBps > 1000)
    throw new ConfigurationError('Failed to read feeBps: expected 0 to 1000 hundredths of a percent')
  const named = String(parts.token)
  const [token, output] = [findToken(named), findTokenOn(to, named)]
  if (!token || !isDescribed(token))
    throw new ConfigurationError(`Failed to bridge: ${named} on ${network} is no token of the table of assets`)
  if (!output)
    throw new ConfigurationError(
      `Failed to bridge: ${named} on ${to} is no known token, or the wallet has no chain of it to see it arrive by`,
    )
  // The same thing on both networks, counted alike: a token of another kind is never what was sent.
  if (!isDescribed(output) || output.symbol !== token.symbol || output.decimals !== token.decimals)
    throw new ConfigurationError(`Failed to bridge: ${named} is not the same token on ${network} and on ${to}`)
  return { network, to, token, output, amount: readAmount(parts.amount, token), feeBps, pool }
}

/** Across hands the chain's own coin out for what stands for it: only tokens that stay what they are. */
function isDescribed({ symbol, address, kind }: PlanToken): boolean {
  return kind === 'erc20' && symbol !== address && !/^W(?:ETH|POL|AVAX)$/.test(symbol)
}

async function readSeconds(view: ChainView, pool: Hex, question: Hex): Promise<bigint> {
  const seconds = (await readNumber(view, pool, question)) ?? 0n
  if (seconds > 0n && seconds <= 86_400n) return seconds
  throw new PaymentDeniedError([{ rule: 'bridge', reason: 'the pool does not say how long a deposit lives' }])
}
