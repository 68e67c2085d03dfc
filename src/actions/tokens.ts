import { wrappedCoins } from '../assets/pinned-contracts.js'
import type { AssetTable } from '../assets/table.js'
import { familyOf } from '../assets/families.js'
import { ConfigurationError } from '../errors.js'
import { encodeCall, functions } from '../evm/abi.js'
import { parseUnits, toMicroUsd } from '../money.js'
import type { ActionPlan, ChainView, Flow, PlanToken, PreparedAction } from '../ports/action.js'
import type { Asset, Hex, MicroUsd, Network } from '../types.js'

const zero = `0x${'0'.repeat(40)}`
/** Of a token that nobody has described. */
const unknownDecimals = 0

/** Finds tokens of one network: in the wallet's table, then the one that stands for the chain's coin, else by address alone. */
export function tokenFinder(network: Network, assets: AssetTable): (named: string) => PlanToken | undefined {
  const known = assets.list().filter((one) => one.network === network && one.transfer !== 'native')
  const wrapped = wrappedCoins[network]
  return (named) => {
    const bySymbol = known.filter(({ symbol }) => symbol === named)
    // Two of one symbol: then an address has to tell which is meant.
    const asset = bySymbol.length === 1 ? bySymbol[0] : assets.find(network, named)
    if (asset && asset.transfer !== 'native') return tokenOf(asset)
    const address = familyOf(network).parseAddress(named)
    const isWrapped = wrapped && (named === wrapped.symbol || address === wrapped.address)
    if (isWrapped && bySymbol.length === 0) return { kind: 'erc20', ...wrapped, decimals: 18 }
    return address && address !== zero
      ? { kind: 'erc20', address, symbol: address, decimals: unknownDecimals }
      : undefined
  }
}

function tokenOf({ address, symbol, decimals }: Asset): PlanToken {
  return { kind: 'erc20', address, symbol, decimals }
}

/**
 * Reads an amount of a token: whole tokens as a decimal, or atomic units.
 *
 * @throws ConfigurationError when it is none, or the token's decimals are not known.
 */
export function readAmount(amount: unknown, token: PlanToken): bigint {
  const isDescribed = token.symbol !== token.address
  if (typeof amount === 'string' && isDescribed) return positive(parseUnits(amount, token))
  if (typeof amount === 'bigint') return positive(amount)
  throw new ConfigurationError('Failed to read amount: expected whole tokens such as "1.50", or atomic units', {
    details: isDescribed ? [] : [`Nothing says how many decimals ${token.symbol} has: give atomic units as a bigint.`],
  })
}

function positive(amount: bigint): bigint {
  if (amount > 0n && amount < 1n << 128n) return amount
  throw new ConfigurationError('Failed to read amount: it is nothing, or more than there can be')
}

/** Asks a contract for a number; answers nothing where it does not answer with one. */
export async function readNumber(view: ChainView, contract: string, call: Hex): Promise<bigint | undefined> {
  const answer = await view.call(contract, call)
  return answer?.length === 66 ? BigInt(answer) : undefined
}

/** What an account has of a token at a block; nothing where the token does not say. */
export async function readBalance(view: ChainView, token: string, account: string): Promise<bigint> {
  return (await readNumber(view, token, encodeCall(functions.balanceOf, account))) ?? 0n
}

/**
 * Finds the coin of a network in the wallet's table: gas is money that leaves, and counts.
 *
 * @throws ConfigurationError when it has no price.
 */
export function findCoin(network: Network, assets: AssetTable): Asset {
  const coin = assets.list().find((one) => one.network === network && one.transfer === 'native')
  if (coin) return coin
  throw unpriced(network)
}

function unpriced(network: Network): ConfigurationError {
  return new ConfigurationError(
    `Failed to act: the coin of ${network} has no price, and its gas would count as nothing`,
    {
      details: ["Add it to the wallet's assets, with transfer: 'native', the zero address and a price of yours."],
    },
  )
}

/**
 * Works out what an action counts as: its priced side, and of two the greater, with what its gas may cost.
 *
 * @throws ConfigurationError when neither side has a price, or the coin has none: zero is what no source says.
 */
export function worthOf(
  { network, action, outflows, inflows, expected = inflows }: ActionPlan,
  { gas, comes = [] }: Pick<PreparedAction, 'gas' | 'comes'>,
  { assets, coin }: { readonly assets: AssetTable; readonly coin: Asset },
): MicroUsd {
  const price = ({ token, amount }: Flow): MicroUsd | undefined => {
    const isCoin = token.kind === 'coin' || token.address === wrappedCoins[network]?.address
    const asset = assets.find(network, token.address) ?? (isCoin ? coin : undefined)
    return asset?.microUsd ? toMicroUsd(amount, asset) : undefined
  }
  if (!coin.microUsd) throw unpriced(network)
  // What is rounded may leave too.
  const out = sumOf(outflows.map(({ token, amount }) => price({ token, amount: amount + (token.rounding ?? 0n) })))
  const [planned, shown] = [sumOf(expected.map(price)), sumOf(comes.map(price))]
  // What comes has to be priced where what leaves is not; an action that brings nothing is worth what leaves.
  if (!out.isWhole && (expected.length === 0 || !planned.isWhole)) {
    throw new ConfigurationError(`Failed to act: neither what leaves nor what comes by ${action} has a price`, {
      details: ["Add one of the two to the wallet's assets, with a price of yours."],
    })
  }
  // The least that has to come says little of what does.
  const sides = [out, ...(outflows.length > 0 ? [planned, shown].filter(({ isWhole }) => isWhole) : [])]
  return sides.reduce((most, { sum }) => (sum > most ? sum : most), 0n) + toMicroUsd(gas, coin)
}

function sumOf(prices: readonly (MicroUsd | undefined)[]): { readonly sum: MicroUsd; readonly isWhole: boolean } {
  return { sum: prices.reduce<bigint>((sum, one) => sum + (one ?? 0n), 0n), isWhole: !prices.includes(undefined) }
}
