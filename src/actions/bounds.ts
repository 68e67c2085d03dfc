import { type ActionBounds, readBounds, type SwapBounds } from '../policy/rules/action-bounds.js'

/**
 * Bounds swaps by Uniswap v3, for `allowActions` and for a session's scope.
 *
 * @throws ConfigurationError when a bound is not usable.
 */
export function swap(bounds: SwapBounds): ActionBounds {
  return readBounds({ action: 'swap', ...bounds })
}
