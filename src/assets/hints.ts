import { familyOf, knownFamilies } from './families.js'

/** Says what to list to pay by a scheme, where the package has it: ours, whatever a server calls it. */
export function schemeHint(network: string, name: string): string {
  const { schemes = {} } = familyOf(network).hints ?? {}
  return Object.hasOwn(schemes, name) ? `: list ${schemes[name]}, in the wallet's schemes` : ''
}

/** Says how a token is added, where it is one that can be. */
export function assetHint(network: string, address: string): string {
  const { hints, parseAddress } = familyOf(network)
  if (!hints || parseAddress(address) === undefined) return ''
  const form = `{ network, address, symbol, decimals${hints.asset} }`
  return `: list one that you trust, as ${form}, in the wallet's assets, with its microUsd unless it is worth $1`
}

/** Says what to list to ask the chain of a network, or any chain. */
export function chainHint(network?: string): string {
  const families = network === undefined ? knownFamilies : [familyOf(network)]
  const chains = families.flatMap(({ hints }) => hints?.chain ?? [])
  return chains.length === 0 ? '' : `: list ${chains.join(', or ')}, in its chains`
}
