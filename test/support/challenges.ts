import { createAssetTable } from '../../src/assets/table.js'
import { priceOffers } from '../../src/pay/price.js'
import { MalformedMessageError } from '../../src/index.js'
import type { Message } from '../../src/ports/protocol.js'
import type { Authorization, Payload, PaymentRequired } from '../../src/types.js'
import { createPayment } from './payments.ts'

/** Fields of a message, as it is written. */
export type Json = Readonly<Record<string, unknown>>

const terms = {
  scheme: 'exact',
  asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2' },
}

/** Creates a v2 entry of `accepts`: a cent in USDC on Base Sepolia. */
export function entryV2(different: Json = {}): Json {
  return { ...terms, network: 'eip155:84532', amount: '10000', ...different }
}

/** Creates a v1 entry that asks the same as the v2 one. */
export function entryV1(different: Json = {}): Json {
  const resource = 'https://api.example.com/report'
  return { ...terms, network: 'base-sepolia', maxAmountRequired: '10000', resource, ...different }
}

/** Creates a v2 challenge. */
export function challengeV2(different: Json = {}): Json {
  const resource = { url: 'https://api.example.com/report' }
  return { x402Version: 2, error: 'Payment required', resource, accepts: [entryV2()], ...different }
}

/** Creates a v1 challenge. */
export function challengeV1(different: Json = {}): Json {
  return { x402Version: 1, error: 'X-PAYMENT header is required', accepts: [entryV1()], ...different }
}

/** Encodes a header's value; text is taken as the JSON itself. */
export function encode(message: unknown): string {
  return Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)).toString('base64')
}

/** Decodes the one header that carries a payment. */
export function decode(headers: Readonly<Record<string, string>>): Json {
  const [value = ''] = Object.values(headers)
  return JSON.parse(Buffer.from(value, 'base64').toString()) as Json
}

/** Creates a 402 with a v2 challenge in its header. */
export function headerMessage(challenge: unknown, body?: string): Message {
  return { headers: new Headers({ 'PAYMENT-REQUIRED': encode(challenge) }), body }
}

/** Creates a 402 with a body and no header of ours. */
export function bodyMessage(body: unknown): Message {
  return { headers: new Headers(), body: typeof body === 'string' ? body : JSON.stringify(body) }
}

/** Creates the authorization that pays the first offer of a 402 whose asset we know. */
export function authorizationFor(required: PaymentRequired, payload: Payload = { signature: '0x00' }): Authorization {
  const [offer] = priceOffers(required.claims, createAssetTable()).offers
  if (!offer) throw new Error('the 402 offers nothing that is known')
  const { asset, amount, payTo, scheme } = offer
  return { payment: createPayment({ protocol: required.protocol, asset, amount, payTo, scheme }), offer, payload }
}

/** Answers what is thrown, or what is answered. */
export function outcome<value>(call: () => value): value | Error {
  try {
    return call()
  } catch (error) {
    return error as Error
  }
}

/** Answers what is wrong with a message, in the words of the error that refuses it. */
export function problemOf(read: () => unknown): string {
  const result = outcome(read)
  if (result instanceof MalformedMessageError && result.moved === 'no') return result.message
  if (result instanceof Error) throw result
  return `nothing: ${JSON.stringify(result, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))}`
}

/** Tells whether a value is frozen all the way down. */
export function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen)
}
