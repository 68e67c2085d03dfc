import type { Limit, Payment, PaymentId, Window } from '../../types.js'

/** When the samples begin, in Unix milliseconds: 2026-06-17T12:00Z, far from the end of a day or a month. */
export const noon = 1_781_697_600_000

const host = 'api.example.com'

/** Creates the payment of a number: another number is another purchase, at another time only if told so. */
export function samplePayment(number: number, different: Partial<Payment> = {}): Payment {
  const { createdAt = noon } = different
  const hex = number.toString(16)
  const validBefore = Math.floor(createdAt / 1000) + 120
  return {
    id: sampleId(number),
    purchaseKey: `purchase ${number}`,
    requestDigest: `0x${hex.padStart(64, '0')}`,
    presentations: 1,
    status: 'authorized',
    resource: { url: `https://${host}/report`, method: 'GET', origin: `https://${host}`, host },
    protocol: 'x402',
    scheme: 'exact',
    asset: {
      network: 'eip155:84532',
      address: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
      symbol: 'USDC',
      decimals: 6,
      microUsd: 1_000_000n,
      transfer: 'eip3009',
      eip712: { name: 'USDC', version: '2' },
    },
    amount: different.microUsd ?? 10n,
    microUsd: 10n,
    payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
    terms: {
      payer: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
      nonce: `0x${hex.padStart(64, '0')}`,
      validAfter: 0,
      validBefore,
    },
    labels: {},
    scopes: ['wallet', `host:${host}`],
    createdAt,
    countsUntil: (validBefore + 120) * 1000,
    ...different,
  }
}

/** Answers the id of the payment of a number. */
export function sampleId(number: number): PaymentId {
  return `pay_${number.toString(16).padStart(32, '0')}`
}

/** Creates a limit on the money of the whole wallet, for all time unless told otherwise. */
export function sampleLimit(max: bigint, different: Partial<Limit> = {}): Limit {
  return { name: 'sample limit', scope: 'wallet', window: { type: 'lifetime' }, measure: 'microUsd', max, ...different }
}

/** Creates a rolling window. */
export function rolling(seconds: number): Window {
  return { type: 'rolling', seconds }
}
