import type { Network, OfferClaim, SetAside } from '../../types.js'
import { fieldsOf, isObject } from '../fields.js'
import { untrustedWord } from '../../lib/untrusted.js'
import { networkOfV1 } from './networks.js'

/** Reads one entry of `accepts`: a claim, or why it is none. */
export type ReadEntry = (entry: unknown, index: number) => OfferClaim | SetAside

type Fields = Readonly<Record<string, unknown>>

const maxAmount = (1n << 256n) - 1n
/** The v1 packages sign from ten minutes ago, and their facilitators were only ever tried with that. */
const backdateSecondsV1 = 600

const name = /^[\x21-\x7e]{1,64}$/
const address = /^[\x21-\x7e]{1,128}$/
/** CAIP-2, compared to the letter and never normalised; a chain id has only one decimal form. */
const caip2 = /^(?:eip155:[1-9][0-9]{0,14}|(?!eip155:)[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,44})$/
/** Zero is refused as well: settling it would burn the nonce. */
const amount = /^[1-9][0-9]{0,77}$/

/** Says what is wrong with a field, or nothing. */
type Check = readonly [field: string, isRight: (value: unknown) => boolean, problem: string]

const isAbsent = (value: unknown): boolean => value === undefined || value === null
const amountOf = (field: string): readonly Check[] => [
  [field, (value) => matches(value, amount), 'is not a whole positive number of atomic units in a string'],
  [field, (value) => BigInt(String(value)) <= maxAmount, 'is more than a token can hold'],
]
/** An entry that has the amount of both versions can be read as two prices. */
const noAmountOf = (field: string): Check => [field, isAbsent, 'belongs to another version of x402']

const common: readonly Check[] = [
  ['scheme', (value) => matches(value, name), 'is not a short word'],
  ['asset', (value) => matches(value, address), 'is not an address'],
  ['payTo', (value) => matches(value, address), 'is not an address'],
  ['maxTimeoutSeconds', (value) => Number.isSafeInteger(value), 'is not a whole number'],
  ['maxTimeoutSeconds', (value) => Number(value) > 0, 'is not a positive number'],
  ['extra', (value) => isAbsent(value) || isObject(value), 'is not an object'],
]
const checksV2: readonly Check[] = [
  ...common,
  ['network', (value) => matches(value, caip2), 'is not a CAIP-2 id'],
  ...amountOf('amount'),
  noAmountOf('maxAmountRequired'),
]
const checksV1: readonly Check[] = [
  ...common,
  ['network', (value) => matches(value, name), 'is not a short word'],
  ...amountOf('maxAmountRequired'),
  noAmountOf('amount'),
]

function matches(value: unknown, expression: RegExp): boolean {
  return typeof value === 'string' && expression.test(value)
}

/** Reads a v2 entry. */
export function readEntryV2(entry: unknown, index: number): OfferClaim | SetAside {
  const refused = refuseEntry(entry, index, checksV2)
  if (refused) return refused
  const fields = fieldsOf(entry)
  const flow = flowOf(fields)
  if (flow !== 'authorization' && flow !== 'upfront') return aside(entry, index, unsupportedFlow)
  const network = fields['network'] as Network
  const claim = claimOf(fields, { index, network, amount: String(fields['amount']) })
  return flow === 'upfront' ? { ...claim, flow } : claim
}

/** Reads a v1 entry; its network is a name that must be one we know. The v1 facilitators for Solana take no memo. */
export function readEntryV1(entry: unknown, index: number): OfferClaim | SetAside {
  const refused = refuseEntry(entry, index, checksV1)
  if (refused) return refused
  const fields = fieldsOf(entry)
  const network = networkOfV1(String(fields['network']))
  if (!network) return aside(entry, index, 'its network is not one of x402 version 1')
  if (flowOf(fields) !== 'authorization') return aside(entry, index, unsupportedFlow)
  const claim = claimOf(fields, { index, network, amount: String(fields['maxAmountRequired']) })
  return { ...claim, backdateSeconds: backdateSecondsV1, takesMemo: false }
}

function claimOf(
  fields: Fields,
  { index, network, amount }: { readonly index: number; readonly network: Network; readonly amount: string },
): OfferClaim {
  return {
    scheme: String(fields['scheme']),
    asset: String(fields['asset']),
    payTo: String(fields['payTo']),
    maxTimeoutSeconds: Number(fields['maxTimeoutSeconds']),
    extra: fieldsOf(fields['extra']),
    index,
    network,
    amount: BigInt(amount),
    raw: fields,
  }
}

function refuseEntry(entry: unknown, index: number, checks: readonly Check[]): SetAside | undefined {
  if (!isObject(entry)) return aside(entry, index, 'it is not an object')
  const wrong = checks.find(([field, isRight]) => !isRight(entry[field]))
  return wrong && aside(entry, index, `${wrong[0]} ${wrong[2]}`)
}

const unsupportedFlow = 'its payment flow is not supported'

/** Says when the money is taken, or nothing where an entry says it twice and differently; by default after the work. */
function flowOf(entry: Fields): unknown {
  const said = [entry['paymentFlow'], fieldsOf(entry['extra'])['paymentFlow']].filter((flow) => !isAbsent(flow))
  const [flow, ...others] = new Set(said)
  return others.length === 0 ? (flow ?? 'authorization') : undefined
}

function aside(entry: unknown, index: number, reason: string): SetAside {
  const { scheme, network, asset } = fieldsOf(entry)
  return {
    index,
    reason,
    untrustedScheme: untrustedWord(scheme),
    untrustedNetwork: untrustedWord(network),
    untrustedAsset: untrustedWord(asset),
  }
}
