import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decodeInvoice } from '../../src/lightning/invoice.js'

type Vector = {
  readonly about: string
  readonly invoice: string
  readonly amountMsat: string | null
  readonly paymentHash: string
  readonly createdAt: number
  readonly expirySeconds: number
  readonly payee: string
}

const { valid, invalid } = JSON.parse(readFileSync(new URL('../fixtures/bolt11.json', import.meta.url), 'utf8')) as {
  readonly valid: readonly Vector[]
  readonly invalid: readonly Vector[]
}

describe('an invoice of BOLT 11', () => {
  test.each(valid)('is read as other readers read it: $about', ({ invoice, payee, paymentHash, ...vector }) => {
    expect(decodeInvoice(invoice)).toEqual({
      network: invoice.toLowerCase().startsWith('lntb') ? 'testnet' : 'mainnet',
      amountMsat: vector.amountMsat === null ? undefined : BigInt(vector.amountMsat),
      paymentHash: `0x${paymentHash}`,
      payee,
      createdAt: vector.createdAt,
      expiresAt: vector.createdAt + vector.expirySeconds,
    })
  })

  // Which features a payment needs is for the wallet that pays to know.
  test.each(invalid.filter(({ about }) => !about.includes('feature')))('is refused: $about', ({ invoice }) => {
    expect(decodeInvoice(invoice)).toBeUndefined()
  })

  test('is refused with any of its characters changed, or cut off anywhere', () => {
    const { invoice = '' } = valid[1] ?? {}
    for (let index = 0; index < invoice.length; index += 1) {
      const other = invoice[index] === 'q' ? 'p' : 'q'
      expect(decodeInvoice(invoice.slice(0, index) + other + invoice.slice(index + 1))).toBeUndefined()
      expect(decodeInvoice(invoice.slice(0, index))).toBeUndefined()
    }
  })

  test('is refused where it is longer than anybody writes', () => {
    expect(decodeInvoice(`lnbc1${'q'.repeat(3001)}`)).toBeUndefined()
  })
})
