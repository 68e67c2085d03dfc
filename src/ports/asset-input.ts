import type { Asset } from '../types.js'
import type { MicroUsdSource } from './price.js'

/** A token of the owner's own, such as a test token; it counts as one dollar unless `microUsd` says otherwise. */
export type AssetInput = Omit<Asset, 'microUsd' | 'transfer'> & {
  /** What one whole token is worth, or what says so for each payment. */
  readonly microUsd?: bigint | MicroUsdSource | undefined
  readonly transfer?: Asset['transfer'] | undefined
}
