import { describe, expect, test } from 'vitest'
import type { Approval, Payment } from '../../src/index.js'
import { decodeApproval, decodePayment, encodeApproval, encodePayment } from '../../src/ledger/codec.js'
import { nextSeal } from '../../src/ledger/journal.js'
import { noon, samplePayment } from '../../src/testing/ledger/sample-payment.ts'

/** More than a number of JavaScript holds exactly. */
const large = 2n ** 200n + 1n

describe('what a ledger writes', () => {
  test('is read back as the payment it was', () => {
    const { asset } = samplePayment(1)
    const payTo = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
    const receipt = { status: 'claimed', transaction: '0x1', network: asset.network } as const
    const payments: readonly Payment[] = [
      samplePayment(1),
      samplePayment(1, { microUsd: large, amount: large, asset: { ...asset, microUsd: large } }),
      samplePayment(1, { earlier: [{ amount: large, payTo }], receipt: { ...receipt, amount: large } }),
      samplePayment(1, { receipt }),
    ]
    for (const payment of payments) {
      expect(decodePayment(encodePayment(payment))).toEqual(payment)
      expect(encodePayment(decodePayment(encodePayment(payment)))).toBe(encodePayment(payment))
    }
    expect(() => decodePayment(encodePayment(samplePayment(1)).slice(1))).toThrow(SyntaxError)
  })

  test('is read back as the request for approval it was, with all that it lets through', () => {
    const { resource, asset, amount, microUsd, payTo, labels } = samplePayment(1, { microUsd: large })
    const limit = { name: 'daily limit', scope: 'wallet', window: { type: 'lifetime' }, measure: 'microUsd' } as const
    const pin = { type: 'pin', name: 'payee', key: 'payee:x', remembered: 'a', value: 'b' } as const
    const approval: Approval = {
      ...{ id: 'apr_1', kind: 'approval', status: 'pending', reason: 'a look' },
      ...{ resource, asset, amount, microUsd, payTo, labels, requestedAt: noon, expiresAt: noon + 1 },
      allows: [{ type: 'limit', ...limit, max: large }, pin, { type: 'rule', reason: 'dear' }],
    }
    expect(decodeApproval(encodeApproval(approval))).toEqual(approval)
    const { allows: _, ...delay } = { ...approval, kind: 'delay', executableAt: noon } as const
    expect(decodeApproval(encodeApproval(delay))).toEqual(delay)
  })

  test('is sealed in an unbroken row: each seal begins where the last one ends', () => {
    const first = nextSeal(['a', 'b', 'c'], undefined)
    expect(first).toMatchObject({ number: 1, first: 1, last: 3, previous: '' })
    const second = nextSeal(['d', 'e'], first)
    expect(second).toMatchObject({ number: 2, first: 4, last: 5, previous: first.hash })
    expect(nextSeal(['d', 'f'], first).hash).not.toBe(second.hash)
  })
})
