import { ConfigurationError } from '../errors.js'
import { parseAddress } from '../evm.js'
import type { Asset, Network } from '../types.js'
import type { Rule } from './engine.js'
import { allow, createRule } from './rule.js'

/**
 * Allows payments to these payees only. EVM addresses are the same in either case; `eip155:8453:0x…` (CAIP-10) names a
 * payee on one network.
 *
 * @throws ConfigurationError when an address is not usable.
 */
export function allowPayees(payees: readonly string[]): Rule {
  const known = new Set(list('allowPayees', payees).map(readPayee))
  return createRule('allowPayees', ({ offer }) => {
    const payee = parseAddress(offer.payTo) ?? offer.payTo
    const isKnown = known.has(payee) || known.has(`${offer.network}:${payee}`)
    return isKnown ? allow : { type: 'deny', reason: `${payee} is not an allowed payee` }
  })
}

function readPayee(payee: string): string {
  const [, prefix = '', address = ''] =
    /^([-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,64}:)?([\x21-\x39\x3b-\x7e]+)$/.exec(payee) ?? []
  const parsed = address.startsWith('0x') ? parseAddress(address) : address
  if (!parsed)
    throw new ConfigurationError(`Failed to read allowPayees: ${payee} is not an address with a right checksum`)
  return `${prefix}${parsed}`
}

/**
 * Allows payments on these networks only, by their exact CAIP-2 ids.
 *
 * @throws ConfigurationError when an id is not one.
 */
export function allowNetworks(networks: readonly Network[]): Rule {
  const known = new Set<string>(list('allowNetworks', networks))
  const wrong = [...known].find((network) => !/^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,64}$/.test(network))
  if (wrong !== undefined)
    throw new ConfigurationError(`Failed to read allowNetworks: ${wrong} is not a CAIP-2 id, such as eip155:8453`)
  return createRule('allowNetworks', ({ offer }) =>
    known.has(offer.network) ? allow : { type: 'deny', reason: `${offer.network} is not an allowed network` },
  )
}

/**
 * Allows payments in these assets only: by symbol, which is our own table's and never a server's, or by network and
 * address.
 *
 * @throws ConfigurationError when an entry is not usable.
 */
export function allowAssets(assets: readonly (string | Pick<Asset, 'network' | 'address'>)[]): Rule {
  const known = new Set(list('allowAssets', assets).map(readAsset))
  return createRule('allowAssets', ({ offer: { asset } }) => {
    const isKnown = known.has(asset.symbol) || known.has(`${asset.network}/${asset.address}`)
    return isKnown ? allow : { type: 'deny', reason: `${asset.symbol} on ${asset.network} is not an allowed asset` }
  })
}

function readAsset(asset: string | Pick<Asset, 'network' | 'address'>): string {
  if (typeof asset === 'string' && /^[\x21-\x7e]{1,32}$/.test(asset)) return asset
  const address =
    typeof asset === 'object' && (asset.network.startsWith('eip155:') ? parseAddress(asset.address) : asset.address)
  if (typeof asset !== 'object' || !address) {
    throw new ConfigurationError('Failed to read allowAssets: expected symbols, or networks with addresses')
  }
  return `${asset.network}/${address}`
}

function list<item>(rule: string, items: readonly item[]): readonly item[] {
  if (!Array.isArray(items)) throw new ConfigurationError(`Failed to read ${rule}: expected a list`)
  return items
}
