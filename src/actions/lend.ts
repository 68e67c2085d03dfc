import { aavePools } from '../assets/pinned-contracts.js'
import { ConfigurationError, PaymentDeniedError } from '../errors.js'
import { decodeAddress, encodeCall } from '../evm/abi.js'
import type { Action, ActionRequest, PlanningContext, PlanToken } from '../ports/action.js'
import type { Hex, Network } from '../types.js'
import { readParts } from './read-parts.js'
import { readAmount, readBalance } from './tokens.js'

/** What is supplied to Aave v3, or withdrawn from it; always by and for the wallet itself. */
export type LendingRequest = {
  readonly action: 'supply' | 'withdraw'
  readonly network: Network
  /** What is lent: a symbol of the table of assets, or an address. */
  readonly token: string
  /**
   * Whole tokens as a decimal, such as `'1.50'`, or atomic units as a bigint; of a withdrawal also `'all'`, which is what there
   * is at the block that it is planned at: what accrues until it is executed stays.
   */
  readonly amount: string | bigint
}

/** `supply(address,uint256,address,uint16)`, `withdraw(address,uint256,address)` and `getReserveData(address)` */
const selectors = { supply: '0x617ba037', withdraw: '0x69328dec', reserve: '0x35ea6a75' } as const

/** Where an answer of `getReserveData` has the aToken, in words. */
const aTokenWord = 8

/** The pool keeps scaled amounts, and rounds as it scales: a balance moves by up to so many units less or more. */
const rounding = 2n

/** Supplies an exact amount to the pool; as much of its aToken comes. */
export const supplyAction: Action = Object.freeze({
  name: 'supply',
  plan: async (request: ActionRequest, context: PlanningContext) => {
    const { network, pool, token, aToken, parts } = await read(request, context)
    const amount = readAmount(parts.amount, token)
    return {
      action: 'supply',
      network,
      facts: { token: token.address, pool },
      calls: [{ to: pool, value: 0n, data: encodeCall(selectors.supply, token.address, amount, context.payer, 0n) }],
      outflows: [{ token, amount }],
      inflows: [{ token: aToken, amount }],
      approvals: [{ token, spender: pool, amount }],
    }
  },
} satisfies Action)

/** Withdraws an exact amount from the pool to the wallet; as much of its aToken leaves. */
export const withdrawAction: Action = Object.freeze({
  name: 'withdraw',
  plan: async (request: ActionRequest, context: PlanningContext) => {
    const { network, pool, token, aToken, parts } = await read(request, context)
    // Not the amount that the pool takes for all: what comes in between would leave too, and no plan has it.
    const amount = parts.amount === 'all' ? await readHeld(aToken, context) : readAmount(parts.amount, token)
    return {
      action: 'withdraw',
      network,
      facts: { token: token.address, pool },
      calls: [{ to: pool, value: 0n, data: encodeCall(selectors.withdraw, token.address, amount, context.payer) }],
      outflows: [{ token: aToken, amount }],
      inflows: [{ token, amount }],
      approvals: [],
    }
  },
} satisfies Action)

type Read = {
  readonly network: Network
  readonly pool: Hex
  readonly token: PlanToken
  readonly aToken: PlanToken
  readonly parts: LendingRequest
}

async function read(request: ActionRequest, { findToken, view }: PlanningContext): Promise<Read> {
  const parts = readParts<LendingRequest>(request, ['token', 'amount'])
  const { network } = parts
  const pool = aavePools[network]
  if (!pool) throw new ConfigurationError(`Failed to lend: no pool of Aave v3 on ${network} is known`)
  const token = findToken(String(parts.token))
  if (!token) {
    throw new ConfigurationError(`Failed to lend: ${String(parts.token)} on ${network} is no known token`)
  }
  const reserve = await view.call(pool, encodeCall(selectors.reserve, token.address))
  const word = reserve?.slice(2 + 64 * aTokenWord, 2 + 64 * (aTokenWord + 1)) ?? ''
  const own = /^0*$/.test(word) ? undefined : findToken(decodeAddress(`0x${word}`))
  if (!own) throw denied(`Aave v3 on ${network} has no ${token.symbol}`)
  return { network, pool, token, aToken: aTokenOf(own, token), parts }
}

/** Counted in the units of what it stands for. */
function aTokenOf(own: PlanToken, { symbol, address, decimals }: PlanToken): PlanToken {
  const isNameless = own.symbol === own.address && symbol !== address
  return { ...own, decimals, rounding, ...(isNameless && { symbol: `a${symbol}` }) }
}

async function readHeld(aToken: PlanToken, { view, payer }: PlanningContext): Promise<bigint> {
  const held = await readBalance(view, aToken.address, payer)
  if (held > 0n) return held
  throw denied(`the wallet has no ${aToken.symbol}`)
}

function denied(reason: string): PaymentDeniedError {
  return new PaymentDeniedError([{ rule: 'lending', reason }])
}
