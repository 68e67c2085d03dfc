import { describe, expect, test, vi } from 'vitest'
import {
  type AgentWalletOptions,
  allowHosts,
  createAgentWallet,
  getPayment,
  memoryLedger,
  type PayingRequestInit,
  pinPayee,
  spendingLimit,
} from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/feed?city=Oslo'
const hosts = allowHosts(['shop.example.com'])
const other = `0x${'1'.repeat(40)}`

/** A shop whose price, payee and answers can change, and a wallet that pays it ahead. */
function open(options: Partial<AgentWalletOptions> = {}) {
  const scene = { now: Date.UTC(2026, 0, 1), price: 10_000n, payTo: other.replaceAll('1', '2'), isFree: false }
  const shops = new Map<string, ReturnType<typeof paidResource>>()
  const trips: { readonly isPaid: boolean; readonly url: string }[] = []
  const keyStore = testKeyStore()
  const answers: ((request: Request) => Response | Promise<Response> | undefined)[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    trips.push({ isPaid: request.headers.has('payment-signature'), url: request.url })
    const answer = await answers.shift()?.(request)
    if (answer) return answer
    if (scene.isFree) return new Response('free')
    const { price, payTo } = scene
    const key = `${price} ${payTo}`
    const shop = shops.get(key) ?? paidResource({ amount: price, payTo, clock: () => scene.now })
    shops.set(key, shop)
    return shop(request)
  }
  const wallet = createAgentWallet({
    keyStore,
    fetch,
    clock: () => scene.now,
    ledger: memoryLedger(),
    policy: [hosts, spendingLimit({ perPaymentUsd: '0.05', dailyLimitUsd: 1 })],
    payAhead: true,
    ...options,
  })
  const taken = (): bigint => [...shops.values()].reduce((sum, shop) => sum + shop.settled, 0n)
  const nonces = (): number => new Set(keyStore.signed.map(({ message }) => message.nonce)).size
  const used = async (): Promise<bigint | undefined> =>
    (await wallet.budget()).find(({ name }) => name === 'daily limit')?.used
  return { wallet, scene, trips, taken, nonces, used, keyStore, answers }
}

/** Buys twice: the second time by the terms of the first. */
async function openKnown(options?: Partial<AgentWalletOptions>) {
  const world = open(options)
  expect((await world.wallet.fetch(url)).status).toBe(200)
  world.trips.splice(0)
  return world
}

describe('a payment that is sent ahead', () => {
  test('takes one trip, once it is known what was asked last', async () => {
    const { wallet, trips, taken, nonces, used } = open()
    for (let count = 0; count < 3; count += 1) {
      const response = await wallet.fetch(url)
      expect(await response.text()).toBe('{"ok":true}')
      expect(getPayment(response)?.status).toBe('claimed')
    }
    expect(trips.map(({ isPaid }) => isPaid)).toEqual([false, true, true, true])
    expect([nonces(), taken(), await used()]).toEqual([3, 30_000n, 30_000n])
  })

  test.each([
    ['by default', {}, undefined],
    ['at other hosts', { payAhead: ['api.example.com'] }, undefined],
    ['where the call says so', { payAhead: true }, { payment: { ahead: false } }],
  ] as const)('is not sent %s', async (_where, options, init) => {
    const { wallet, trips } = open({ payAhead: false, ...options })
    for (let count = 0; count < 2; count += 1) await wallet.fetch(url, init as PayingRequestInit)
    expect(trips.map(({ isPaid }) => isPaid)).toEqual([false, true, false, true])
  })

  test('is sent at hosts that are named, and where a call says so', async () => {
    const named = open({ payAhead: ['*.example.com'] })
    for (let count = 0; count < 2; count += 1) await named.wallet.fetch(url)
    expect(named.trips).toHaveLength(3)
    const asked = open({ payAhead: false })
    for (let count = 0; count < 2; count += 1) await asked.wallet.fetch(url, { payment: { ahead: true } })
    expect(asked.trips).toHaveLength(3)
  })

  test('is the same purchase where it has a name, and is paid once', async () => {
    const { wallet, taken } = await openKnown({ ledger: { ...memoryLedger(), durable: true } })
    const named = { payment: { key: 'report-7' } }
    expect((await wallet.fetch(url, named)).status).toBe(200)
    expect(await rejection(wallet.fetch(url, named))).toMatchObject({ code: 'already_paid' })
    expect(taken()).toBe(20_000n)
  })

  test('that asks another price in answer is paid under the same nonce, and counts as the dearer of both', async () => {
    const { wallet, scene, trips, taken, nonces, used, keyStore } = await openKnown()
    scene.price = 30_000n
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(trips.map(({ isPaid }) => isPaid)).toEqual([true, true])
    expect([keyStore.signed.length, nonces(), taken(), await used()]).toEqual([3, 2, 40_000n, 40_000n])
    // Two signatures of it are alive: nothing gives its budget back.
    expect(await wallet.payments.list({ limit: 1 })).toMatchObject([{ amount: 30_000n, presentations: 2 }])
    scene.price = 5000n
    expect((await wallet.fetch(url)).status).toBe(200)
    const [payment] = await wallet.payments.list()
    expect(payment).toMatchObject({ amount: 5000n, microUsd: 30_000n, earlier: [{ amount: 30_000n }] })
    expect(JSON.parse(JSON.stringify(payment)).earlier).toEqual([{ amount: '30000', payTo: scene.payTo }])
    expect([nonces(), await used()]).toEqual([3, 70_000n])
  })

  test('that is repeatable is paid under the same nonce too when another price is asked', async () => {
    const { wallet, scene, nonces, used, keyStore } = await openKnown()
    scene.price = 30_000n
    expect((await wallet.fetch(url, { payment: { repeatable: true } })).status).toBe(200)
    expect([keyStore.signed.length, nonces(), await used()]).toEqual([3, 2, 40_000n])
  })

  test('whose new price is beyond a limit is not signed anew, and says that one payment is out', async () => {
    const { wallet, scene, used, keyStore } = await openKnown()
    scene.price = 60_000n
    expect(await rejection(wallet.fetch(url))).toMatchObject({
      code: 'payment_outcome_unknown',
      moved: 'maybe',
      cause: { code: 'limit_exceeded' },
    })
    expect([keyStore.signed.length, await used()]).toEqual([2, 20_000n])
  })

  test('that asks for another payee in answer counts for both', async () => {
    const { wallet, scene, nonces } = await openKnown()
    const before = scene.payTo
    scene.payTo = other
    expect((await wallet.fetch(url)).status).toBe(200)
    const [payment] = await wallet.payments.list()
    const payees = [before, other].map((payTo) => `payee:eip155:84532:${payTo}`)
    expect(payment).toMatchObject({
      payTo: other,
      earlier: [{ payTo: before }],
      scopes: expect.arrayContaining(payees),
    })
    expect(nonces()).toBe(2)
  })

  test('goes to no other payee than the one that is pinned', async () => {
    const { wallet, scene, keyStore } = await openKnown({
      policy: [hosts, spendingLimit({ dailyLimitUsd: 1 }), pinPayee()],
    })
    scene.payTo = other
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_outcome_unknown' })
    expect(keyStore.signed).toHaveLength(2)
  })

  test('that is asked for the same once more is not paid twice', async () => {
    const { wallet, answers, scene, taken, nonces } = await openKnown()
    const ask = async (): Promise<Response> => {
      const shop = paidResource({ amount: scene.price, payTo: scene.payTo, clock: () => scene.now })
      return shop(new Request(url))
    }
    const again = await ask()
    answers.push(() => again)
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_rejected', moved: 'maybe' })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect([nonces(), taken()]).toEqual([2, 20_000n])
  })

  test('is raised no further than once in a call', async () => {
    const { wallet, answers, scene, keyStore } = await openKnown()
    const dearer = async (amount: bigint): Promise<Response> =>
      paidResource({ amount, payTo: scene.payTo, clock: () => scene.now })(new Request(url))
    const [one, two] = [await dearer(20_000n), await dearer(40_000n)]
    answers.push(
      () => one,
      () => two,
    )
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_rejected' })
    expect(keyStore.signed).toHaveLength(3)
    expect(new Set(keyStore.signed.slice(1).map(({ message }) => message.nonce)).size).toBe(1)
  })

  test('keeps its place among the payments under way while it is answered in the next protocol that is offered', async () => {
    let answer: (response: Response) => void = () => {}
    const held = new Promise<Response>((resolve) => {
      answer = resolve
    })
    const { wallet, scene, answers, keyStore } = await openKnown({ maxInFlight: 1 })
    const shop = { amount: 20_000n, payTo: scene.payTo, clock: () => scene.now }
    const { header } = await offerElsewhere(shop)
    const old = await paidResource({ ...shop, version: 1 })(new Request(url))
    old.headers.set('payment-required', header)
    answers.push(
      () => old,
      () => held,
    )
    const first = wallet.fetch(url)
    await vi.waitFor(() => expect(answers).toHaveLength(0))
    const second = wallet.fetch(`${url}&page=2`)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(keyStore.signed).toHaveLength(3)
    answer(new Response('bought'))
    expect(await (await first).text()).toBe('bought')
    expect((await second).status).toBe(200)
  })

  test('is not sent where the answer came without a receipt, after ten minutes, or for another URL', async () => {
    const { wallet, scene, trips } = await openKnown()
    scene.isFree = true
    expect(await (await wallet.fetch(url)).text()).toBe('free')
    expect(await (await wallet.fetch(url)).text()).toBe('free')
    expect(trips.splice(0).map(({ isPaid }) => isPaid)).toEqual([true, false])
    scene.isFree = false
    await wallet.fetch(url)
    trips.splice(0)
    scene.now += 600_000
    await wallet.fetch(url)
    await wallet.fetch(url.replace('Oslo', 'Bergen'))
    await wallet.fetch(url, { method: 'POST', body: 'x' })
    expect(trips.map(({ isPaid }) => isPaid)).toEqual([false, true, false, true, false, true])
  })

  test('is not sent for what was redirected', async () => {
    const { wallet, trips, answers } = open()
    const there = url.replace('feed', 'moved')
    for (let count = 0; count < 2; count += 1) {
      const redirected = await (async () => {
        const answer = await fetchUnpaid()
        return Object.defineProperties(answer, { redirected: { value: true }, url: { value: there } })
      })()
      answers.push(() => redirected)
      expect((await wallet.fetch(url)).status).toBe(200)
    }
    expect(trips.map(({ isPaid }) => isPaid)).toEqual([false, true, false, true])
  })

  test('is not sent with a body that can be read once only', async () => {
    const { wallet, trips } = open()
    const stream = () => new Blob(['x']).stream()
    const init = () => ({ method: 'POST', body: stream(), duplex: 'half' }) as PayingRequestInit
    for (let count = 0; count < 2; count += 1) expect((await wallet.fetch(url, init())).status).toBe(200)
    expect(trips.map(({ isPaid }) => isPaid)).toEqual([false, true, false, true])
  })

  test('that cannot be made leaves the request as it would be without it', async () => {
    const { wallet, scene, trips, keyStore } = await openKnown()
    await wallet.freeze('by the owner')
    scene.isFree = true
    expect(await (await wallet.fetch(url)).text()).toBe('free')
    expect(trips.map(({ isPaid }) => isPaid)).toEqual([false])
    expect(keyStore.signed).toHaveLength(1)
  })

  test('is quoted without a trip where the call says so', async () => {
    const { wallet, trips } = await openKnown()
    const quote = await wallet.quote(url, { payment: { ahead: true } })
    expect(quote?.offers[0]).toMatchObject({ microUsd: 10_000n, allowed: true })
    expect(trips).toEqual([])
    await wallet.quote(url)
    expect(trips).toHaveLength(1)
  })

  test('of a session keeps to the session', async () => {
    const { wallet, trips, nonces } = open()
    const session = wallet.session({ allowHosts: ['shop.example.com'], limits: { totalLimitUsd: '0.02' } })
    for (let count = 0; count < 2; count += 1) expect((await session.fetch(url)).status).toBe(200)
    expect(trips).toHaveLength(3)
    expect(await rejection(session.fetch(url))).toMatchObject({ code: 'limit_exceeded' })
    expect(nonces()).toBe(2)
  })
})

/** What a shop asks for on a chain that the wallet does not know. */
async function offerElsewhere(options: Parameters<typeof paidResource>[0]): Promise<{ readonly header: string }> {
  const answer = await paidResource(options)(new Request(url))
  const asked = JSON.parse(atob(answer.headers.get('payment-required') ?? ''))
  const accepts = asked.accepts.map((offer: object) => ({ ...offer, network: 'eip155:999999' }))
  return { header: btoa(JSON.stringify({ ...asked, accepts })) }
}

function fetchUnpaid(): Promise<Response> {
  return Promise.resolve(
    paidResource({ amount: 10_000n, payTo: other.replaceAll('1', '2'), clock: () => Date.UTC(2026, 0, 1) })(
      new Request(url),
    ),
  )
}
