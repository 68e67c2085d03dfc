import { createServer } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { getPayment } from '../../src/index.js'
import { type PaidResource, paidResource } from '../../src/testing/index.js'
import { createTestWallet, rejection } from '../support/wallets.ts'

const url = 'http://127.0.0.1:1/report'
const price = 10_000n
const noon = Date.parse('2026-06-17T12:00:00Z')

/** A wallet at a shop that the test can change between two calls. */
function openWallet(first: (request: Request) => Promise<Response>) {
  const scene = { shop: first, now: noon }
  const wallet = createTestWallet({
    clock: () => scene.now,
    fetch: (input, init) => scene.shop(new Request(input, init)),
  })
  return { wallet, scene }
}

const clock = (): number => noon
const isPaid = (request: Request): boolean => request.headers.has('payment-signature')
const noncesOf = ({ signed }: { readonly signed: readonly { readonly message?: unknown }[] }): ReadonlySet<unknown> =>
  new Set(signed.map(({ message }) => Reflect.get(Object(message), 'nonce')))
const asSigned = (signed: readonly unknown[]) => signed as readonly { readonly message?: unknown }[]
const seenPayments = ({ requests }: PaidResource): readonly string[] =>
  requests.flatMap(({ headers }) => headers['payment-signature'] ?? [])

describe('a server that takes its time', () => {
  afterEach(() => void vi.useRealTimers())

  test('and answers just before nobody can settle any more is paid once, and waited for', async () => {
    vi.useFakeTimers()
    const shop = paidResource({ clock })
    const { wallet } = openWallet(async (request) => {
      const response = await shop(request)
      // The authorization lives 60 s, and its answer is waited for 60 s more.
      if (isPaid(request)) await new Promise((resolve) => setTimeout(resolve, 119_000))
      return response
    })
    const paying = wallet.fetch(url)
    await vi.advanceTimersByTimeAsync(119_500)
    expect((await paying).status).toBe(200)
    expect(seenPayments(shop)).toHaveLength(1)
    expect(wallet.signed).toHaveLength(1)
  })

  test('and answers too late is an unknown outcome, and was not asked twice meanwhile', async () => {
    vi.useFakeTimers()
    const shop = paidResource({ clock, fault: 'settle-then-hang' })
    const { wallet } = openWallet(shop)
    const outcome = rejection(wallet.fetch(url))
    await vi.advanceTimersByTimeAsync(119_000)
    expect(seenPayments(shop)).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2000)
    expect(await outcome).toMatchObject({ code: 'payment_outcome_unknown', payment: { status: 'unknown' } })
    expect(seenPayments(shop)).toHaveLength(1)
  })
})

describe('a server that asks again', () => {
  test('with other terms each time has one live authorization of a purchase, and no more', async () => {
    let amount = price
    const shops: PaidResource[] = []
    const { wallet } = openWallet(async (request) => {
      amount += 1n
      const shop = paidResource({ clock, amount })
      shops.push(shop)
      return shop(request)
    })
    for (let attempt = 0; attempt < 6; attempt += 1) {
      expect(await rejection(wallet.fetch(url, { payment: { key: 'report' } }))).toMatchObject({ moved: 'maybe' })
    }
    expect(wallet.signed).toHaveLength(1)
    expect(shops.flatMap(seenPayments)).toHaveLength(1)
    expect(shops.length).toBeLessThanOrEqual(12)
    expect(await wallet.payments.list()).toMatchObject([{ status: 'unknown' }])
  })

  test.each<[string, Parameters<typeof paidResource>[0]]>([
    ['another payee', { payTo: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' }],
    ['another amount', { amount: price - 1n }],
    [
      'another network',
      {
        accepts: (offer) => [
          {
            ...Object(offer),
            network: 'eip155:8453',
            asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
            extra: { name: 'USD Coin', version: '2' },
          },
        ],
      },
    ],
  ])('for %s while the first outcome is unknown gets neither a new signature nor the old one', async (_what, other) => {
    const first = paidResource({ clock, fault: 'settle-then-500' })
    const second = paidResource({ clock, ...other })
    const { wallet, scene } = openWallet(first)
    const payment = { key: 'report' }
    expect((await wallet.fetch(url, { payment })).status).toBe(500)
    scene.shop = second
    const error = await rejection(wallet.fetch(url, { payment }))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    expect(String(error)).toMatch(/other terms/)
    scene.now += 10 * 60_000
    scene.shop = paidResource({ clock: () => scene.now, ...other })
    expect(await rejection(wallet.fetch(url, { payment }))).toMatchObject({ code: 'payment_outcome_unknown' })
    expect(wallet.signed).toHaveLength(1)
    expect(seenPayments(second)).toEqual([])
  })

  test('because settling is pending is sent the same bytes again, at most twice', async () => {
    const shop = paidResource({ clock })
    const pending = btoa(
      JSON.stringify({ success: false, errorReason: 'settlement_pending', transaction: '', network: 'eip155:84532' }),
    )
    const sent: (string | null)[] = []
    const { wallet } = openWallet(async (request) => {
      if (!isPaid(request)) return shop(request)
      sent.push(request.headers.get('payment-signature'))
      return new Response('{}', { status: 402, headers: { 'payment-response': pending } })
    })
    for (let attempt = 0; attempt < 5; attempt += 1)
      expect(await rejection(wallet.fetch(url))).toMatchObject({ moved: 'maybe' })
    expect(await wallet.payments.list()).toMatchObject([{ status: 'unknown' }])
    expect(sent).toHaveLength(3)
    expect(new Set(sent).size).toBe(1)
  })

  test('because somebody else has settled the payment first gets no second one', async () => {
    const shop = paidResource({ clock })
    const { wallet } = openWallet(async (request) => {
      // Whoever has seen it can submit it; the server then finds its nonce used.
      if (isPaid(request)) await shop(request.clone())
      return shop(request)
    })
    for (let attempt = 0; attempt < 4; attempt += 1) {
      expect(await rejection(wallet.fetch(url))).toMatchObject({ moved: 'maybe', payment: { status: 'unknown' } })
    }
    expect(shop.settled).toBe(price)
    expect(noncesOf({ signed: asSigned(wallet.signed) }).size).toBe(1)
  })

  test('after the first authorization has ended gets the same nonce, of which the token executes one', async () => {
    const held = paidResource({ clock, fault: 'endless-402' })
    const { wallet, scene } = openWallet(held)
    const payment = { key: 'report' }
    await rejection(wallet.fetch(url, { payment }))
    scene.now += 5 * 60_000
    const later = paidResource({ clock: () => scene.now })
    scene.shop = later
    const response = await wallet.fetch(url, { payment })
    expect(getPayment(response)).toMatchObject({ status: 'claimed', presentations: 2 })
    expect(wallet.signed).toHaveLength(2)
    expect(noncesOf({ signed: asSigned(wallet.signed) }).size).toBe(1)
    expect(await wallet.payments.list()).toHaveLength(1)
  })
})

describe('a connection that is lost', () => {
  const answers = {
    'before the first byte of the answer': '',
    'within its headers': 'HTTP/1.1 200 OK\r\ncontent-le',
    'after its headers': 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n',
    'within its body': 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"ok"',
  }

  test.each(Object.entries(answers))('%s leaves a payment that counts, and no second one', async (_where, answer) => {
    const shop = paidResource({})
    const server = createServer((socket) => void socket.once('data', () => socket.end(answer)).on('error', () => {}))
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as { port: number }
    const wallet = createTestWallet({
      fetch: (input, init) => {
        const request = new Request(input, init)
        return isPaid(request) ? fetch(`http://127.0.0.1:${port}/`, { ...init, redirect: 'manual' }) : shop(request)
      },
    })
    const call = wallet.fetch(url).then((response) => response.text())
    await expect(call).rejects.toThrow(/Outcome of the payment is unknown|terminated/)
    server.close()
    expect(wallet.signed).toHaveLength(1)
    expect((await wallet.budget())[1]?.used).toBe(price)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('because the caller gave up is an unknown outcome at once, although the fetch does not heed it', async () => {
    const stop = new AbortController()
    const shop = paidResource({ clock })
    const { wallet } = openWallet(async (request) => {
      if (!isPaid(request)) return shop(request)
      setImmediate(() => stop.abort())
      return new Promise(() => {})
    })
    const error = await rejection(wallet.fetch(url, { signal: stop.signal }))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', cause: { name: 'AbortError' } })
    expect((await wallet.budget())[1]?.used).toBe(price)
  })

  test('before the payment was sent, because the caller gave up, leaves nothing', async () => {
    const stop = new AbortController()
    const shop = paidResource({ clock })
    const { wallet } = openWallet(async (request) => {
      const response = await shop(request)
      stop.abort()
      return response
    })
    expect(await rejection(wallet.fetch(url, { signal: stop.signal }))).toMatchObject({ name: 'AbortError' })
    expect(wallet.signed).toHaveLength(0)
    expect((await wallet.budget())[1]?.used).toBe(0n)
  })
})
