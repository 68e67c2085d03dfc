import {
  type ActionBounds,
  type BridgeBounds,
  type LendingBounds,
  type NftBounds,
  readBounds,
  type SwapBounds,
} from '../policy/rules/action-bounds.js'

/**
 * Bounds swaps by Uniswap v3, for `allowActions` and for a session's scope.
 *
 * @throws ConfigurationError when a bound is not usable.
 */
export function swap(bounds: SwapBounds): ActionBounds {
  return readBounds({ action: 'swap', ...bounds })
}

/**
 * Bounds what is supplied to Aave v3, for the wallet itself, for `allowActions` and for a session's scope.
 *
 * @throws ConfigurationError when a bound is not usable.
 */
export function supply(bounds: LendingBounds): ActionBounds {
  return readBounds({ action: 'supply', ...bounds })
}

/**
 * Bounds what is withdrawn from Aave v3, to the wallet itself, for `allowActions` and for a session's scope.
 *
 * @throws ConfigurationError when a bound is not usable.
 */
export function withdraw(bounds: LendingBounds): ActionBounds {
  return readBounds({ action: 'withdraw', ...bounds })
}

/**
 * Bounds what is brought to other networks by Across, to the wallet's own address, for `allowActions` and for a session's scope.
 *
 * @throws ConfigurationError when a bound is not usable.
 */
export function bridge(bounds: BridgeBounds): ActionBounds {
  return readBounds({ action: 'bridge', ...bounds })
}

/**
 * Bounds gifts of NFTs: which collections, and to whom. A piece counts as what the collection's entry in the table of assets
 * says, which has its standard as `transfer`, no decimals, and the price of a piece.
 *
 * @throws ConfigurationError when a bound is not usable.
 */
export function transferNft(bounds: NftBounds): ActionBounds {
  return readBounds({ action: 'transferNft', ...bounds })
}
