import { createAssetTable } from '../../src/assets/table.js'
import type { Payment } from '../../src/index.js'

/** Creates a payment as the pipeline would record it, with whatever a test needs to be different. */
export function createPayment(different: Partial<Payment> = {}): Payment {
  const asset = createAssetTable().find('eip155:84532', '0x036CbD53842c5426634e7929541eC2318f3dCF7e')
  if (!asset) throw new Error('the pinned table has no USDC on Base Sepolia')
  const createdAt = different.createdAt ?? Date.UTC(2026, 0, 1)
  const validBefore = Math.floor(createdAt / 1000) + 120
  const resource = {
    url: 'https://api.example.com/report',
    method: 'GET',
    origin: 'https://api.example.com',
    host: 'api.example.com',
  }
  return {
    id: `pay_${'0'.repeat(32)}`,
    purchaseKey: 'key',
    requestDigest: `0x${'0'.repeat(64)}`,
    presentations: 1,
    status: 'authorized',
    resource,
    protocol: 'x402',
    scheme: 'exact',
    asset,
    amount: 10_000n,
    microUsd: 10_000n,
    payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
    terms: {
      payer: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
      nonce: `0x${'11'.repeat(32)}`,
      validAfter: 0,
      validBefore,
    },
    labels: {},
    scopes: ['wallet', 'host:api.example.com'],
    createdAt,
    countsUntil: (validBefore + 120) * 1000,
    ...different,
  }
}
