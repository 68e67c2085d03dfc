import type { AssetTable } from '../assets/table.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import type { AssetInput } from '../ports/asset-input.js'
import type { MicroUsdSource } from '../ports/price.js'
import type { Asset, MicroUsd, OfferClaim } from '../types.js'

/** Answers the assets of some claims as they are worth now. */
export type AskPrices = (
  claims: readonly Pick<OfferClaim, 'network' | 'asset'>[],
  assets: AssetTable,
) => Promise<AssetTable>

/** Makes what asks the sources of prices that an owner's assets have; nothing where none has one. */
export function createAskPrices(own: readonly AssetInput[] = []): AskPrices | undefined {
  const sourced = own.flatMap(({ network, address, microUsd }) =>
    typeof microUsd === 'function' ? [{ network, address, source: microUsd }] : [],
  )
  if (sourced.length === 0) return undefined
  return async (claims, assets) => {
    const asked = new Set(claims.map(({ network, asset }) => assets.find(network, asset)))
    const priced = new Map<Asset, Asset>()
    for (const { network, address, source } of sourced) {
      const asset = assets.find(network, address)
      if (asset && asked.has(asset)) priced.set(asset, Object.freeze({ ...asset, microUsd: await ask(source) }))
    }
    const find: AssetTable['find'] = (network, address) => {
      const asset = assets.find(network, address)
      return asset && (priced.get(asset) ?? asset)
    }
    return { ...assets, find }
  }
}

/** Zero, which pays nothing, where nobody says. */
async function ask(source: MicroUsdSource): Promise<MicroUsd> {
  try {
    const price = await within(deadlines.price, (async () => source())(), 'no price in time')
    // Less than nothing would make room under every limit.
    return typeof price === 'bigint' && price > 0n ? price : 0n
  } catch {
    return 0n
  }
}
