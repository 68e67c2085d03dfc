import {
  devnetUsdc,
  type SolanaKeyPair,
  startSolana,
  startSolanaFacilitator,
  startSolanaServer,
} from '../support/solana/index.ts'

/** What the other process needs to know of the town: where the node and the shop are, and a key for each client. */
export type Town = { readonly node: string; readonly shop: string; readonly keys: readonly Key[] }

/** A key as text. */
type Key = Pick<SolanaKeyPair, 'address' | 'privateKey'>

/** What the other process may ask, by sending it: how many calls a tag has made, or how long its answers take. */
export type Wish = { readonly tag: string; readonly latencyMs?: number }

/** A process of its own for the chain, the official facilitator and the official server, so that only clients are measured. */
const chain = await startSolana()
const facilitator = await startSolanaFacilitator(chain)
const shop = await startSolanaServer({ chain, facilitator })
const payers = [await chain.createPayer(10n ** 12n, devnetUsdc), await chain.createPayer(10n ** 12n, devnetUsdc)]

process.on('message', ({ tag, latencyMs }: Wish) => {
  if (latencyMs !== undefined) chain.setLatency(tag, latencyMs)
  const counts = Object.entries(chain.counts()).filter(([name]) => name.startsWith(`${tag} `))
  process.send?.(counts.reduce((sum, [, count]) => sum + count, 0))
})
process.on('disconnect', () => process.exit(0))
process.send?.({
  node: chain.url,
  shop: `${shop.url}/paid`,
  keys: payers.map(({ address, privateKey }) => ({ address, privateKey })),
} satisfies Town)
