import { describe, expect, test, vi } from 'vitest'
import { type AgentWallet, allowHosts, spendingLimit, x402 } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = (number: number): string => `https://shop.example.com/report/${number}`

/** A shop whose paid answers wait until they are let go, one by one. */
function openSlowShop() {
  const shop = openShop()
  const paid: { readonly url: string; readonly answer: () => void; readonly fail: () => void }[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    shop.scene.price = request.url.includes('/dear') ? 30_000n : 10_000n
    if (!request.headers.has('payment-signature')) return shop.fetch(request)
    await new Promise<void>((resolve, reject) => {
      paid.push({ url: request.url, answer: resolve, fail: () => reject(new TypeError('the connection broke')) })
    })
    shop.scene.price = request.url.includes('/dear') ? 30_000n : 10_000n
    return shop.fetch(request)
  }
  return {
    ...shop,
    paid,
    slow: fetch,
    open: (options: Parameters<typeof shop.open>[0]): AgentWallet => shop.open({ fetch, ...options }),
  }
}

/** Until all has gone as far as it can. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0))
}

/** Until all has gone as far as it can where nothing waits for a timer. */
async function onward(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

describe('maxInFlight', () => {
  test('lets so many payments be under way, and the others follow in the order in which they came', async () => {
    const shop = openSlowShop()
    const wallet = shop.open({ maxInFlight: 2 })
    const calls = [1, 2, 3, 4].map((number) => wallet.fetch(url(number)))
    await settled()
    expect(shop.paid.map((one) => one.url)).toEqual([url(1), url(2)])
    expect(shop.keyStore.signed).toHaveLength(2)
    expect(await shop.ledger.list()).toHaveLength(2)
    shop.paid[1]?.answer()
    await settled()
    expect(shop.paid.map((one) => one.url)).toEqual([url(1), url(2), url(3)])
    shop.paid[0]?.answer()
    shop.paid[2]?.answer()
    await settled()
    shop.paid[3]?.answer()
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })

  test('counts the payments of sessions with those of their wallet', async () => {
    const shop = openSlowShop()
    const wallet = shop.open({ maxInFlight: 1 })
    const session = wallet.session({ labels: { task: 'one' } })
    const calls = [session.fetch(url(1)), wallet.fetch(url(2))]
    await settled()
    expect(shop.paid).toHaveLength(1)
    shop.paid[0]?.answer()
    await settled()
    shop.paid[1]?.answer()
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200])
  })

  test('lets a call that waits be aborted, which signs and records nothing, and takes no place', async () => {
    const shop = openSlowShop()
    const wallet = shop.open({ maxInFlight: 1 })
    const first = wallet.fetch(url(1))
    await settled()
    const stop = new AbortController()
    const second = rejection(wallet.fetch(url(2), { signal: stop.signal }))
    const third = wallet.fetch(url(3))
    await settled()
    stop.abort(new Error('enough'))
    expect(await second).toMatchObject({ message: 'enough' })
    expect(shop.keyStore.signed).toHaveLength(1)
    shop.paid[0]?.answer()
    await settled()
    shop.paid[1]?.answer()
    expect([(await first).status, (await third).status]).toEqual([200, 200])
    expect((await shop.ledger.list()).map(({ resource }) => resource.url)).toEqual([url(3), url(1)])
  })

  test('lets no place be lost that comes in the very turn in which its call is aborted', async () => {
    for (let turns = 0; turns < 60; turns += 1) {
      const shop = openSlowShop()
      const wallet = shop.open({ maxInFlight: 1 })
      const first = wallet.fetch(url(1))
      await onward()
      const stop = new AbortController()
      const second = wallet.fetch(url(2), { signal: stop.signal }).catch(() => undefined)
      await onward()
      shop.paid[0]?.answer()
      for (let left = turns; left > 0; left -= 1) await Promise.resolve()
      stop.abort()
      await Promise.all([first, second])
      const third = wallet.fetch(url(3))
      await onward()
      expect(shop.paid.map((one) => one.url)).toContain(url(3))
      shop.paid.at(-1)?.answer()
      expect((await third).status).toBe(200)
    }
  })

  test('gives a place back however a payment ends', async () => {
    const shop = openSlowShop()
    const wallet = shop.open({
      maxInFlight: 1,
      policy: [allowHosts(['shop.example.com']), spendingLimit({ perPaymentUsd: 0.02, dailyLimitUsd: 1 })],
    })
    const broken = rejection(wallet.fetch(url(1)))
    await settled()
    shop.paid[0]?.fail()
    expect(await broken).toMatchObject({ code: 'payment_outcome_unknown' })
    expect(await rejection(wallet.fetch('https://shop.example.com/dear'))).toMatchObject({ moved: 'no' })
    expect(await rejection(wallet.fetch('https://shop.example.com/x', { payment: { maxUsd: 0.001 } }))).toMatchObject({
      moved: 'no',
    })
    const last = wallet.fetch(url(3))
    await settled()
    shop.paid[1]?.answer()
    expect((await last).status).toBe(200)
  })

  test('does not hold a place while a person is asked, and waits for one with the yes', async () => {
    const shop = openSlowShop()
    const asked: ((isApproved: boolean) => void)[] = []
    const wallet = shop.open({
      maxInFlight: 1,
      policy: [
        allowHosts(['shop.example.com']),
        spendingLimit({
          instantMaxUsd: 0.02,
          notifyMaxUsd: 0.021,
          delayMaxUsd: 0.022,
          delaySeconds: 60,
          dailyLimitUsd: 100,
        }),
      ],
      onApproval: () => new Promise((resolve) => asked.push(resolve)),
    })
    const dear = wallet.fetch('https://shop.example.com/dear')
    await settled()
    expect(asked).toHaveLength(1)
    const cheap = wallet.fetch(url(2))
    await settled()
    expect(shop.paid.map((one) => one.url)).toEqual([url(2)])
    asked[0]?.(true)
    await settled()
    expect(shop.keyStore.signed).toHaveLength(1)
    shop.paid[0]?.answer()
    await settled()
    expect(shop.paid.map((one) => one.url)).toEqual([url(2), 'https://shop.example.com/dear'])
    shop.paid[1]?.answer()
    expect((await cheap).status + (await dear).status).toBe(400)
  })

  test('lets identical calls, and calls of one name, end as they do without it', async () => {
    const ends = async (maxInFlight: number | undefined): Promise<readonly string[]> => {
      const shop = openSlowShop()
      const wallet = shop.open({ maxInFlight })
      const named = { payment: { key: 'one' } }
      const calls = [url(1), url(1), url(2), url(2)].map((one, at) => wallet.fetch(one, at > 1 ? named : {}))
      const all = Promise.allSettled(calls)
      for (let turn = 0; turn < 8; turn += 1) {
        await settled()
        for (const one of shop.paid) one.answer()
      }
      const next = wallet.fetch(url(3))
      await settled()
      for (const one of shop.paid) one.answer()
      return [...(await all).map(({ status }) => status), String((await next).status)]
    }
    expect(await ends(1)).toEqual(await ends(undefined))
  })

  test('holds up no request that costs nothing', async () => {
    const shop = openSlowShop()
    const wallet = shop.open({ maxInFlight: 1 })
    const first = wallet.fetch(url(1))
    await settled()
    const quote = await wallet.quote(url(2))
    expect(quote?.offers).toHaveLength(1)
    shop.paid[0]?.answer()
    expect((await first).status).toBe(200)
  })

  test('gives a place back where the answer cannot be read, and says that money may have left', async () => {
    const shop = openSlowShop()
    const protocol = x402()
    const readAnswer: typeof protocol.readAnswer = (headers, payment, body) => {
      if (payment.resource.url === url(1)) throw new RangeError('a receipt of another make')
      return protocol.readAnswer(headers, payment, body)
    }
    const wallet = shop.open({ maxInFlight: 1, protocols: [{ ...protocol, readAnswer }] })
    const first = rejection(wallet.fetch(url(1)))
    await settled()
    shop.paid[0]?.answer()
    expect(await first).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    expect(await shop.ledger.list()).toMatchObject([{ status: 'unknown' }])
    const second = wallet.fetch(url(2))
    await settled()
    expect(shop.paid).toHaveLength(2)
    shop.paid[1]?.answer()
    expect((await second).status).toBe(200)
  })

  test('counts no time that a call waited as a difference between the clocks', async () => {
    const shop = openSlowShop()
    const dated: typeof globalThis.fetch = async (input, init) => {
      const response = await shop.slow(input, init)
      response.headers.set('date', new Date(shop.scene.now).toUTCString())
      return response
    }
    const wallet = shop.open({ maxInFlight: 1, fetch: dated, monotonic: () => shop.scene.now })
    const skewed = vi.fn()
    wallet.on('clock.skewed', skewed)
    const broken = rejection(wallet.fetch(url(1)))
    const waiting = wallet.fetch(url(2))
    await settled()
    shop.scene.now += 170_000
    shop.paid[0]?.fail()
    expect(await broken).toMatchObject({ code: 'payment_outcome_unknown' })
    await settled()
    shop.paid[1]?.answer()
    expect((await waiting).status).toBe(200)
    expect(skewed).not.toHaveBeenCalled()
  })

  test.each([0, -1, 1.5, Number.NaN, '3'])('is refused where it is %s', (maxInFlight) => {
    expect(() => openShop().open({ maxInFlight: maxInFlight as number })).toThrow(/maxInFlight/)
  })
})
