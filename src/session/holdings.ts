import type { Balance, Network } from '../types.js'

/** Where a wallet's money is, and how much. */
export type Holdings = {
  readonly addresses: () => Promise<readonly { readonly network: Network; readonly address: string }[]>
  readonly balances: () => Promise<readonly Balance[]>
}
