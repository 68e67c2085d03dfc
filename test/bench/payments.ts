import { createHash } from 'node:crypto'
import type { Limit, Payment } from 'stipend'

/** The limits that are measured under: the money of a day, and the payments of an hour at one host. */
export const limits: readonly Limit[] = [
  {
    name: 'daily limit',
    scope: 'wallet',
    window: { type: 'rolling', seconds: 86_400 },
    measure: 'microUsd',
    max: 1n << 60n,
  },
  {
    name: 'hourly limit',
    scope: 'host:api.example.com',
    window: { type: 'rolling', seconds: 3600 },
    measure: 'count',
    max: 1n << 60n,
  },
]

const host = 'api.example.com'
let made = 0

/** Creates a payment like no other; its ids are in no order, as those of purchases are. */
export function createPayment(createdAt: number = Date.now(), different: Partial<Payment> = {}): Payment {
  made += 1
  const hex = createHash('sha256').update(`${process.pid} ${made}`).digest('hex')
  return {
    id: `pay_${hex.slice(0, 32)}`,
    purchaseKey: hex.slice(32),
    requestDigest: `0x${hex}`,
    presentations: 1,
    status: 'authorized',
    resource: { url: `https://${host}/`, method: 'GET', origin: `https://${host}`, host },
    protocol: 'x402',
    scheme: 'exact',
    asset: {
      network: 'eip155:8453',
      symbol: 'USDC',
      address: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
      decimals: 6,
      microUsd: 1_000_000n,
      transfer: 'eip3009',
    },
    amount: 10_000n,
    microUsd: 10_000n,
    payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
    terms: {
      payer: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
      nonce: `0x${hex}`,
      validAfter: 0,
      validBefore: Math.floor(createdAt / 1000) + 120,
    },
    labels: {},
    scopes: ['wallet', `host:${host}`],
    createdAt,
    countsUntil: createdAt + 240_000,
    ...different,
  }
}
