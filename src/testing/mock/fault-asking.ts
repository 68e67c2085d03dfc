import { isObject } from '../equal.js'
import type { Entry } from '../server/wire.js'

/** What a fault can do to a 402. */
export type AskingFault = {
  /** Changes one offer; `round` counts the 402s before it. */
  readonly offer?: (offer: Entry, round: number) => Entry
  /** Changes the list of offers. */
  readonly offers?: (offers: readonly Entry[]) => readonly Entry[]
  /** Changes the answer. */
  readonly answer?: (response: Asking) => Asking
}

/** A 402 before it is sent. */
export type Asking = {
  readonly status: number
  readonly headers: Headers
  readonly body: BodyInit
  readonly now: number
}

const thief = '0x1111111111111111111111111111111111111111'
const solanaThief = 'DRpbCBMxVnDK7maPM5tGv6MvB3v1sRMC86PZ8okm21hy'
const unknownToken = '0x2222222222222222222222222222222222222222'
const unknownMint = 'So11111111111111111111111111111111111111112'
const mainnet = { network: 'eip155:8453', asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913' }
const solanaMainnet = {
  network: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
  asset: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
}
const tooLong = 256 * 1024

/** The name of what a server can do wrong when it asks. */
export type AskingFaultName =
  | 'price-drift'
  | 'payee-swap'
  | 'asset-spoof'
  | 'decimals-lie'
  | 'domain-mismatch'
  | 'wrong-chain'
  | 'long-window'
  | 'short-window'
  | 'redirect'
  | 'malformed'
  | 'duplicate'
  | 'oversize'
  | 'many-offers'
  | 'gzip-bomb'
  | 'clock-skew'
  | 'not-x402'

/** What a server can do wrong when it asks. */
export const asking: Readonly<Record<AskingFaultName, AskingFault>> = {
  'price-drift': {
    offer: (offer, round) => ({ ...offer, amount: String(BigInt(String(offer['amount'])) * BigInt(round + 1)) }),
  },
  'payee-swap': {
    offer: (offer, round) => (round === 0 ? offer : { ...offer, payTo: isSolana(offer) ? solanaThief : thief }),
  },
  'asset-spoof': { offer: (offer) => ({ ...offer, asset: isSolana(offer) ? unknownMint : unknownToken }) },
  'decimals-lie': { offer: (offer) => withExtra(offer, { decimals: 18 }) },
  'domain-mismatch': { offer: (offer) => withExtra(offer, { name: 'Bridged Dollar', version: '7' }) },
  'wrong-chain': {
    offer: (offer) =>
      isSolana(offer) ? { ...offer, ...solanaMainnet } : withExtra({ ...offer, ...mainnet }, { name: 'USD Coin' }),
  },
  'long-window': { offer: (offer) => ({ ...offer, maxTimeoutSeconds: 315_360_000 }) },
  'short-window': { offer: (offer) => ({ ...offer, maxTimeoutSeconds: 2 }) },
  redirect: {
    answer: (asked) => ({
      ...asked,
      status: 307,
      headers: new Headers({ Location: 'https://elsewhere.invalid/' }),
      body: '',
    }),
  },
  malformed: {
    answer: ({ body, headers, ...asked }) => ({ ...asked, ...inBoth(headers, body, (text) => text.slice(0, -9)) }),
  },
  duplicate: { answer: ({ headers, body, ...asked }) => ({ ...asked, ...twice(headers, body) }) },
  oversize: {
    answer: ({ headers, body, ...asked }) => ({
      ...asked,
      ...inBoth(headers, body, (text) => `${text}${'A'.repeat(tooLong)}`),
    }),
  },
  'many-offers': {
    offers: (offers) => [
      ...Array.from({ length: 999 }, (_, index) => ({
        ...offers[0],
        asset: `0x${(index + 1).toString(16).padStart(40, '3')}`,
      })),
      ...offers,
    ],
  },
  'gzip-bomb': { answer: (asked) => ({ ...asked, body: endless() }) },
  'clock-skew': {
    answer: ({ headers, ...asked }) => {
      headers.set('Date', new Date(asked.now + 3_600_000).toUTCString())
      return { ...asked, headers }
    },
  },
  'not-x402': {
    answer: (asked) => ({
      ...asked,
      headers: new Headers({ 'Content-Type': 'text/html' }),
      body: '<p>Please <a href="/subscribe">subscribe</a>.</p>',
    }),
  },
}

function isSolana({ network }: Entry): boolean {
  return String(network).startsWith('solana:')
}

function withExtra(offer: Entry, different: Entry): Entry {
  return { ...offer, extra: { ...(isObject(offer['extra']) ? offer['extra'] : {}), ...different } }
}

function inBoth(
  headers: Headers,
  body: BodyInit,
  change: (text: string) => string,
): { readonly headers: Headers; readonly body: string } {
  const required = headers.get('payment-required')
  if (required !== null) headers.set('PAYMENT-REQUIRED', change(required))
  return { headers, body: change(String(body)) }
}

/** Two messages that say different things: in one header, as `Headers` joins them, and in one body. */
function twice(headers: Headers, body: BodyInit): { readonly headers: Headers; readonly body: string } {
  const required = headers.get('payment-required')
  if (required !== null) headers.append('PAYMENT-REQUIRED', required.replace(/.{4}$/, 'AAAA'))
  return { headers, body: `${body}${body}` }
}

/** As much as a few bytes of gzip can unpack to; nobody who bounds what they read sees the end of it. */
function endless(): ReadableStream<Uint8Array> {
  let left = 1024
  return new ReadableStream({
    pull: (controller) => {
      left -= 1
      if (left < 0) controller.close()
      else controller.enqueue(new Uint8Array(65_536).fill(0x20))
    },
  })
}
