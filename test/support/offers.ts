import { createAssetTable } from '../../src/assets/table.js'
import type { Asset, Offer, PaymentRequest, Resource } from '../../src/index.js'
import type { Message } from '../../src/ports/protocol.js'

/** USDC on Base Sepolia, as the pinned table has it. */
export const usdc: Asset = findUsdc()

function findUsdc(): Asset {
  const asset = createAssetTable().find('eip155:84532', '0x036CbD53842c5426634e7929541eC2318f3dCF7e')
  if (!asset) throw new Error('the pinned table has no USDC on Base Sepolia')
  return asset
}

export const payee = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'

/** Reads what is paid for out of a URL, as the pipeline does. */
export function resourceAt(url: string): Resource {
  const { href, origin, host } = new URL(url)
  return Object.freeze({ url: href, method: 'GET', origin, host })
}

/** Creates an offer of one cent, with whatever a test needs to be different. */
export function createOffer(different: Partial<Offer> = {}): Offer {
  return {
    index: 0,
    scheme: 'exact',
    network: 'eip155:84532',
    asset: usdc,
    amount: 10_000n,
    microUsd: 10_000n,
    payTo: payee,
    maxTimeoutSeconds: 60,
    extra: { name: 'USDC', version: '2' },
    raw: entryV2(),
    ...different,
  }
}

/** Creates what rules judge: an offer of one cent at a URL, at noon of the first day of 2026. */
export function createRequest(
  url = 'https://api.example.com/report',
  different: Partial<PaymentRequest> = {},
): PaymentRequest {
  const now = Date.UTC(2026, 0, 1, 12)
  return { resource: resourceAt(url), offer: createOffer(), labels: {}, now, ...different }
}

export type Json = Readonly<Record<string, unknown>>

/** Writes a v2 entry of `accepts`: a cent in USDC on Base Sepolia. */
export function entryV2(different: Json = {}): Json {
  return { scheme: 'exact', network: 'eip155:84532', amount: '10000', ...common, ...different }
}

const common = { asset: usdc.address, payTo: payee, maxTimeoutSeconds: 60, extra: { name: 'USDC', version: '2' } }

/** Writes a v2 challenge with these entries. */
export function requiredV2(accepts: readonly unknown[] = [entryV2()], different: Json = {}): Json {
  return { x402Version: 2, resource: { url: 'https://api.example.com/report' }, accepts, ...different }
}

/** Writes JSON, or text that stands for it, as a header holds it. */
export function encode(message: unknown): string {
  return Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)).toString('base64')
}

/** Writes a 402 that asks in its header. */
export function messageV2(message: unknown, body?: string): Message {
  return { headers: new Headers({ 'PAYMENT-REQUIRED': encode(message) }), body }
}

/** Writes a 402 that asks in its body. */
export function messageV1(message: unknown): Message {
  return { headers: new Headers(), body: typeof message === 'string' ? message : JSON.stringify(message) }
}

/** Answers what is thrown, or what is answered. */
export function outcome<value>(call: () => value): value | Error {
  try {
    return call()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
