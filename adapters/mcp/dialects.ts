import { canonicalJSON } from '../../src/lib/canonical-json.js'
import { decodeBase64, encodeBase64 } from '../../src/lib/base64.js'

/** How a server takes payments for its tools, and gives receipts. */
export type Dialect = {
  /** Where in `_meta` the payment goes. */
  readonly paymentKey: string
  /** Where in `_meta` of a result the receipt is. */
  readonly receiptKey: string
  /** The headers of HTTP that carry a payment of the protocol, of which the first that is there is taken. */
  readonly paymentHeaders: readonly string[]
  /** The headers of HTTP that carry a receipt of the protocol. */
  readonly receiptHeaders: readonly string[]
  /** Writes what a header carries as the server takes it. */
  readonly writePayment: (header: string) => unknown
}

const x402 = {
  paymentKey: 'x402/payment',
  receiptKey: 'x402/payment-response',
  paymentHeaders: ['payment-signature', 'x-payment'],
  receiptHeaders: ['PAYMENT-RESPONSE', 'X-PAYMENT-RESPONSE'],
} as const

/** x402's own transport: the payment is an object. */
export const official: Dialect = { ...x402, writePayment: (header) => JSON.parse(decodeBase64(header) ?? '') }

/** Cloudflare's `agents/x402`: the payment is the text that HTTP would carry. */
export const agents: Dialect = { ...x402, writePayment: (header) => header }

/** `x402-mcp`: likewise, under a name of its own. */
export const dotted: Dialect = {
  ...agents,
  paymentKey: 'x402.payment',
  receiptKey: 'x402.payment-response',
}

/** MPP: the credential that HTTP would carry, its request in the clear. */
export const mpp: Dialect = {
  paymentKey: 'org.paymentauth/credential',
  receiptKey: 'org.paymentauth/receipt',
  paymentHeaders: ['authorization', 'payment-authorization'],
  receiptHeaders: ['Payment-Receipt'],
  writePayment: writeCredential,
}

const dialects = [official, agents, dotted, mpp]

/** Where a payment may be in `_meta`. */
export const paymentKeys: readonly string[] = [...new Set(dialects.map(({ paymentKey }) => paymentKey))]

/** A 402 of HTTP that says what a challenge of MPP does; a protocol has to read whether it is one. */
export function writeChallenges(challenges: readonly unknown[]): Headers {
  const headers = new Headers()
  for (const challenge of challenges) {
    if (typeof challenge !== 'object' || challenge === null) continue
    const params = Object.entries(challenge).flatMap(([name, value]) => {
      const text = name === 'request' ? encodeRequest(value) : value
      return isSendable(name, text) ? [`${name}="${text.replaceAll(/["\\]/g, '\\$&')}"`] : []
    })
    headers.append('WWW-Authenticate', `Payment ${params.join(', ')}`)
  }
  return headers
}

/** The same text for the same request, as servers have hashed it. */
function encodeRequest(request: unknown): string | undefined {
  if (typeof request !== 'object' || request === null) return undefined
  return encodeBase64(canonicalJSON(request, maxDepth)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

const maxDepth = 16

/** What a header cannot hold is left out, and so is what only people read: a credential has to repeat all there is. */
function isSendable(name: string, text: unknown): text is string {
  const isParameter = /^[a-z]{1,16}$/.test(name) && name !== 'description'
  return isParameter && typeof text === 'string' && /^[\x20-\x7e]*$/.test(text)
}

function writeCredential(header: string): unknown {
  const credential = JSON.parse(decodeBase64(header.replace(/^Payment /, '')) ?? '')
  const { challenge } = credential
  return { ...credential, challenge: { ...challenge, request: JSON.parse(decodeBase64(challenge.request) ?? '') } }
}
