import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { paidResource, type PaidResourceOptions } from '../../../src/testing/index.js'
import { type Difference, decode, encode, payer, payFor, readRequired, url } from './hand-signed.ts'

const now = (): bigint => BigInt(Math.floor(Date.now() / 1000))
const other = privateKeyToAccount(`0x${'52'.repeat(32)}`)
const receiptOf = (response: Response): Record<string, unknown> =>
  decode(response.headers.get('payment-response') ?? response.headers.get('x-payment-response'))

/** Pays, expects to be refused, and answers the reason. */
async function refusal(options: PaidResourceOptions, different: Difference): Promise<unknown> {
  const resource = paidResource(options)
  const response = await resource(await payFor(resource, different))
  expect(response.status).toBe(402)
  expect(response.headers.get('payment-response') ?? response.headers.get('x-payment-response')).toBeNull()
  expect(resource.settled).toBe(0n)
  expect(resource.payments).toEqual([])
  return (await readRequired(response)).error
}

describe.each([1, 2] as const)('a paid resource of x402 v%i', (version) => {
  const code = (v2: string, v1: string): string => (version === 2 ? v2 : v1)

  const signature = code('invalid_exact_evm_signature', 'invalid_exact_evm_payload_signature')

  const value = code(
    'invalid_exact_evm_payload_authorization_value_mismatch',
    'invalid_exact_evm_payload_authorization_value',
  )

  const recipient = code('invalid_exact_evm_recipient_mismatch', 'invalid_exact_evm_payload_recipient_mismatch')

  const before = 'invalid_exact_evm_payload_authorization_valid_before'

  const after = 'invalid_exact_evm_payload_authorization_valid_after'

  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

  const highS = (text: string): string => {
    const s = (order - BigInt(`0x${text.slice(66, 130)}`)).toString(16).padStart(64, '0')
    return `${text.slice(0, 66)}${s}${text.endsWith('1b') ? '1c' : '1b'}`
  }

  test('delivers for a payment signed by viem, once, with a receipt', async () => {
    const resource = paidResource({ version })
    const request = await payFor(resource)
    const response = await resource(request.clone())
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ ok: true })
    expect(response.headers.get('cache-control')).toBe('private')
    const [payment] = resource.payments
    expect(payment).toMatchObject({ from: payer.address, value: 10_000n, validAfter: 0, settled: true })
    expect(payment?.transaction).toMatch(/^0x[0-9a-f]{64}$/)
    expect(payment?.transaction).not.toBe(payment?.nonce)
    const network = version === 2 ? 'eip155:84532' : 'base-sepolia'
    const { transaction } = payment ?? {}
    expect(receiptOf(response)).toEqual({ success: true, payer: payer.address, transaction, network })
    expect(resource.settled).toBe(10_000n)
    const replay = await resource(request)
    expect(replay.status).toBe(402)
    const used = version === 2 ? 'invalid_exact_evm_nonce_already_used' : 'invalid_transaction_state'
    expect((await readRequired(replay)).error).toBe(used)
    expect(resource.settled).toBe(10_000n)
    expect(resource.payments).toHaveLength(1)
  })

  test.each<[string, () => Difference, string]>([
    ['pays too little', () => ({ signs: { value: 9_999n } }), value],
    ['pays too much', () => ({ signs: { value: 10_001n } }), value],
    ['says that it pays more than it signed', () => ({ signs: { value: 1n }, sends: { value: '10000' } }), signature],
    ['pays somebody else', () => ({ signs: { to: other.address } }), recipient],
    [
      'says that it pays us when it pays another',
      () => ({ signs: { to: other.address }, sends: { to: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' } }),
      signature,
    ],
    ['has ended', () => ({ signs: { validBefore: now() - 1n } }), before],
    ['ends in five seconds', () => ({ signs: { validBefore: now() + 5n } }), before],
    ['lives for ten years', () => ({ signs: { validBefore: now() + 315_360_000n } }), before],
    ['has not begun', () => ({ signs: { validAfter: now() + 30n } }), after],
    ['is signed for another name', () => ({ domain: { name: 'USD Coin' } }), signature],
    ['is signed for another version', () => ({ domain: { version: '1' } }), signature],
    ['is signed for another chain', () => ({ domain: { chainId: 8453 } }), signature],
    ['is signed for another token', () => ({ domain: { verifyingContract: other.address } }), signature],
    ['is signed by another key', () => ({ signs: { from: other.address } }), signature],
    ['has a signature that is cut', () => ({ signature: (text) => text.slice(0, -2) }), signature],
    ['has a signature of zeros', () => ({ signature: () => `0x${'00'.repeat(65)}` }), signature],
    ['has a signature with a high s', () => ({ signature: highS }), signature],
    ['has no signature', () => ({ signature: () => '' }), 'invalid_payload'],
    ['has a number for a value', () => ({ sends: { value: 10_000 } }), 'invalid_payload'],
    ['has a value in hex', () => ({ sends: { value: '0x2710' } }), 'invalid_payload'],
    ['has a value beyond 256 bits', () => ({ sends: { value: (1n << 256n).toString() } }), 'invalid_payload'],
    ['has a short nonce', () => ({ sends: { nonce: '0x01' } }), 'invalid_payload'],
    ['has no authorization', () => ({ envelope: { payload: { signature: '0x' } } }), 'invalid_payload'],
    ['has no payload', () => ({ envelope: { payload: null } }), 'invalid_payload'],
    ['is of another version of x402', () => ({ envelope: { x402Version: 3 - version } }), 'invalid_x402_version'],
  ])('refuses a payment that %s', async (_what, different, expected) => {
    expect(await refusal({ version }, different())).toBe(expected)
  })

  test('takes what still lives for seven seconds, and what began a second ago', async () => {
    const resource = paidResource({ version })
    const signs = { validBefore: now() + 8n, validAfter: now() - 1n }
    expect((await resource(await payFor(resource, { signs }))).status).toBe(200)
  })

  test('refuses a nonce that its payer has used, whatever else is signed with it, but not that of another payer', async () => {
    const resource = paidResource({ version })
    const nonce = `0x${'ab'.repeat(32)}` as const
    expect((await resource(await payFor(resource, { signs: { nonce } }))).status).toBe(200)
    const again = await resource(await payFor(resource, { signs: { nonce, validBefore: now() + 30n } }))
    expect(again.status).toBe(402)
    expect((await resource(await payFor(resource, { signs: { nonce }, account: other }))).status).toBe(200)
    expect(resource.settled).toBe(20_000n)
  })

  test('takes one of fifty copies of a payment that come at once', async () => {
    const resource = paidResource({ version })
    const request = await payFor(resource)
    const responses = await Promise.all(Array.from({ length: 50 }, () => resource(request.clone())))
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(resource.settled).toBe(10_000n)
  })

  test('takes no more than a payer has, and forgets all when it is reset', async () => {
    const resource = paidResource({ version, balances: { [payer.address.toLowerCase()]: 20_000n } })
    const pay = async (): Promise<Response> => resource(await payFor(resource))
    expect((await pay()).status).toBe(200)
    expect((await pay()).status).toBe(200)
    const broke = await pay()
    expect(broke.status).toBe(402)
    expect((await readRequired(broke)).error).toBe(code('invalid_exact_evm_insufficient_balance', 'insufficient_funds'))
    expect((await resource(await payFor(resource, { account: other }))).status).toBe(402)
    expect(resource.payments).toHaveLength(2)
    resource.reset()
    expect([resource.requests, resource.payments, resource.settled]).toEqual([[], [], 0n])
    expect((await pay()).status).toBe(200)
  })

  test('answers the very same payment again when it is idempotent, and takes the money once', async () => {
    const resource = paidResource({ version, idempotent: true })
    const nonce = `0x${'cd'.repeat(32)}` as const
    const request = await payFor(resource, { signs: { nonce } })
    const receipts = [receiptOf(await resource(request.clone())), receiptOf(await resource(request.clone()))]
    expect(receipts[1]).toEqual(receipts[0])
    expect(resource.settled).toBe(10_000n)
    const resigned = await resource(await payFor(resource, { signs: { nonce, validBefore: now() + 30n } }))
    expect(resigned.status).toBe(402)
  })
})

describe('a paid resource of x402 v2', () => {
  const accepted = async (change: Readonly<Record<string, unknown>>): Promise<Difference> => {
    const { accepts } = await readRequired(await paidResource()(new Request(url)))
    return { envelope: { accepted: { ...accepts[0], ...change } } }
  }

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['another amount', { amount: '1' }],
    ['an address in another case', { asset: '0x036cbd53842c5426634e7929541ec2318f3dcf7e' }],
    ['another time', { maxTimeoutSeconds: 61 }],
    ['less in extra', { extra: { name: 'USDC' } }],
    ['another network', { network: 'eip155:8453' }],
    ['another scheme', { scheme: 'upto' }],
  ])('refuses a payment that accepts %s than it offered', async (_what, change) => {
    expect(await refusal({}, await accepted(change))).toBe('No matching payment requirements')
  })

  test('does not mind the order of the names in what was accepted', async () => {
    const resource = paidResource()
    const { accepts } = await readRequired(await resource(new Request(url)))
    const turned = Object.fromEntries(Object.entries(accepts[0] ?? {}).toReversed())
    expect((await resource(await payFor(resource, { envelope: { accepted: turned } }))).status).toBe(200)
  })

  test.each([
    ['no base64', '{"x402Version":2}'],
    ['no JSON', encode('x').slice(4)],
    ['no object', encode('text')],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]).toString('base64')],
  ])('takes a header that holds %s for none', async (_what, header) => {
    const response = await paidResource()(new Request(url, { headers: { 'payment-signature': header } }))
    expect(response.status).toBe(402)
    expect((await readRequired(response)).error).toBe('Payment required')
  })

  test('does not read the header of v1', async () => {
    const resource = paidResource()
    const header = (await payFor(resource)).headers.get('payment-signature') ?? ''
    expect((await resource(new Request(url, { headers: { 'x-payment': header } }))).status).toBe(402)
  })

  test('refuses an echo of its extensions that says something else, and takes one that says more or nothing', async () => {
    const extensions = { 'payment-identifier': { info: { required: false }, schema: {} } }
    const changed = { 'payment-identifier': { info: { required: true } } }
    expect(await refusal({ extensions }, { envelope: { extensions: changed } })).toBe('extension_echo_mismatch')
    const resource = paidResource({ extensions })
    const more = { 'payment-identifier': { info: { required: false, id: 'pay_1' } }, mine: { info: {} } }
    for (const echoed of [more, undefined, extensions]) {
      expect((await resource(await payFor(resource, { envelope: { extensions: echoed } }))).status).toBe(200)
    }
  })

  test('takes any offer in its own token that it makes, at the price of that offer, and no other', async () => {
    const foreign = {
      scheme: 'exact',
      network: 'stellar:pubnet',
      amount: '1',
      asset: 'C',
      payTo: 'G',
      maxTimeoutSeconds: 60,
      extra: {},
    }
    const resource = paidResource({ accepts: (offer) => [{ ...offer, amount: '90000' }, offer, foreign] })
    expect((await resource(await payFor(resource, { index: 0 }))).status).toBe(200)
    expect((await resource(await payFor(resource, { index: 1 }))).status).toBe(200)
    expect(resource.settled).toBe(100_000n)
    const { accepts } = await readRequired(await resource(new Request(url)))
    const signs = { to: other.address, value: 10_000n }
    const response = await resource(await payFor(resource, { index: 1, signs, envelope: { accepted: accepts[2] } }))
    expect((await readRequired(response)).error).toBe('unsupported_scheme')
    const cheated = await resource(await payFor(resource, { index: 1, envelope: { accepted: accepts[0] } }))
    expect((await readRequired(cheated)).error).toBe('invalid_exact_evm_payload_authorization_value_mismatch')
  })

  test('checks signatures by the name that the token has, whatever it says itself', async () => {
    const resource = paidResource({ extra: { name: 'Fake USD' } })
    expect((await resource(await payFor(resource, { domain: { name: 'Fake USD' } }))).status).toBe(402)
    expect((await resource(await payFor(resource))).status).toBe(200)
  })
})
