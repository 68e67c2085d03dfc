import { ConfigurationError } from '../../errors.js'
import type { TypedData } from '../../evm/typed-data.js'
import type { Hex, Network } from '../../types.js'
import { isObject } from '../equal.js'

/** What a paid resource asks for, fixed when it is made. */
export type Terms = {
  readonly version: 1 | 2
  /** The token, by its own EIP-712 domain, whatever `extra` says. */
  readonly token: TypedData['domain']
  /** The network as this version of x402 writes it. */
  readonly network: string
  /** Atomic units. */
  readonly amount: bigint
  readonly payTo: Hex
  readonly maxTimeoutSeconds: number
  readonly description: string
  readonly extra: Readonly<Record<string, unknown>>
  readonly extensions: Readonly<Record<string, unknown>> | undefined
}

/** One entry of `accepts`, as it is on the wire. */
export type Entry = Readonly<Record<string, unknown>>

/** Names the headers of a version of x402. */
export function headersOf(version: 1 | 2): { readonly payment: string; readonly receipt: string } {
  if (version === 1) return { payment: 'X-PAYMENT', receipt: 'X-PAYMENT-RESPONSE' }
  return { payment: 'PAYMENT-SIGNATURE', receipt: 'PAYMENT-RESPONSE' }
}

/** Writes the entry of `accepts` that a resource takes payments for. */
export function writeEntry(terms: Terms, url: string): Entry {
  const { network, token, payTo, maxTimeoutSeconds, extra, description } = terms
  const amount = terms.amount.toString()
  const common = { asset: token.verifyingContract, payTo, maxTimeoutSeconds, extra }
  if (terms.version === 2) return { scheme: 'exact', network, amount, ...common }
  const resource = { resource: url, description, mimeType: 'application/json' }
  return { scheme: 'exact', network, maxAmountRequired: amount, ...resource, ...common }
}

/** Writes the 402 that asks for a payment: v2 in a header, v1 in the body. */
export function writeRequired(
  { version, description, extensions }: Terms,
  { url, error, accepts }: { readonly url: string; readonly error: string; readonly accepts: readonly unknown[] },
): Response {
  const headers = { 'Cache-Control': 'no-store' }
  if (version === 1) return Response.json({ x402Version: 1, error, accepts }, { status: 402, headers })
  const resource = { url, description, mimeType: 'application/json' }
  const required = encodeHeader({ x402Version: 2, error, resource, accepts, extensions })
  return Response.json({}, { status: 402, headers: { ...headers, 'PAYMENT-REQUIRED': required } })
}

/** Writes a message as a header holds it: base64 of the UTF-8 bytes of its JSON. */
export function encodeHeader(message: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(message))
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** Reads a header that holds a message, or answers `undefined` when it holds none. */
export function decodeHeader(header: string | null): Entry | undefined {
  if (header === null || !/^[A-Za-z0-9+/]+={0,2}$/.test(header)) return undefined
  try {
    const bytes = Uint8Array.from(atob(header), (character) => character.charCodeAt(0))
    const message: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return isObject(message) ? message : undefined
  } catch {
    return undefined
  }
}

const namesV1: Readonly<Record<string, string>> = {
  'eip155:1': 'ethereum',
  'eip155:137': 'polygon',
  'eip155:143': 'monad',
  'eip155:1328': 'sei-testnet',
  'eip155:1329': 'sei',
  'eip155:8453': 'base',
  'eip155:42220': 'celo',
  'eip155:43113': 'avalanche-fuji',
  'eip155:43114': 'avalanche',
  'eip155:80002': 'polygon-amoy',
  'eip155:84532': 'base-sepolia',
  'eip155:11155111': 'sepolia',
}

/**
 * Writes a network as a version of x402 does.
 *
 * @throws ConfigurationError when v1 has no name for it.
 */
export function writeNetwork(network: Network, version: 1 | 2): string {
  const name = version === 2 ? network : namesV1[network]
  if (name === undefined) throw new ConfigurationError(`Failed to read the asset: x402 v1 has no name for ${network}`)
  return name
}
