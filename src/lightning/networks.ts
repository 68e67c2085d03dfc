import type { Network } from '../types.js'

/** A network of Bitcoin, as Lightning wallets name it. */
export type LightningNetwork = 'mainnet' | 'testnet' | 'signet' | 'regtest'

/** What invoices begin with after `ln`, and the CAIP-2 id: half of the hash of the first block. */
export const networks: Readonly<Record<LightningNetwork, { readonly prefix: string; readonly id: Network }>> = {
  mainnet: { prefix: 'bc', id: 'bip122:000000000019d6689c085ae165831e93' },
  testnet: { prefix: 'tb', id: 'bip122:000000000933ea01ad0ee984209779ba' },
  signet: { prefix: 'tbs', id: 'bip122:00000008819873e925422c1ff0f99f7c' },
  regtest: { prefix: 'bcrt', id: 'bip122:0f9188f13cb7b2c71f2a335e3a4fc328' },
}

/** Finds the network of an invoice's prefix. */
export function networkOfPrefix(prefix: string): LightningNetwork | undefined {
  return (Object.keys(networks) as LightningNetwork[]).find((name) => networks[name].prefix === prefix)
}
