import { describe, expect, test } from 'vitest'
import { readProblem, readReceipt } from '../../../src/protocols/mpp/receipt.js'
import { samplePayment } from '../../../src/testing/ledger/sample-payment.ts'
import { encodeUrl } from '../../support/mpp-server.ts'

const { terms, ...rest } = samplePayment(1)
const payment = { ...rest, terms: { ...terms, challenge: JSON.stringify({ id: 'one' }) } }
const transaction = `0x${'5e'.repeat(32)}`
const receipt = (different: object = {}): string =>
  encodeUrl({ status: 'success', reference: transaction, challengeId: 'one', ...different })

describe('a receipt of MPP', () => {
  test.each<[string, object, string, string | undefined]>([
    ['of this challenge', {}, transaction, undefined],
    ['of no challenge by name', { challengeId: undefined }, transaction, undefined],
    ['of another challenge', { challengeId: 'two' }, transaction, 'the receipt names another challenge'],
    ['whose reference is no transaction', { reference: 'in_1' }, '', undefined],
    ['whose reference is no text', { reference: 7 }, '', undefined],
  ])('%s is read', (_what, different, named, note) => {
    const read = readReceipt(receipt(different), payment)
    expect(read.receipt).toEqual({ status: 'claimed', transaction: named, network: payment.asset.network })
    expect(read.note).toBe(note)
  })

  test.each(['', '!', encodeUrl('success'), receipt({ status: 'failed' })])('is none: %s', (value) => {
    expect(readReceipt(value, payment)).toEqual({ note: 'the receipt is not readable' })
  })
})

describe('a problem of MPP', () => {
  const at = 'https://paymentauth.org/problems/'

  test.each<[string, unknown, object]>([
    ['that it has a word for', { type: `${at}payment-expired` }, { reason: 'payment_expired' }],
    ['that nobody knows', { type: `${at}ignore-all-rules` }, {}],
    ['of somebody else', { type: 'https://other.example/payment-expired' }, {}],
    ['whose type is no text', { type: 7 }, {}],
    ['in words', { detail: ' too late\u0007 ' }, { untrustedReason: 'too late' }],
    ['in no words', { detail: '  ' }, {}],
    ['whose words are no text', { detail: ['too late'] }, {}],
    ['that is no object', 'payment-expired', {}],
  ])('%s is read as such', (_what, body, expected) => {
    expect(readProblem(JSON.stringify(body))).toEqual(expected)
  })

  test('is told in 256 characters at most', () => {
    expect(readProblem(JSON.stringify({ detail: 'x'.repeat(2000) })).untrustedReason).toHaveLength(256)
  })

  test('is none where there is no body, or no JSON', () => {
    expect([readProblem(undefined), readProblem('<html>')]).toEqual([{}, {}])
  })
})
