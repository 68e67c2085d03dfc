import { ConfigurationError } from '../errors.js'
import { deepFreeze } from '../lib/freeze.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import type { Family } from '../ports/family.js'
import type { AssetInput } from '../ports/asset-input.js'
import type { Asset } from '../types.js'
import { familyOf, isNetwork, knownFamilies } from './families.js'
import { dollar, pinnedAssets } from './pinned.js'

export type { AssetInput } from '../ports/asset-input.js'

/** The tokens that a wallet trusts, and how their networks write addresses. */
export type AssetTable = {
  /** Finds the asset that a claim names. */
  find(network: string, address: string): Asset | undefined
  list(): readonly Asset[]
  /** Writes an address of a network in the one way of its family; what is none stays as it is. */
  spell(network: string, address: string): string
}

/**
 * Creates the table of assets that a wallet trusts: the owner's own, and after them the pinned ones. Its order is that in
 * which they are preferred where prices are equal.
 *
 * @throws ConfigurationError when one of the owner's is not usable.
 */
export function createAssetTable(
  own: readonly AssetInput[] = [],
  families: readonly Family[] = knownFamilies,
): AssetTable {
  const keyOf = (network: string, address: string): string =>
    `${network}/${familyOf(network, families).foldAddress(address)}`
  const table = new Map<string, Asset>()
  for (const input of own) {
    const asset = readAsset(input, familyOf(input.network, families))
    table.set(keyOf(asset.network, asset.address), deepFreeze(asset))
  }
  for (const asset of pinnedAssets()) {
    const key = keyOf(asset.network, asset.address)
    if (!table.has(key)) table.set(key, deepFreeze(asset))
  }
  return {
    find: (network, address) => table.get(keyOf(network, address)),
    list: () => [...table.values()],
    spell: (network, address) => familyOf(network, families).parseAddress(address) ?? address,
  }
}

const inputNames: OptionNames<AssetInput> = {
  network: true,
  address: true,
  symbol: true,
  decimals: true,
  microUsd: true,
  transfer: true,
  eip712: true,
}

function readAsset(input: AssetInput, family: Family): Asset {
  refuseUnknown('assets', input, inputNames)
  const { transfer = family.transfer, microUsd: given = dollar } = input
  // What has to be asked for each payment has no price until then, and pays nothing.
  const isSourced = typeof given === 'function'
  const microUsd = isSourced ? 0n : given
  const address = family.parseAddress(input.address)
  const isUsable =
    isNetwork(input.network, family) &&
    address !== undefined &&
    Number.isInteger(input.decimals) &&
    input.decimals >= 0 &&
    input.decimals <= 36 &&
    // Worth nothing, or less, it would be free of every limit.
    (isSourced || (typeof microUsd === 'bigint' && microUsd > 0n)) &&
    (transfer !== 'eip3009' || input.eip712 !== undefined)
  if (!isUsable) {
    throw new ConfigurationError(`Failed to read assets: ${input.symbol} on ${input.network} is not usable`, {
      details: [
        'It needs a CAIP-2 network, an address with a right checksum, decimals, a price above zero and, on EVM, its EIP-712 domain.',
      ],
    })
  }
  return { ...input, address, transfer, microUsd }
}
