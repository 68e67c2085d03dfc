import type { Asset } from '../types.js'

/** The message and header names of one x402 version. */
export type Wire = {
  readonly requestHeader: string
  readonly responseHeader: string
  readonly network: (asset: Asset) => string
  readonly offer: (terms: OfferTerms) => Readonly<Record<string, unknown>>
  readonly challenge: (challenge: WireChallenge) => Response
}

/** What an offer is made of. */
export type OfferTerms = {
  readonly asset: Asset
  readonly amount: bigint
  readonly payTo: string
  readonly maxTimeoutSeconds: number
  readonly url: string
  readonly description: string
}

/** What a 402 is made of. */
export type WireChallenge = {
  readonly error: string
  readonly url: string
  readonly description: string
  readonly accepts: readonly unknown[]
  readonly extensions: Readonly<Record<string, unknown>> | undefined
  readonly headers: Readonly<Record<string, string>>
}

const extraOf = (asset: Asset): unknown => ({ ...asset.eip712 })

const v2: Wire = {
  requestHeader: 'payment-signature',
  responseHeader: 'PAYMENT-RESPONSE',
  network: (asset) => asset.network,
  offer: ({ asset, amount, payTo, maxTimeoutSeconds }) => ({
    scheme: 'exact',
    network: asset.network,
    amount: amount.toString(),
    asset: asset.address,
    payTo,
    maxTimeoutSeconds,
    extra: extraOf(asset),
  }),
  challenge: ({ error, url, description, accepts, extensions, headers }) => {
    const message = {
      x402Version: 2,
      error,
      resource: { url, description, mimeType: 'application/json' },
      accepts,
      extensions,
    }
    return Response.json(
      {},
      { status: 402, headers: { 'PAYMENT-REQUIRED': encode(message), 'Cache-Control': 'no-store', ...headers } },
    )
  },
}

const namesV1: Readonly<Record<string, string>> = {
  'eip155:8453': 'base',
  'eip155:84532': 'base-sepolia',
  'eip155:137': 'polygon',
  'eip155:43114': 'avalanche',
}

const v1: Wire = {
  requestHeader: 'x-payment',
  responseHeader: 'X-PAYMENT-RESPONSE',
  network: (asset) => namesV1[asset.network] ?? asset.network,
  offer: ({ asset, amount, payTo, maxTimeoutSeconds, url, description }) => ({
    scheme: 'exact',
    network: namesV1[asset.network] ?? asset.network,
    maxAmountRequired: amount.toString(),
    resource: url,
    description,
    mimeType: 'application/json',
    payTo,
    maxTimeoutSeconds,
    asset: asset.address,
    extra: extraOf(asset),
  }),
  challenge: ({ error, accepts, headers }) =>
    Response.json(
      { x402Version: 1, error, accepts },
      { status: 402, headers: { 'Cache-Control': 'no-store', ...headers } },
    ),
}

/** Answers how a version is written. */
export function wireOf(version: 1 | 2): Wire {
  return version === 1 ? v1 : v2
}

/** Writes a header's value: base64 of JSON. */
export function encode(message: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(message))
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** Reads a header's value, or answers `undefined` when it is none. */
export function decode(header: string | null): unknown {
  try {
    const bytes = Uint8Array.from(atob(header ?? ''), (character) => character.charCodeAt(0))
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** Tells whether two values are the same JSON, whatever the order of their keys. */
export function isSameJson(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other)
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  )
}
