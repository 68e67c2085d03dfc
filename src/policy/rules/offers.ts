import { ConfigurationError } from '../../errors.js'
import { familyOf, isNetwork, knownFamilies, parseAddressOn, parseAnyAddress } from '../../assets/families.js'
import { showId } from '../../lib/untrusted.js'
import { isAction, isTransfer } from '../../resource.js'
import type { Asset, Network } from '../../types.js'
import type { Rule } from '../../ports/policy.js'
import { withForm } from '../json/rule-json.js'
import { isText, ownFields } from '../read.js'
import { allow, createRule, deny, grantFlow, grantPayee, readList } from './create-rule.js'

const payeeShape = /^(?:([-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}):)?([-.%a-zA-Z0-9]{1,128})$/
const tokenShape = /^([-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32})\/([-a-z0-9]{3,8}):([-.%a-zA-Z0-9]{1,128})$/
const tokenNamespaces = knownFamilies.map(({ tokenNamespace }) => tokenNamespace)

/**
 * Allows payments to these payees only, and transfers to them: a transfer needs this rule, as a payment one about hosts. EVM addresses are the same in either case; any other is compared exactly.
 * `eip155:8453:0x…` (CAIP-10) names a payee on one network, and a bare address the same payee on all. Of actions, whose contracts
 * `allowActions` names, it says nothing.
 *
 * @throws ConfigurationError when an address is not usable.
 */
export function allowPayees(payees: readonly string[]): Rule {
  const known = readSome('allowPayees', payees, readPayee)
  const rule = createRule('allowPayees', ({ resource, offer: { network, payTo } }) => {
    if (isAction(resource)) return allow
    const payee = parseAddressOn(network, payTo)
    if (payee === undefined) return deny('the payee is not an address')
    const isKnown = known.has(payee) || known.has(`${network}:${payee}`)
    if (!isKnown) return deny(`${showId(payee, 'the payee')} is not an allowed payee`)
    return isTransfer(resource) ? grantPayee : allow
  })
  return withForm(rule, { payees: [...known] })
}

function readPayee(entry: unknown): string | undefined {
  const [, network, address = ''] = payeeShape.exec(isText(entry) ? entry : '') ?? []
  if (network !== undefined) {
    const payee = parseAddressOn(network, address)
    return payee && `${network}:${payee}`
  }
  // A name such as agent.eth is no address, and would never be met.
  return parseAnyAddress(address)
}

/**
 * Allows payments on these networks only, by their exact CAIP-2 ids.
 *
 * @throws ConfigurationError when an id is not one.
 */
export function allowNetworks(networks: readonly Network[]): Rule {
  const known = readSome('allowNetworks', networks, readNetwork)
  const rule = createRule('allowNetworks', ({ offer: { asset, network } }) =>
    known.has(network) ? allow : deny(`${asset.network} is not an allowed network`),
  )
  return withForm(rule, { networks: [...known] })
}

function readNetwork(entry: unknown): string | undefined {
  return isText(entry) && isNetwork(entry) ? entry : undefined
}

/** A token to allow: its network and address, `eip155:8453/erc20:0x…` (CAIP-19), or its symbol. */
export type AllowedAsset = string | Pick<Asset, 'network' | 'address'>

/**
 * Allows payments in these assets only: by network and address, by CAIP-19 id, or by symbol. A symbol is that of the
 * table of pinned and own assets, where the offer was looked up by its address; what a server calls its token is never
 * read.
 *
 * @throws ConfigurationError when an entry is not usable.
 */
export function allowAssets(assets: readonly AllowedAsset[]): Rule {
  const known = readSome('allowAssets', assets, readAsset)
  const rule = createRule('allowAssets', ({ offer: { asset } }) => {
    const isKnown = known.has(asset.symbol) || known.has(`${asset.network}/${asset.address}`)
    return isKnown ? allow : deny(`${asset.symbol} on ${asset.network} is not an allowed asset`)
  })
  return withForm(rule, { assets: [...known].map(writeAsset) })
}

/** When a server takes the money: x402's `paymentFlow`. */
export type PaymentFlow = 'authorization' | 'upfront'

/**
 * Allows these payment flows, besides the one that is always allowed, `authorization`, by which the money is taken once the
 * work is done. By `upfront` it is taken before: a server that then fails has been paid, and its receipt is kept.
 *
 * @throws ConfigurationError when a flow is not one of these.
 */
export function allowFlows(flows: readonly PaymentFlow[]): Rule {
  const known = readSome('allowFlows', flows, readFlow)
  const rule = createRule('allowFlows', ({ offer: { flow } }) => {
    if (flow === undefined) return allow
    return known.has(flow) ? grantFlow : deny(`${flow} is not an allowed payment flow`)
  })
  return withForm(rule, { flows: [...known] })
}

function readFlow(entry: unknown): PaymentFlow | undefined {
  return entry === 'authorization' || entry === 'upfront' ? entry : undefined
}

/** Writes a symbol as it is, and a token by its CAIP-19 id. */
function writeAsset(asset: string): string {
  return asset.replace('/', `/${familyOf(asset).tokenNamespace}:`)
}

function readAsset(entry: unknown): string | undefined {
  if (isText(entry) && /^[^\s/:]{1,32}$/.test(entry)) return entry
  const [, ...token] = tokenShape.exec(isText(entry) ? entry : '') ?? []
  const fields = ownFields(entry)
  const [network = fields['network'], namespace = 'token', written = fields['address']] = token
  if (!isText(network) || !isText(written) || readNetwork(network) === undefined) return undefined
  if (!tokenNamespaces.includes(namespace)) return undefined
  const address = parseAddressOn(network, written)
  return address && `${network}/${address}`
}

/** Reads the entries of a list that must say something. */
function readSome(
  rule: string,
  entries: readonly unknown[],
  read: (entry: unknown) => string | undefined,
): Set<string> {
  const items = readList(rule, entries)
  if (items.length === 0) throw new ConfigurationError(`Failed to read ${rule}: its list is empty`)
  return new Set(
    items.map((entry, index) => {
      const item = read(entry)
      if (item !== undefined) return item
      const words = isText(entry) ? JSON.stringify(entry) : `entry ${index}`
      throw new ConfigurationError(`Failed to read ${rule}: ${words} is not usable`, {
        details: [examples[rule] ?? ''],
      })
    }),
  )
}

const examples: Readonly<Record<string, string>> = {
  allowFlows: 'Write authorization or upfront.',
  allowPayees: 'Write 0x… with a right checksum, eip155:8453:0x…, or the address as its network writes it.',
  allowNetworks: 'Write CAIP-2 ids: eip155:8453 is Base, eip155:84532 is Base Sepolia.',
  allowAssets: 'Write a symbol such as USDC, eip155:8453/erc20:0x…, or { network, address }.',
}
