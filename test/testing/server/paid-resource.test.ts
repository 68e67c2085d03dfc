import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { paidResource, type PaidResourceOptions } from '../../../src/testing/index.js'
import { decode, payFor, readRequired, url } from './hand-signed.ts'

const other = privateKeyToAccount(`0x${'52'.repeat(32)}`)
const receiptOf = (response: Response): Record<string, unknown> =>
  decode(response.headers.get('payment-response') ?? response.headers.get('x-payment-response'))

describe('a paid resource that is not paid', () => {
  test('asks in a header, as x402 v2 has it', async () => {
    const response = await paidResource({ description: 'Größe ✓' })(new Request(url))
    expect(response.status).toBe(402)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({})
    const header = response.headers.get('payment-required') ?? ''
    expect(header).toMatch(/^[A-Za-z0-9+/]+={0,2}$/)
    expect(decode(header)).toEqual({
      x402Version: 2,
      error: 'Payment required',
      resource: { url, description: 'Größe ✓', mimeType: 'application/json' },
      accepts: [
        {
          scheme: 'exact',
          network: 'eip155:84532',
          amount: '10000',
          asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
          payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
          maxTimeoutSeconds: 60,
          extra: { name: 'USDC', version: '2' },
        },
      ],
    })
  })

  test('asks in its body, as x402 v1 has it', async () => {
    const response = await paidResource({ version: 1 })(new Request(url))
    expect(response.status).toBe(402)
    expect(response.headers.get('payment-required')).toBeNull()
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      x402Version: 1,
      error: 'X-PAYMENT header is required',
      accepts: [
        {
          scheme: 'exact',
          network: 'base-sepolia',
          maxAmountRequired: '10000',
          resource: url,
          description: '',
          mimeType: 'application/json',
          asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
          payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
          maxTimeoutSeconds: 60,
          extra: { name: 'USDC', version: '2' },
        },
      ],
    })
  })

  test.each<[string, PaidResourceOptions, Readonly<Record<string, unknown>>]>([
    ['an amount as a string', { amount: '7' }, { amount: '7' }],
    ['a price in dollars', { priceUsd: '$0.25' }, { amount: '250000' }],
    ['a network', { network: 'eip155:8453' }, { network: 'eip155:8453', extra: { name: 'USD Coin', version: '2' } }],
    ['more in extra', { extra: { note: 1 } }, { extra: { name: 'USDC', version: '2', note: 1 } }],
    ['a payee', { payTo: other.address.toLowerCase() }, { payTo: other.address }],
    ['a time', { maxTimeoutSeconds: 300 }, { maxTimeoutSeconds: 300 }],
  ])('asks as %s says', async (_what, options, expected) => {
    const { accepts } = await readRequired(await paidResource(options)(new Request(url)))
    expect(accepts).toEqual([expect.objectContaining(expected)])
  })

  test('takes a token of its own at the price that it is worth', async () => {
    const asset = {
      network: 'eip155:31337',
      address: other.address,
      symbol: 'TEST',
      decimals: 18,
      microUsd: 2_000_000n,
      eip712: { name: 'Test', version: '1' },
    } as const
    const resource = paidResource({ asset, priceUsd: 1 })
    const { accepts } = await readRequired(await resource(new Request(url)))
    expect(accepts).toMatchObject([{ network: 'eip155:31337', amount: '500000000000000000', extra: { name: 'Test' } }])
    const paid = await resource(await payFor(resource, { domain: { name: 'Test', version: '1', chainId: 31337 } }))
    expect(paid.status).toBe(200)
  })

  test.each<[string, PaidResourceOptions]>([
    ['an amount that is no whole number', { amount: '1.5' }],
    ['two prices', { amount: 1n, priceUsd: 1 }],
    ['a price that is none', { priceUsd: 'free' }],
    ['a payee that is none', { payTo: 'vitalik.eth' }],
    ['a network without USDC', { network: 'eip155:999' }],
    ['a token that moves by Permit2', { network: 'eip155:38833' }],
    ['a network that v1 has no name for', { version: 1, network: 'eip155:50' }],
    ['a fault that nobody knows', { fault: 'settle-than-500' as never }],
  ])('refuses %s when it is made', (_what, options) => {
    expect(() => paidResource(options)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
  })

  test('says the time of its clock and the headers that it was given', async () => {
    const clock = () => Date.UTC(2026, 0, 1)
    const response = await paidResource({ clock, headers: { Age: '3600' } })(new Request(url))
    expect(response.headers.get('date')).toBe('Thu, 01 Jan 2026 00:00:00 GMT')
    expect(response.headers.get('age')).toBe('3600')
  })
})

describe('the record of a paid resource', () => {
  test('holds every request, with its body, and leaves the body to the answer', async () => {
    const resource = paidResource({ respond: async (request) => new Response(await request.text()) })
    await resource(new Request(`${url}?q=1`, { method: 'POST', body: 'first', headers: { 'X-Trace': 'a' } }))
    const header = (await payFor(resource)).headers.get('payment-signature') ?? ''
    const headers = { 'Payment-Signature': header }
    const response = await resource(new Request(url, { method: 'PUT', body: 'second', headers }))
    expect(await response.text()).toBe('second')
    expect(resource.requests.map(({ method, url: at, body }) => [method, at, body])).toEqual([
      ['POST', `${url}?q=1`, 'first'],
      ['GET', url, ''],
      ['PUT', url, 'second'],
    ])
    expect(resource.requests[0]?.headers['x-trace']).toBe('a')
    expect(resource.requests[2]?.headers['payment-signature']).toBe(header)
  })

  test('is given to the answer as well, whose own status and headers stay', async () => {
    const seen: unknown[] = []
    const resource = paidResource({
      respond: (_request, payment) => {
        seen.push(payment)
        return new Response('gone', { status: 503, headers: { 'Cache-Control': 'no-cache', 'X-Own': '1' } })
      },
    })
    const response = await resource(await payFor(resource))
    expect(seen).toEqual(resource.payments)
    expect(response.status).toBe(503)
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'cache-control': 'no-cache', 'x-own': '1' })
    expect(receiptOf(response)).toMatchObject({ success: true })
  })

  test('has one entry a payment, and no signature', async () => {
    const resource = paidResource()
    const request = await payFor(resource)
    await resource(request)
    const text = JSON.stringify(resource.payments, (_name, one: unknown) =>
      typeof one === 'bigint' ? String(one) : one,
    )
    expect(text).not.toMatch(/[0-9a-f]{130}/)
    expect(resource.payments).toHaveLength(1)
    expect(Object.isFrozen(resource.payments[0])).toBe(true)
  })
})
