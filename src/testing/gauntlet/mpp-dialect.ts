import { decodeBase64, encodeBase64 } from '../../lib/base64.js'
import { type Dialect, type DialectTerms, token, transaction } from './dialect.js'

/** MPP's charge on an EVM chain: each challenge is another, and so is the nonce that is signed for it. */
export const mppDialect: Dialect = {
  name: 'mpp',
  ask: (_url, terms, at) => {
    const methodDetails = { chainId: 84_532, credentialTypes: ['authorization'], decimals: 6 }
    return askCharge({ method: 'evm', currency: token, methodDetails }, terms, at)
  },
  read: (headers) => {
    const payload = readPayload(headers)
    if (typeof payload['signature'] !== 'string') return undefined
    const { nonce, value, to, validBefore } = payload
    return {
      nonce: String(nonce),
      amount: BigInt(String(value)),
      payTo: String(to),
      validBefore: Number(validBefore),
    }
  },
  receipt: (_claimed, now) => writeReceipt('evm', now),
}

type Charge = {
  readonly method: string
  readonly currency: string
  readonly methodDetails: Readonly<Record<string, unknown>>
}

/** Asks for a charge of MPP, each time by another challenge. */
export function askCharge(
  { method, currency, methodDetails }: Charge,
  { amount, payTo, seconds }: DialectTerms,
  { count, now }: { readonly count: number; readonly now: number },
): Response {
  const challenge = {
    id: `challenge-${count}`,
    realm: 'shop.example',
    method,
    intent: 'charge',
    request: encodeUrl({ amount: amount.toString(), currency, recipient: payTo, methodDetails }),
    expires: new Date(now + seconds * 1000).toISOString(),
  }
  const parameters = Object.entries(challenge).map(([name, value]) => `${name}="${value}"`)
  const headers = { 'WWW-Authenticate': `Payment ${parameters.join(', ')}`, 'Cache-Control': 'no-store' }
  return new Response('{"type":"https://paymentauth.org/problems/payment-required"}', { status: 402, headers })
}

/** Reads what came with a request to pay a charge. */
export function readPayload({
  authorization = '',
}: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  return Object(Object(decode(/^Payment ([\w-]+)$/.exec(authorization)?.[1])).payload)
}

/** Writes a receipt of MPP. */
export function writeReceipt(method: string, now: number): Readonly<Record<string, string>> {
  const receipt = { status: 'success', method, timestamp: new Date(now).toISOString(), reference: transaction }
  return { 'Payment-Receipt': encodeUrl(receipt) }
}

function encodeUrl(value: unknown): string {
  return encodeBase64(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function decode(text: string | undefined): unknown {
  try {
    return JSON.parse(decodeBase64(text ?? '') ?? 'null')
  } catch {
    return undefined
  }
}
