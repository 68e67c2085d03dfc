import { isObject } from '../equal.js'
import { decodeHeader, encodeHeader, type Entry, headersOf, writeNetwork } from '../server/wire.js'
import type { Network } from '../../types.js'

/** How a mock server asks and is paid: x402 v2, by headers, or x402 v1, by the body of its 402. */
export type Mock402Protocol = 'x402' | 'x402-v1'

const versions: Readonly<Record<Mock402Protocol, 1 | 2>> = { x402: 2, 'x402-v1': 1 }
const solanaNames: Readonly<Record<string, string>> = {
  'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp': 'solana',
  'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1': 'solana-devnet',
}

/** What a 402 says. */
export type Asked = {
  readonly url: string
  readonly error: string
  /** As x402 v2 writes them. */
  readonly offers: readonly Entry[]
  readonly extensions: Readonly<Record<string, unknown>> | undefined
}

/** Writes a 402, in one protocol or in both at once. */
export function writeAsked(
  protocols: readonly Mock402Protocol[],
  { url, error, offers, extensions }: Asked,
): { readonly headers: Headers; readonly body: unknown } {
  const headers = new Headers({ 'Cache-Control': 'no-store', 'Content-Type': 'application/json' })
  const resource = { url, description: '', mimeType: 'application/json' }
  if (protocols.includes('x402')) {
    const required = { x402Version: 2, error, resource, accepts: offers, extensions }
    headers.set('PAYMENT-REQUIRED', encodeHeader(required))
  }
  const accepts = offers.flatMap((offer) => writeEntryV1(offer, url))
  const body = protocols.includes('x402-v1') ? { x402Version: 1, error, accepts } : {}
  return { headers, body }
}

/** Writes an offer as v1 does; a scheme that v1 does not have is left out. */
function writeEntryV1({ network, amount, ...rest }: Entry, url: string): readonly Entry[] {
  if (rest['scheme'] !== 'exact') return []
  const about = { resource: url, description: '', mimeType: 'application/json' }
  return [{ ...rest, network: nameOf(String(network)), maxAmountRequired: amount, ...about }]
}

function nameOf(network: string): string {
  return solanaNames[network] ?? (/^eip155:\d+$/.test(network) ? writeNetwork(network as Network, 1) : network)
}

/** A payment as it came: what it pays with, and for which of the offers. */
export type Arrived = {
  readonly protocol: Mock402Protocol
  readonly payload: unknown
  /** The offer that it is for, where it was made here. */
  readonly offer: Entry | undefined
  /** What it says that it is for. */
  readonly claimed: Entry | undefined
}

/** Reads the payment of a request, against the offers that were made. */
export function readArrived(
  headers: Headers,
  protocols: readonly Mock402Protocol[],
  made: readonly Entry[],
): Arrived | undefined {
  for (const protocol of protocols) {
    const message = decodeHeader(headers.get(headersOf(versions[protocol]).payment))
    if (message) {
      const offer = offerOf(message, protocol, made)
      const { accepted } = message
      return {
        protocol,
        payload: message['payload'],
        offer,
        claimed: offer ?? (isObject(accepted) ? accepted : undefined),
      }
    }
  }
  return undefined
}

function offerOf(message: Entry, protocol: Mock402Protocol, made: readonly Entry[]): Entry | undefined {
  if (protocol === 'x402') return made.find((offer) => isSame(message['accepted'], offer))
  const { scheme, network } = message
  // A v1 payment does not say which offer it is for: the newest of its network.
  return made.findLast((offer) => offer['scheme'] === scheme && nameOf(String(offer['network'])) === network)
}

function isSame(one: unknown, other: unknown): boolean {
  if (!isObject(one) || !isObject(other)) return one === other
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].every((name) => isSame(one[name], other[name]))
}

/** Writes what a server says became of a payment. */
export function writeReceipt(
  protocol: Mock402Protocol,
  receipt: Entry | string,
): readonly [name: string, value: string] {
  const name = headersOf(versions[protocol]).receipt
  if (typeof receipt === 'string') return [name, receipt]
  const network = protocol === 'x402' ? receipt['network'] : nameOf(String(receipt['network']))
  return [name, encodeHeader({ ...receipt, network })]
}
