import { afterEach, describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet, spendingLimit } from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { listen, type Listening } from '../support/listen.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const servers: Listening[] = []

const serve = async (handler: (request: Request) => Response | Promise<Response>): Promise<string> => {
  const server = await listen(handler)
  servers.push(server)
  return server.url
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

describe('the host that is judged', () => {
  test('is the one that answered, never the one that the server names', async () => {
    const resource = paidResource({ description: 'x' })
    const url = (await serve(resource)).replace('127.0.0.1', 'localhost')
    const keyStore = testKeyStore()
    const wallet = createAgentWallet({ keyStore, policy: [allowHosts(['api.example.com', 'http://127.0.0.1:*'])] })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_denied' })
    expect(keyStore.signed).toHaveLength(0)
  })

  test('must be of the origin that was asked: a 402 behind a redirect elsewhere is not paid', async () => {
    const resource = paidResource({})
    const target = await serve(resource)
    const url = await serve(() => Response.redirect(target, 302))
    const wallet = createTestWallet()
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(wallet.signed).toHaveLength(0)
    expect(resource.requests).toHaveLength(1)
  })

  test('behind a redirect within the origin is paid where it answered', async () => {
    const resource = paidResource({})
    const url = await serve((request) =>
      new URL(request.url).pathname === '/old'
        ? Response.redirect(new URL('/new', request.url), 307)
        : resource(request),
    )
    const wallet = createTestWallet()
    const response = await wallet.fetch(`${url}/old`)
    expect(response.status).toBe(200)
    expect(resource.requests.map((request) => new URL(request.url).pathname)).toEqual(['/new', '/new'])
    const error = await rejection(wallet.fetch(`${url}/old`, { method: 'POST', body: 'x' }))
    expect(error).toMatchObject({ code: 'request_unpayable', moved: 'no' })
    expect(wallet.signed).toHaveLength(1)
  })

  test.each([
    'http://api.example.com/',
    'https://user:pass@api.example.com/',
    'https://api.example.com.evil.test/',
    'https://api.example.com:8443/',
  ])('is not paid at %s when only api.example.com is allowed', async (url) => {
    const resource = paidResource({})
    const keyStore = testKeyStore()
    const fetch: typeof globalThis.fetch = (input, init) =>
      resource(new Request(String(input).replace('user:pass@', ''), init))
    const wallet = createAgentWallet({ keyStore, policy: [allowHosts(['api.example.com'])], fetch })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_denied' })
    expect((await wallet.fetch('https://API.example.com:443/')).status).toBe(200)
    expect(keyStore.signed).toHaveLength(1)
  })
})

describe('the caller', () => {
  test.each([
    ['a record', { 'Payment-Signature': 'x' }],
    ['a Headers', new Headers({ 'X-PAYMENT': 'x' })],
    ['a list', [['payment-signature', 'x']]],
  ])('that sets a payment header of its own in %s is refused before anything is sent', async (_kind, headers) => {
    const resource = paidResource({})
    const url = await serve(resource)
    const wallet = createTestWallet()
    expect(await rejection(wallet.fetch(url, { headers: headers as HeadersInit }))).toMatchObject({
      code: 'request_unpayable',
    })
    expect(await rejection(wallet.fetch(new Request(url, { headers: headers as HeadersInit })))).toMatchObject({
      code: 'request_unpayable',
    })
    expect(resource.requests).toHaveLength(0)
  })

  test('can only lower what a call may cost', async () => {
    const url = await serve(paidResource({ amount: 500_000n }))
    const policy = [allowHosts(['http://127.0.0.1:*']), spendingLimit({ perPaymentUsd: 0.5 })]
    const wallet = createTestWallet({ policy })
    expect(await rejection(wallet.fetch(url, { payment: { maxUsd: '0.499999' } }))).toMatchObject({
      code: 'payment_denied',
    })
    expect((await wallet.fetch(url, { payment: { maxUsd: '$0.50' } })).status).toBe(200)
    const dear = await serve(paidResource({ amount: 500_001n }))
    expect(await rejection(wallet.fetch(dear, { payment: { maxUsd: 100 } }))).toMatchObject({ code: 'limit_exceeded' })
    expect(await rejection(wallet.fetch(url, { payment: { maxUsd: 'a lot' } }))).toMatchObject({
      code: 'configuration_invalid',
    })
    expect(wallet.signed).toHaveLength(1)
  })

  test('that aborts before the payment is signed signs nothing and owes nothing', async () => {
    const resource = paidResource({})
    const url = await serve(resource)
    const controller = new AbortController()
    const slow = {
      evaluate: async () => {
        controller.abort()
        return { type: 'allow', limits: [] } as const
      },
    }
    const wallet = createTestWallet({ policy: slow })
    expect(await rejection(wallet.fetch(url, { signal: controller.signal }))).toMatchObject({ name: 'AbortError' })
    expect(wallet.signed).toHaveLength(0)
    expect(await wallet.payments.list()).toHaveLength(0)
  })

  test.each([
    ['is a minute apart', 60_000, 'reported'],
    ['is an hour behind', 3_600_000, 'refused'],
    ['is an hour ahead', -3_600_000, 'refused'],
  ])("whose clock %s from the server's is told or stopped", async (_what, skew, outcome) => {
    const wallet = createTestWallet({ clock: () => Date.now() - skew })
    const skews: number[] = []
    wallet.on('clock.skewed', ({ skewMs }) => skews.push(skewMs))
    const resource = paidResource({ maxTimeoutSeconds: 120 })
    const paying = wallet.fetch(await serve(resource))
    if (outcome === 'refused') {
      expect(await rejection(paying)).toMatchObject({ code: 'clock_skewed', moved: 'no' })
      expect(wallet.signed).toHaveLength(0)
    }
    await paying.catch(() => {})
    expect(skews).toHaveLength(1)
  })

  test('is not served a 402 that a cache has kept', async () => {
    const resource = paidResource({ headers: { age: '3600' } })
    const wallet = createTestWallet()
    expect(await rejection(wallet.fetch(await serve(resource)))).toMatchObject({ code: 'malformed_message' })
    expect(wallet.signed).toHaveLength(0)
  })
})
