import { ConfigurationError } from '../../errors.js'
import { isNetwork, parseAddressOn } from '../../assets/families.js'
import { deepFreeze } from '../../lib/freeze.js'
import { parseUsd, type Usd } from '../../money.js'
import type { Network } from '../../types.js'
import type { JSONValue } from '../json/rule-json.js'
import { isText } from '../read.js'

/** What every action is bounded by. */
type Common = {
  /** A CAIP-2 id, such as `eip155:8453`. */
  readonly network: Network
  /** The most that may leave by one of them, gas included. */
  readonly maxUsd: Usd
}

/** Which swaps are allowed. */
export type SwapBounds = Common & {
  /**
   * What may be sold for what, by symbols of the table of assets or addresses, and the fee of the pool in hundredths of a
   * basis point. A pair is one way: for the way back, list it turned round.
   *
   * @default a fee of 500, which is 0.05 %
   */
  readonly pairs: readonly (readonly [sell: string, buy: string, fee?: number])[]
  /** How much less than quoted may come, in hundredths of a percent, up to 1000. */
  readonly maxSlippageBps: number
}

/** What may be supplied to Aave v3, or withdrawn from it. */
export type LendingBounds = Common & {
  /** Symbols of the table of assets, or addresses. */
  readonly tokens: readonly string[]
}

/** What may be brought to which networks, by Across. */
export type BridgeBounds = Common & {
  /** The networks that it may go to, by their CAIP-2 ids. */
  readonly to: readonly Network[]
  /** Symbols of the table of assets, or addresses on the network that it leaves. */
  readonly tokens: readonly string[]
  /** How much less may arrive than leaves, in hundredths of a percent, up to 1000. */
  readonly maxFeeBps: number
}

/** Which NFTs may be given away. */
export type NftBounds = Common & {
  /** The addresses of collections. */
  readonly contracts: readonly string[]
  /** Who may be sent any. */
  readonly to: readonly string[]
}

/** Bounds of one kind of action, as data; made by the functions of `stipend/actions`. */
export type ActionBounds = Common & { readonly action: string; readonly [bound: string]: JSONValue }

/** The fee of the pool that is meant where none is named, in hundredths of a basis point. */
export const usualPoolFee = 500
const maxSlippage = 1000

type Reader = (value: unknown, network: Network) => JSONValue | undefined

const addresses: Reader = (value, network) => {
  const read = Array.isArray(value) ? value.map((one) => (isText(one) ? parseAddressOn(network, one) : undefined)) : []
  return read.length > 0 && read.every((one) => one !== undefined) ? read : undefined
}
const networks: Reader = (value) => {
  const list: readonly unknown[] = Array.isArray(value) ? Array.from(value) : []
  const isUsable = (one: unknown): one is Network => isText(one) && isNetwork(one)
  return list.length > 0 && list.every(isUsable) ? list : undefined
}
const slippage: Reader = (value) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= maxSlippage ? Number(value) : undefined

/** The bounds of each kind, all of them required. What is none of these is bounded by the contracts that it calls. */
const kinds: Readonly<Record<string, Readonly<Record<string, Reader>>>> = {
  swap: { pairs: readPairs, maxSlippageBps: slippage },
  supply: { tokens: readTokens },
  withdraw: { tokens: readTokens },
  bridge: { to: networks, tokens: readTokens, maxFeeBps: slippage },
  transferNft: { contracts: addresses, to: addresses },
}
const otherKind = { contracts: addresses } as const

/**
 * Reads the bounds of an action, and writes them in the one way in which they are compared.
 *
 * @throws ConfigurationError naming what is not usable.
 */
export function readBounds(bounds: Readonly<Record<string, unknown>>): ActionBounds {
  const { action, network, maxUsd, ...rest } = Object(bounds)
  if (!isText(action) || !/^[a-zA-Z]{1,32}$/.test(action)) throw failed('an action', 'it has no name')
  if (!isText(network) || !isNetwork(network)) throw failed(action, 'its network is no CAIP-2 id')
  parseUsd(maxUsd, `maxUsd of ${action}`)
  const readers: Readonly<Record<string, Reader>> = Object.hasOwn(kinds, action) ? (kinds[action] ?? {}) : otherKind
  const unknown = Object.keys(rest).find((name) => !Object.hasOwn(readers, name))
  if (unknown !== undefined) throw failed(action, `${unknown} is no bound of it`)
  const own: Record<string, JSONValue> = {}
  for (const [name, read] of Object.entries(readers)) {
    const value = read(rest[name], network as Network)
    if (value === undefined) throw failed(action, `${name} is not usable`)
    own[name] = value
  }
  return deepFreeze({ action, network: network as Network, maxUsd, ...own })
}

function readPairs(value: unknown, network: Network): JSONValue | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const pairs = value.map((pair: unknown) => {
    const [sell, buy, fee = usualPoolFee] = Array.isArray(pair) ? pair : []
    const isFee = Number.isInteger(fee) && fee > 0 && fee < 1_000_000
    return isText(sell) && isText(buy) && isFee ? [spell(sell, network), spell(buy, network), Number(fee)] : undefined
  })
  return pairs.every((pair) => pair !== undefined) ? pairs : undefined
}

function readTokens(value: unknown, network: Network): JSONValue | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? Array.from(value) : []
  return list.length > 0 && list.every(isText) ? list.map((named) => spell(named, network)) : undefined
}

/** A symbol stays as it is. */
function spell(named: string, network: Network): string {
  return parseAddressOn(network, named) ?? named
}

function failed(action: string, reason: string): ConfigurationError {
  return new ConfigurationError(`Failed to read the bounds of ${action}: ${reason}`)
}
