import type { Asset, MicroUsd, Network } from './common.js'

/** What a wallet holds of one asset. */
export type Balance = {
  readonly network: Network
  readonly address: string
  readonly asset: Asset
  /** Atomic units. */
  readonly amount: bigint
  /** Rounded down. */
  readonly microUsd: MicroUsd
}
