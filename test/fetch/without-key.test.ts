import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { getPayment, type Ledger, reportUndelivered } from '../../src/index.js'
import { rejection } from '../support/wallets.ts'
import { setUp, url, price } from '../support/one-key.ts'

const isPaid = (request: Request): boolean => request.headers.has('payment-signature')

/** Makes the same call until it is answered well, at most so many times. */
async function insist(ask: () => Promise<Response>, times: number): Promise<void> {
  for (let tries = 0; tries < times; tries += 1) {
    const response = await ask().catch(() => undefined)
    if (response?.ok) return
  }
}

/** The same answer, whose body ends before its end. */
function breakingOff({ status, headers }: Response): Response {
  const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) })
  return new Response(body, { status, headers })
}

describe('an identical call without a key', () => {
  test.each([9, 60, 300])(
    'is paid once by a server that takes %i seconds and fails after settling',
    async (seconds) => {
      const { open, shop, nonces } = setUp({ fault: 'settle-then-500', maxTimeoutSeconds: seconds })
      const wallet = open()
      await insist(() => wallet.fetch(url), 5)
      expect(nonces()).toBe(1)
      expect(shop.settled).toBe(price)
    },
  )

  test('is paid once by a server that fails with a receipt, which is kept', async () => {
    const { open, shop, nonces, ledger } = setUp({ respond: () => new Response('busy', { status: 503 }) })
    const wallet = open()
    await insist(() => wallet.fetch(url), 3)
    expect(nonces()).toBe(1)
    expect(shop.settled).toBe(price)
    expect(await ledger.list()).toMatchObject([{ status: 'unknown', receipt: { status: 'claimed' } }])
  })

  test('of an OpenAI client that gives up and tries again is paid once', async () => {
    const { open, shop, nonces } = setUp({ fault: 'settle-then-hang' })
    const client = new OpenAI({
      apiKey: 'k',
      baseURL: 'https://shop.example.com',
      fetch: open().fetch,
      timeout: 300,
      maxRetries: 2,
    })
    await rejection(client.models.list())
    expect(nonces()).toBe(1)
    expect(shop.settled).toBe(price)
  })

  test('of a client that gives up without aborting waits for the one before it', async () => {
    const { open, shop, nonces } = setUp()
    let finish = (): void => {}
    const slow = new Promise<void>((resolve) => {
      finish = resolve
    })
    const wallet = open({
      fetch: async (input, init) => {
        const request = new Request(input, init)
        if (isPaid(request)) await slow
        return shop(request)
      },
    })
    const first = wallet.fetch(url)
    const second = wallet.fetch(url, { signal: AbortSignal.timeout(50) })
    expect(await rejection(second)).toMatchObject({ name: 'TimeoutError' })
    expect(nonces()).toBe(1)
    finish()
    expect((await first).status).toBe(200)
    expect(await (await wallet.fetch(url)).text()).toBeTruthy()
    expect(nonces()).toBe(2)
  })

  test('goes on from what a process left when it died while the answer was awaited', async () => {
    const { open, shop, nonces, ledger, fetch } = setUp({ idempotent: true })
    const dying = open({
      fetch: (input, init) => {
        const request = new Request(input, init)
        return isPaid(request) ? new Promise<never>(() => void shop(request)) : fetch(request)
      },
    })
    void dying.fetch(url)
    await expect.poll(() => shop.settled).toBe(price)
    expect(await ledger.list()).toMatchObject([{ status: 'authorized' }])
    const response = await open().fetch(url)
    expect(response.status).toBe(200)
    expect(nonces()).toBe(1)
    expect(shop.settled).toBe(price)
    expect(await ledger.list()).toMatchObject([{ status: 'claimed', presentations: 2 }])
  })

  test('goes on from a payment whose outcome could not be written, and its owner is told', async () => {
    const { open, shop, nonces, ledger } = setUp({ fault: 'settle-then-500' })
    const broken: Ledger = { ...ledger, update: async () => Promise.reject(new Error('disk full')) }
    const wallet = open({ ledger: broken })
    const told: unknown[] = []
    wallet.on('payment.unrecorded', ({ payment }) => told.push(payment.status))
    await insist(() => wallet.fetch(url), 3)
    expect(nonces()).toBe(1)
    expect(shop.settled).toBe(price)
    expect(told).toEqual(['unknown', 'unknown', 'unknown'])
  })

  test('whose answer broke off while the ledger failed pays nothing before that is on record', async () => {
    const { open, shop, nonces, ledger } = setUp({ idempotent: true })
    let [isDown, isMended] = [false, false]
    const failing: Ledger = {
      ...ledger,
      update: async (id, update) => {
        if (update.undelivered) isDown = !isMended
        return isDown ? Promise.reject(new Error('disk full')) : ledger.update(id, update)
      },
    }
    const wallet = open({
      ledger: failing,
      fetch: async (input, init) => {
        const response = await shop(new Request(input, init))
        return response.ok && !isMended ? breakingOff(response) : response
      },
    })
    await rejection((await wallet.fetch(url)).text())
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'ledger_unavailable', moved: 'no' })
    expect(nonces()).toBe(1)
    isMended = true
    isDown = false
    expect(await (await wallet.fetch(url)).text()).toBeTruthy()
    expect(nonces()).toBe(1)
    expect(shop.settled).toBe(price)
    expect(await ledger.list()).toMatchObject([{ status: 'claimed', presentations: 2 }])
  })

  test('past the end of its payment is signed anew under the same nonce', async () => {
    const { open, shop, scene, keyStore, nonces } = setUp({ fault: 'settle-then-500', faultTimes: 1 })
    const wallet = open()
    await wallet.fetch(url)
    scene.now += 20 * 60_000
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ moved: 'maybe' })
    expect(nonces()).toBe(1)
    expect(new Set(keyStore.signed.map(({ message }) => message['validBefore'])).size).toBe(2)
    expect(shop.settled).toBe(price)
    expect((await wallet.budget()).find(({ measure }) => measure === 'microUsd')?.used).toBe(price)
  })

  test('is told of a payment that was confirmed and not delivered, and does not pay again', async () => {
    const { open, shop, nonces, ledger } = setUp({ fault: 'settle-then-500' })
    const wallet = open()
    await wallet.fetch(url)
    const [payment] = await ledger.list()
    await ledger.update(payment?.id ?? 'pay_', { status: 'confirmed' })
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'already_paid', moved: 'maybe', payment: { undelivered: true } })
    expect(String(error)).toMatch(/no whole answer came[^]*payment\.key[^]*repeatable/)
    expect(nonces()).toBe(1)
    expect(shop.settled).toBe(price)
  })

  test('is another purchase once its payment binds no longer, judged and counted as one', async () => {
    const { open, shop, scene, nonces } = setUp({ fault: 'settle-then-500', faultTimes: 1 })
    const wallet = open({ unresolvedSeconds: 600 })
    await wallet.fetch(url)
    scene.now += 599_000
    expect(await rejection(wallet.fetch(url))).toMatchObject({ moved: 'maybe' })
    scene.now += 599_000
    await rejection(wallet.fetch(url))
    expect(nonces()).toBe(1)
    scene.now += 600_000
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(nonces()).toBe(2)
    expect(shop.settled).toBe(2n * price)
    expect((await wallet.budget()).find(({ measure }) => measure === 'microUsd')?.used).toBe(2n * price)
  })

  test('says how to buy anew when it has been sent often enough, and both ways do', async () => {
    const { open, shop, nonces } = setUp({ fault: 'settle-then-500', faultTimes: 1, idempotent: false })
    const wallet = open()
    await wallet.fetch(url)
    for (let tries = 0; tries < 2; tries += 1) await rejection(wallet.fetch(url))
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown' })
    expect(String(error)).toMatch(/sent 3 times[^]*until 2026-[^]*payment\.key[^]*repeatable/)
    expect(nonces()).toBe(1)
    expect((await wallet.fetch(url, { payment: { key: 'another' } })).status).toBe(200)
    expect((await wallet.fetch(url, { payment: { repeatable: true } })).status).toBe(200)
    expect(nonces()).toBe(3)
    expect(shop.settled).toBe(3n * price)
  })

  test('with another body, or of another session, is another purchase', async () => {
    const { open, nonces } = setUp({ fault: 'settle-then-500' })
    const wallet = open()
    await wallet.fetch(url, { method: 'POST', body: 'a' })
    await wallet.fetch(url, { method: 'POST', body: 'b' })
    await wallet.session({}).fetch(url, { method: 'POST', body: 'a' })
    expect(nonces()).toBe(3)
  })

  test.each(['text', 'json', 'arrayBuffer', 'blob', 'body', 'clone'] as const)(
    'whose answer broke off while it was read as %s sends the same payment again',
    async (how) => {
      const { open, shop, nonces, ledger } = setUp({ fault: 'broken-off-body', faultTimes: 1, idempotent: true })
      const wallet = open()
      const read = async (response: Response): Promise<unknown> => {
        if (how === 'clone') return response.clone().text()
        if (how !== 'body') return response[how]()
        const chunks: unknown[] = []
        for await (const chunk of response.body ?? []) chunks.push(chunk)
        return chunks
      }
      const first = await wallet.fetch(url)
      expect(getPayment(first)).toMatchObject({ status: 'claimed' })
      expect(await rejection(read(first))).toMatchObject({ name: 'TypeError' })
      expect(await ledger.list()).toMatchObject([{ status: 'unknown', undelivered: true }])
      expect(await read(await wallet.fetch(url))).toBeTruthy()
      expect(nonces()).toBe(1)
      expect(shop.settled).toBe(price)
      expect(await ledger.list()).toMatchObject([{ status: 'claimed', undelivered: undefined, presentations: 2 }])
    },
  )

  test('whose answer was reported not to reach its buyer sends the same payment again', async () => {
    const { open, shop, nonces, ledger } = setUp({ idempotent: true })
    const wallet = open()
    const first = await wallet.fetch(url)
    await reportUndelivered(first)
    expect(getPayment(first)).toMatchObject({ status: 'unknown', next: expect.stringContaining('Do not pay again') })
    expect(await ledger.list()).toMatchObject([{ status: 'unknown', undelivered: true }])
    await reportUndelivered(new Response())
    expect((await wallet.fetch(url)).status).toBe(200)
    expect([nonces(), shop.settled]).toEqual([1, price])
    expect(await ledger.list()).toMatchObject([{ status: 'claimed', undelivered: undefined, presentations: 2 }])
  })

  test('whose whole answer is no JSON, or was read twice, was delivered', async () => {
    const { open, nonces, ledger } = setUp({ respond: () => new Response('<html>') })
    const wallet = open()
    const response = await wallet.fetch(url)
    expect(await rejection(response.json())).toBeInstanceOf(SyntaxError)
    expect(await rejection(response.text())).toBeInstanceOf(TypeError)
    expect(await ledger.list()).toMatchObject([{ status: 'claimed' }])
    await wallet.fetch(url)
    expect(nonces()).toBe(2)
  })

  test('of ten at once are ten purchases, one after another', async () => {
    const { open, shop, nonces } = setUp()
    const wallet = open()
    const all = await Promise.all(Array.from({ length: 10 }, () => wallet.fetch(url)))
    expect(all.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(nonces()).toBe(10)
    expect(shop.settled).toBe(10n * price)
  })
})
