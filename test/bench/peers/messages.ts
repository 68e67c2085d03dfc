/** A protocol that the shop of the bench asks in. */
export type Wire = 'x402 v2' | 'x402 v1' | 'MPP'

const url = 'https://shop.example/report'
const payTo = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const asset = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
const offer = { scheme: 'exact', asset, payTo, maxTimeoutSeconds: 300, extra: { name: 'USDC', version: '2' } }
const about = { description: 'A report', mimeType: 'application/json' }
const v2 = encode({
  x402Version: 2,
  error: 'Payment required',
  resource: { url, ...about },
  accepts: [{ ...offer, network: 'eip155:84532', amount: '1000' }],
})
const v1 = JSON.stringify({
  x402Version: 1,
  error: 'X-PAYMENT header is required',
  accepts: [{ ...offer, network: 'base-sepolia', maxAmountRequired: '1000', resource: url, ...about }],
})
const payer = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const transaction = `0x${'ab'.repeat(32)}`
const receiptV2 = encode({ success: true, payer, transaction, network: 'eip155:84532' })
const receiptV1 = encode({ success: true, payer, transaction, network: 'base-sepolia' })
const receiptMpp = Buffer.from(
  JSON.stringify({ method: 'evm', reference: transaction, status: 'success', timestamp: '2026-01-01T00:00:00Z' }),
).toString('base64url')
const request = Buffer.from(
  JSON.stringify({
    amount: '1000',
    currency: asset,
    methodDetails: { chainId: 84_532, credentialTypes: ['authorization'], decimals: 6 },
    recipient: payTo,
  }),
).toString('base64url')

/** What a shop answers, canned: it looks at nothing but whether a payment came, so that clients are measured and not it. */
export type Canned = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const json = { 'content-type': 'application/json' }
const free: Canned = { status: 200, headers: json, body: '{"ok":true}' }
const asked: Readonly<Record<Wire, () => Canned>> = {
  'x402 v2': () => ({ status: 402, headers: { ...json, 'payment-required': v2 }, body: '{}' }),
  'x402 v1': () => ({ status: 402, headers: json, body: v1 }),
  MPP: () => ({ status: 402, headers: { 'content-type': 'application/problem+json', ...challenge() }, body: '{}' }),
}
const paid: Readonly<Record<Wire, Canned>> = {
  'x402 v2': { ...free, headers: { ...json, 'payment-response': receiptV2 } },
  'x402 v1': { ...free, headers: { ...json, 'x-payment-response': receiptV1 } },
  MPP: { ...free, headers: { ...json, 'payment-receipt': receiptMpp } },
}
const paymentHeader: Readonly<Record<Wire, string>> = {
  'x402 v2': 'payment-signature',
  'x402 v1': 'x-payment',
  MPP: 'authorization',
}

/** Answers a request for what is free, or for what is paid for in one protocol. */
export function answer(wire: Wire | undefined, header: (name: string) => unknown): Canned {
  if (wire === undefined) return free
  return header(paymentHeader[wire]) ? paid[wire] : asked[wire]()
}

let challenges = 0
/** Of MPP no two challenges are the same. */
function challenge(): { readonly 'www-authenticate': string } {
  challenges += 1
  const expires = new Date(Date.now() + 300_000).toISOString()
  const terms = `id="c${challenges}", realm="shop.example", method="evm", intent="charge", request="${request}"`
  return { 'www-authenticate': `Payment ${terms}, expires="${expires}"` }
}

function encode(message: unknown): string {
  return Buffer.from(JSON.stringify(message)).toString('base64')
}
