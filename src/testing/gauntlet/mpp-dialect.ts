import { decodeBase64, encodeBase64 } from '../../lib/base64.js'
import { type Dialect, token, transaction } from './dialect.js'

/** MPP's charge on an EVM chain: each challenge is another, and so is the nonce that is signed for it. */
export const mppDialect: Dialect = {
  name: 'mpp',
  ask: (_url, { amount, payTo, seconds }, { count, now }) => {
    const request = {
      amount: amount.toString(),
      currency: token,
      recipient: payTo,
      methodDetails: { chainId: 84_532, credentialTypes: ['authorization'], decimals: 6 },
    }
    const challenge = {
      id: `challenge-${count}`,
      realm: 'shop.example',
      method: 'evm',
      intent: 'charge',
      request: encodeUrl(request),
      expires: new Date(now + seconds * 1000).toISOString(),
    }
    const parameters = Object.entries(challenge).map(([name, value]) => `${name}="${value}"`)
    const headers = { 'WWW-Authenticate': `Payment ${parameters.join(', ')}`, 'Cache-Control': 'no-store' }
    return new Response('{"type":"https://paymentauth.org/problems/payment-required"}', { status: 402, headers })
  },
  read: ({ authorization = '' }) => {
    const payload = Object(Object(decode(/^Payment ([\w-]+)$/.exec(authorization)?.[1])).payload)
    if (typeof payload.signature !== 'string') return undefined
    const { nonce, value, to, validBefore } = payload
    return {
      nonce: String(nonce),
      amount: BigInt(String(value)),
      payTo: String(to),
      validBefore: Number(validBefore),
    }
  },
  receipt: (_claimed, now) => {
    const receipt = { status: 'success', method: 'evm', timestamp: new Date(now).toISOString(), reference: transaction }
    return { 'Payment-Receipt': encodeUrl(receipt) }
  },
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
