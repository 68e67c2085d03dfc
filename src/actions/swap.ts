import { uniswap } from '../assets/pinned-contracts.js'
import { ConfigurationError, PaymentDeniedError } from '../errors.js'
import { encodeCall } from '../evm/abi.js'
import { usualPoolFee } from '../policy/rules/action-bounds.js'
import type { Action, ActionRequest, PlanningContext, PlanToken } from '../ports/action.js'
import type { Hex, Network } from '../types.js'
import { readParts } from './read-parts.js'
import { readAmount } from './tokens.js'

/** What is swapped, by Uniswap v3. */
export type SwapRequest = {
  readonly action: 'swap'
  readonly network: Network
  /** What is sold: a symbol of the table of assets, or an address. */
  readonly sell: string
  readonly buy: string
  /** How much is sold: whole tokens as a decimal, such as `'1.50'`, or atomic units as a bigint. */
  readonly amount: string | bigint
  /** Names the pool by its fee, in hundredths of a basis point. @default 500 */
  readonly fee?: number | undefined
  /** How much less than quoted may come, in hundredths of a percent. @default 50 */
  readonly maxSlippageBps?: number | undefined
}

/** SwapRouter02's `exactInputSingle` and `multicall(uint256,bytes[])`, QuoterV2's `quoteExactInputSingle`. */
const selectors = { swap: '0x04e45aaf', multicall: '0x5ae401dc', quote: '0xc6a5026a' } as const

/** The router refuses it after so many seconds. */
const lifeSeconds = 600
const usualSlippageBps = 50

/** Swaps an exact amount by one pool of Uniswap v3, for at least what was quoted less the slippage, to the wallet itself. */
export const swapAction: Action = Object.freeze({
  name: 'swap',
  plan: async (request: ActionRequest, context: PlanningContext) => {
    const { network, sell, buy, amount, fee, slippageBps } = read(request, context)
    const contracts = uniswap[network]
    if (!contracts) throw new ConfigurationError(`Failed to swap: no router of ${network} is known`)
    const { router, quoter } = contracts
    const { payer, view, now } = context
    const data = encodeCall(selectors.quote, sell.address, buy.address, amount, BigInt(fee), 0n)
    const quoted = readQuote(await view.call(quoter, data))
    const least = (quoted * BigInt(10_000 - slippageBps)) / 10_000n
    if (least === 0n) throw denied(`the pool of ${sell.symbol} and ${buy.symbol} would give nothing for it`)
    const expires = now + lifeSeconds
    const swap = encodeCall(selectors.swap, sell.address, buy.address, BigInt(fee), payer, amount, least, 0n)
    return {
      action: 'swap',
      network,
      facts: { sell: sell.address, buy: buy.address, fee, slippageBps, router },
      calls: [{ to: router, value: 0n, data: multicall(BigInt(expires), swap) }],
      outflows: [{ token: sell, amount }],
      inflows: [{ token: buy, amount: least }],
      expected: [{ token: buy, amount: quoted }],
      approvals: [{ token: sell, spender: router, amount }],
      expires,
    }
  },
} satisfies Action)

type Read = {
  readonly network: Network
  readonly sell: PlanToken
  readonly buy: PlanToken
  readonly amount: bigint
  readonly fee: number
  readonly slippageBps: number
}

function read(request: ActionRequest, { findToken }: PlanningContext): Read {
  const parts = readParts<SwapRequest>(request, ['sell', 'buy', 'amount', 'fee', 'maxSlippageBps'])
  const { network, fee = usualPoolFee, maxSlippageBps: slippageBps = usualSlippageBps } = parts
  const [sell, buy] = [parts.sell, parts.buy].map((named) => {
    const token = findToken(String(named))
    if (!token) throw new ConfigurationError(`Failed to swap: ${String(named)} on ${network} is no known token`)
    return token
  })
  if (!sell || !buy || sell.address === buy.address) throw new ConfigurationError('Failed to swap: it is one token')
  if (!Number.isInteger(fee) || fee <= 0 || fee >= 1_000_000)
    throw new ConfigurationError('Failed to read fee: expected hundredths of a basis point')
  if (!Number.isInteger(slippageBps) || slippageBps < 0 || slippageBps > 1000)
    throw new ConfigurationError('Failed to read maxSlippageBps: expected 0 to 1000 hundredths of a percent')
  return { network, sell, buy, amount: readAmount(parts.amount, sell), fee, slippageBps }
}

/** The first word that the quoter answers; what comes after it is about gas. */
function readQuote(answer: Hex | undefined): bigint {
  if (answer !== undefined && answer.length >= 66) return BigInt(answer.slice(0, 66))
  throw denied('the chain knows no pool that would give a quote for it')
}

function denied(reason: string): PaymentDeniedError {
  return new PaymentDeniedError([{ rule: 'swap', reason }])
}

/** `multicall(deadline, [data])` */
function multicall(deadline: bigint, data: Hex): Hex {
  const bytes = data.slice(2)
  const padded = bytes.padEnd(Math.ceil(bytes.length / 64) * 64, '0')
  const head = encodeCall(selectors.multicall, deadline, 64n, 1n, 32n, BigInt(bytes.length / 2))
  return `${head}${padded}`
}
