import { afterEach, describe, expect, test } from 'vitest'
import { getPayment, PaymentOutcomeUnknownError, PaymentRejectedError, wrapFetch } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
import { listen, type Listening } from '../support/listen.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const servers: Listening[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})
const serve = async (handler: (request: Request) => Response | Promise<Response>): Promise<string> => {
  const server = await listen(handler)
  servers.push(server)
  return server.url
}
const price = 10_000n

describe('after a payment has left', () => {
  test.each(['endless-402', 'settle-then-402', 'settle-fails'] as const)(
    'a server that answers 402 (%s) gets one authorization',
    async (fault) => {
      const resource = paidResource({ fault })
      const wallet = createTestWallet()
      const error = await rejection(wallet.fetch(await serve(resource)))
      expect(error).toBeInstanceOf(PaymentRejectedError)
      expect(error).toMatchObject({
        code: 'payment_rejected',
        moved: 'maybe',
        retryable: false,
        payment: { status: 'unknown', amount: price },
      })
      expect((error as PaymentRejectedError).response.status).toBe(402)
      expect(wallet.signed).toHaveLength(1)
      expect(resource.requests).toHaveLength(2)
      expect((await wallet.budget())[1]).toMatchObject({ name: 'built-in daily limit', used: price })
    },
  )

  test('a server that answers 500 is answered with its 500, and the payment says that it is unknown', async () => {
    const resource = paidResource({ fault: 'settle-then-500' })
    const wallet = createTestWallet()
    const response = await wallet.fetch(await serve(resource))
    expect(response.status).toBe(500)
    const payment = getPayment(response)
    expect(payment).toMatchObject({ status: 'unknown', moved: 'maybe', amount: price })
    expect(payment?.next).toMatch(/Do not pay again/)
    expect(wallet.signed).toHaveLength(1)
  })

  test.each(['settle-then-redirect', 'settle-then-drop'] as const)(
    '%s ends in an unknown outcome that counts as spent',
    async (fault) => {
      const resource = paidResource({ fault })
      const wallet = createTestWallet()
      const url = fault === 'settle-then-drop' ? undefined : await serve(resource)
      const paying = url ? wallet.fetch : wrapFetch((input, init) => resource(new Request(input, init)), wallet)
      const error = await rejection(paying(url ?? 'http://127.0.0.1:1/'))
      expect(error).toBeInstanceOf(PaymentOutcomeUnknownError)
      expect(error).toMatchObject({ moved: 'maybe', retryable: false, payment: { status: 'unknown' } })
      expect(wallet.signed).toHaveLength(1)
      expect((await wallet.payments.list({ status: 'unknown' })).map(({ amount }) => amount)).toEqual([price])
    },
  )

  test('a redirect of the paid request reaches no other origin, with or without its header', async () => {
    const reached: string[] = []
    const elsewhere = await serve((request) => {
      reached.push(request.headers.get('payment-signature') ?? 'no header')
      return new Response('caught')
    })
    for (const status of [301, 302, 303, 307, 308]) {
      const resource = paidResource({})
      const url = await serve((request) =>
        request.headers.has('payment-signature')
          ? new Response(null, { status, headers: { location: elsewhere } })
          : resource(request),
      )
      const wallet = createTestWallet()
      expect(await rejection(wallet.fetch(url, { method: 'POST', body: 'x', redirect: 'follow' }))).toBeInstanceOf(
        PaymentOutcomeUnknownError,
      )
      expect(wallet.signed).toHaveLength(1)
    }
    expect(reached).toEqual([])
  })

  test('a fetch that follows redirects all the same is found out', async () => {
    const resource = paidResource({})
    const url = await serve(resource)
    const following: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (response.ok) Object.defineProperty(response, 'url', { value: 'https://elsewhere.test/' })
      return response
    }
    const wallet = createTestWallet({ fetch: following })
    expect(await rejection(wallet.fetch(url))).toBeInstanceOf(PaymentOutcomeUnknownError)
  })

  test('a dropped connection is an unknown outcome with its cause, not a bare TypeError', async () => {
    const resource = paidResource({})
    const wallet = createTestWallet({
      fetch: async (input, init) => {
        if (new Headers(init?.headers).has('payment-signature'))
          throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') })
        return resource(new Request(input, init))
      },
    })
    const error = await rejection(wallet.fetch('http://127.0.0.1:1/'))
    expect(error).toBeInstanceOf(PaymentOutcomeUnknownError)
    expect((error as PaymentOutcomeUnknownError).cause).toBeInstanceOf(TypeError)
    expect(String(error)).toMatch(/counts as spent/)
  })

  test('an abort is an unknown outcome', async () => {
    const resource = paidResource({ fault: 'settle-then-hang' })
    const controller = new AbortController()
    const wallet = createTestWallet()
    wallet.on('payment.authorized', () => setTimeout(() => controller.abort(), 50))
    const error = await rejection(wallet.fetch(await serve(resource), { signal: controller.signal }))
    expect(error).toBeInstanceOf(PaymentOutcomeUnknownError)
    expect((await wallet.payments.list())[0]?.status).toBe('unknown')
  })

  test.each(['forged-receipt', 'odd-receipt'] as const)(
    'a 200 with a %s is delivered, and what its receipt says besides is noted',
    async (fault) => {
      const response = await createTestWallet().fetch(await serve(paidResource({ fault })))
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ ok: true })
      const { status, note, receipt } = getPayment(response) ?? {}
      expect({ status, payer: receipt?.payer }).toEqual({ status: 'claimed', payer: undefined })
      expect(note).toMatch(/^the receipt (names another payer|is not readable)$/)
    },
  )

  test('a 200 without a receipt is claimed', async () => {
    const response = await createTestWallet().fetch(await serve(paidResource({ fault: 'no-receipt' })))
    expect(getPayment(response)).toMatchObject({ status: 'claimed', receipt: undefined })
  })

  test('an error with a receipt is unknown: the money was taken and nothing delivered', async () => {
    const resource = paidResource({ respond: () => new Response('broken', { status: 503 }) })
    const response = await createTestWallet().fetch(await serve(resource))
    expect(response.status).toBe(503)
    expect(getPayment(response)).toMatchObject({ status: 'unknown', receipt: { status: 'claimed' }, moved: 'maybe' })
  })
})

describe('a caller that tries again', () => {
  test('sends the payment whose outcome is unknown once more, and signs no other', async () => {
    const resource = paidResource({ fault: 'settle-then-500', idempotent: true })
    const url = await serve(resource)
    const wallet = createTestWallet()
    await wallet.fetch(url, { method: 'POST', body: 'same' })
    await wallet.fetch(url, { method: 'POST', body: 'same' })
    const headers = resource.requests.map(({ headers }) => headers['payment-signature']).filter(Boolean)
    expect(headers).toHaveLength(2)
    expect(new Set(headers).size).toBe(1)
    expect(resource.settled).toBe(price)
    expect((await wallet.budget())[1]?.used).toBe(price)
  })

  test('is stopped after the third sending', async () => {
    const resource = paidResource({ fault: 'endless-402' })
    const url = await serve(resource)
    const wallet = createTestWallet()
    for (let round = 0; round < 8; round += 1) await rejection(wallet.fetch(url))
    const headers = resource.requests.map(({ headers }) => headers['payment-signature']).filter(Boolean)
    expect(headers).toHaveLength(3)
    expect(new Set(headers).size).toBe(1)
  })

  test('buys anew for another body, or when it says that it buys again and again', async () => {
    const resource = paidResource({ fault: 'settle-then-500' })
    const url = await serve(resource)
    const wallet = createTestWallet()
    await wallet.fetch(url, { method: 'POST', body: 'one' })
    await wallet.fetch(url, { method: 'POST', body: 'two' })
    await wallet.fetch(url, { method: 'POST', body: 'two', payment: { repeatable: true } })
    expect(new Set(resource.payments.map(({ nonce }) => nonce)).size).toBe(3)
  })

  test('with a key after the authorization has ended signs the same nonce for a new time, and it counts once', async () => {
    let now = Date.UTC(2026, 0, 1)
    const broken = paidResource({ fault: 'endless-402', clock: () => now })
    const mended = paidResource({ clock: () => now })
    const shop = { sells: broken }
    const wallet = createTestWallet({
      clock: () => now,
      fetch: (input, init) => shop.sells(new Request(input, init)),
    })
    const call = () => wallet.fetch('http://127.0.0.1:1/', { payment: { key: 'report-45' } })
    await rejection(call())
    const [first] = await wallet.payments.list()
    now += 10 * 60_000
    shop.sells = mended
    expect((await call()).status).toBe(200)
    const [second, ...others] = await wallet.payments.list()
    expect(others).toEqual([])
    expect(second?.terms.nonce).toBe(first?.terms.nonce)
    expect(second?.terms.validBefore).toBe((first?.terms.validBefore ?? 0) + 600)
    expect((await wallet.budget())[1]?.used).toBe(price)
  })

  test('with a key and a twin at the same time pays once', async () => {
    const resource = paidResource({ idempotent: true })
    const url = await serve(resource)
    const wallet = createTestWallet()
    const payment = { key: 'twins' }
    const responses = await Promise.all([wallet.fetch(url, { payment }), wallet.fetch(url, { payment })])
    expect(responses.map(({ status }) => status)).toEqual([200, 200])
    expect(resource.payments).toHaveLength(1)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('with a key hears at once that it is paid, with the receipt, and pays no other request under that key', async () => {
    const resource = paidResource({ idempotent: true })
    const url = await serve(resource)
    const wallet = createTestWallet()
    const payment = { key: 'report-42' }
    const first = await wallet.fetch(url, { payment })
    const again = await rejection(wallet.fetch(url, { payment }))
    const { id, receipt } = getPayment(first) ?? {}
    expect(receipt?.transaction).toBeDefined()
    expect(again).toMatchObject({ code: 'already_paid', payment: { id, receipt } })
    expect(wallet.signed).toHaveLength(1)
    expect(resource.payments).toHaveLength(1)
    const error = await rejection(wallet.fetch(`${url}/?other`, { payment }))
    expect(error).toMatchObject({ code: 'request_unpayable', moved: 'no' })
    expect(resource.settled).toBe(price)
  })
})
