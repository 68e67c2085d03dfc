import { describe, expect, test } from 'vitest'
import { getPayment, memoryLedger, spendingLimit, allowHosts } from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { opaqueRedirect } from '../support/opaque-redirect.ts'
import { spentBy } from '../support/agent.ts'
import { openLightning, url } from '../support/lightning-shop.ts'
import { rejection } from '../support/wallets.ts'

describe('a wallet that speaks L402', () => {
  test('pays the invoice once, and shows its preimage with the token', async () => {
    const { wallet, server, lightning, node } = openLightning()
    const response = await wallet.fetch(url)
    expect(await response.json()).toEqual({ sky: 'clear' })
    const [hash = ''] = lightning.paid
    // 100 satoshis, and 10 that routing may cost.
    expect(getPayment(response)).toMatchObject({
      status: 'claimed',
      protocol: 'l402',
      scheme: 'bolt11',
      amount: 110_000n,
      asset: { symbol: 'BTC', decimals: 11, microUsd: 100_000_000_000n },
      microUsd: 110_000n,
      terms: { nonce: `0x${hash}`, payer: 'lightning', isMaximum: true },
      receipt: { status: 'claimed', transaction: `0x${hash}`, amount: 100_003n },
    })
    expect(lightning.limits).toEqual([10_000n])
    expect(server.proofs).toEqual([expect.stringMatching(`:${node.find(hash)?.preimage.toString('hex')}$`)])
    expect([lightning.asked.length, server.sold(), await spentBy(wallet)]).toEqual([1, 1, 110_000n])
  })

  test('keeps the preimage out of the ledger, of events and of what it answers', async () => {
    const { wallet, lightning, node } = openLightning()
    const told: unknown[] = []
    for (const name of ['payment.authorized', 'payment.settled'] as const) wallet.on(name, (event) => told.push(event))
    const response = await wallet.fetch(url)
    const preimage = node.find(lightning.paid[0] ?? '')?.preimage.toString('hex') ?? ''
    const [payment] = await wallet.payments.list()
    const history = payment && (await wallet.payments.history(payment.id))
    const all = JSON.stringify([payment, history, told, getPayment(response)], (_, value) =>
      String(value) === value ? value : typeof value === 'bigint' ? String(value) : value,
    )
    expect([preimage.length, all.includes(preimage), told.length]).toEqual([64, false, 2])
  })

  test.each([
    ['LSAT by its old name', (token: string, invoice: string) => `LSAT macaroon="${token}", invoice="${invoice}"`],
    [
      'an invoice in capitals',
      (token: string, invoice: string) => `L402 token="${token}", invoice="${invoice.toUpperCase()}"`,
    ],
    [
      'both names of one challenge',
      (token: string, invoice: string) =>
        `LSAT macaroon="${token}", invoice="${invoice}", L402 macaroon="${token}", invoice="${invoice}"`,
    ],
    [
      'other challenges beside it',
      (token: string, invoice: string) => `Basic realm="x", L402 token="${token}", invoice="${invoice}"`,
    ],
  ])('is asked by %s', async (_, write) => {
    const { wallet, lightning } = openLightning({ server: { write } })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(lightning.paid).toHaveLength(1)
  })

  test('does so for a session too, within its limits', async () => {
    const { wallet, lightning } = openLightning()
    const session = wallet.session({ maxPayments: 1 })
    await session.fetch(url)
    expect(await rejection(session.fetch(`${url}/other`))).toMatchObject({ code: 'limit_exceeded' })
    expect(lightning.asked).toHaveLength(1)
  })

  test('hands nothing to a session by which the wallet behind could be asked', () => {
    const { wallet } = openLightning()
    const reach = (value: unknown, seen = new Set<unknown>()): boolean => {
      if (typeof value !== 'object' || value === null || seen.has(value)) return false
      seen.add(value)
      return 'payInvoice' in value || 'pay' in value || Object.values(value).some((one) => reach(one, seen))
    }
    expect([reach(wallet.session({})), reach(wallet)]).toEqual([false, false])
  })

  test('keeps the request’s own Authorization, and pays nothing where the proof would replace it', async () => {
    const { wallet, lightning } = openLightning()
    const error = await rejection(wallet.fetch(url, { headers: { Authorization: 'Bearer token' } }))
    expect(error).toMatchObject({ code: 'malformed_message', moved: 'no' })
    expect(lightning.asked).toEqual([])
  })

  test.each(['follow', 'manual'] as const)(
    'takes a redirect that shows nothing for no answer, where redirects are to %s',
    async (redirect) => {
      const shared = openLightning()
      const fetch = async (...request: Parameters<typeof globalThis.fetch>): Promise<Response> => {
        const asked = new Request(...request)
        return asked.headers.has('authorization') ? opaqueRedirect() : shared.server(asked)
      }
      const { wallet } = openLightning({ shared, wallet: { fetch } })
      const answered = await wallet.fetch(url, { redirect }).catch((error: unknown) => error)
      if (redirect === 'follow') expect(answered).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
      else expect(getPayment(answered as Response)).toMatchObject({ status: 'unknown', moved: 'maybe' })
      expect(await wallet.payments.list()).toMatchObject([{ status: 'unknown', receipt: undefined }])
    },
  )

  test('names the option that two wallets with keys of their own need, where they share a ledger', async () => {
    const ledger = memoryLedger()
    const first = openLightning({ wallet: { ledger } })
    await first.wallet.fetch(url)
    const shop = paidResource({ amount: 10_000n, clock: () => first.time.now })
    const fetch = async (...request: Parameters<typeof globalThis.fetch>): Promise<Response> =>
      shop(new Request(...request))
    const keyStore = testKeyStore({ key: `0x${'43'.repeat(32)}` })
    const second = (account?: string) =>
      openLightning({ wallet: { ledger, keyStore, fetch }, shared: first, method: { account } }).wallet
    await second('of-the-second').fetch(url)
    const error = await rejection(second().fetch(url))
    expect(error).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
    expect(String(error)).toMatch(/the account lightning too.*option account/)
    expect(keyStore.signed).toHaveLength(1)
  })

  test('says what to list where it is not configured', async () => {
    const { wallet } = openLightning({ wallet: { paymentMethods: [] } })
    expect((await wallet.fetch(url)).status).toBe(402)
  })

  test('pays without a key of its own too', async () => {
    const { method, ...rest } = openLightning()
    const { wallet } = openLightning({ wallet: { keyStore: method.keyStore, paymentMethods: [method] }, shared: rest })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(rest.lightning.paid).toHaveLength(1)
  })
})

describe('an invoice', () => {
  test.each([
    ['without an amount', { invoice: { sats: undefined } }, 'no amount'],
    ['of another network', { invoice: { prefix: 'tb' } }, 'not for mainnet'],
    ['of a network nobody knows', { invoice: { prefix: 'xy' } }, 'cannot be read'],
    [
      'whose version is not known',
      { write: (token: string, invoice: string) => `L402 version="1", token="${token}", invoice="${invoice}"` },
      'version',
    ],
    ['without a token', { write: (_: string, invoice: string) => `L402 invoice="${invoice}"` }, 'token'],
    [
      'with a token that ends a header',
      { write: (token: string, invoice: string) => `L402 token="${token}:x", invoice="${invoice}"` },
      'token',
    ],
    [
      'that was changed',
      {
        write: (token: string, invoice: string) =>
          `L402 token="${token}", invoice="${invoice.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'))}"`,
      },
      'cannot be read',
    ],
    ['that is no invoice', { write: (token: string) => `L402 token="${token}", invoice="lnbc1"` }, 'cannot be read'],
  ])('%s is not paid', async (_, server, words) => {
    const { wallet, lightning } = openLightning({ server })
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect(String(error)).toContain(words)
    expect([lightning.asked, await wallet.payments.list()]).toEqual([[], []])
  })

  test('whose time is over is not paid', async () => {
    const { wallet, lightning } = openLightning({ server: { invoice: { now: 0, expirySeconds: 600 } } })
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(lightning.asked).toEqual([])
  })

  test('of a holder of a session that says another amount, payee or hash than its claim is not paid', async () => {
    const { wallet, lightning, method, server } = openLightning()
    const asked = await server(new Request(url))
    const required = method.protocols[0]?.parse({ headers: asked.headers, body: undefined })
    const [claim] = required?.claims ?? []
    if (!required || !claim?.challenge) throw new TypeError('there is no claim')
    const { challenge } = claim
    const other = { ...challenge, nonce: `0x${'1'.repeat(64)}` } as const
    for (const lie of [
      { amount: 1n },
      { payTo: `02${'1'.repeat(64)}` },
      { challenge: other },
      { challenge: undefined },
    ]) {
      const resource = { url, method: 'GET', origin: 'http://127.0.0.1:8402', host: '127.0.0.1:8402' }
      const options = { resource, labels: {}, sameRequest: true, requestHash: 'x' }
      const session = wallet.session({})
      const error = await rejection(session.authorize({ ...required, claims: [{ ...claim, ...lie }] }, options))
      expect(error).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    }
    expect(lightning.asked).toEqual([])
  })
})

describe('what a payment over Lightning counts as', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('offline')
      },
    ],
    ['is zero', () => ({ usd: 0, at: 0 })],
    ['is less than nothing', () => ({ usd: -5, at: 0 })],
    ['is no number', () => ({ usd: Number.NaN, at: 0 })],
    ['is missing', () => undefined],
    ['is old', () => ({ usd: 100_000, at: -601_000 })],
    ['is of another time', () => ({ usd: 100_000, at: 200_000 })],
    ['has no time', () => ({ usd: 100_000, at: undefined })],
  ])('is nothing that can be paid where its price %s', async (_, price) => {
    const { wallet, lightning, time } = openLightning({
      btcUsd: (() => {
        const said = price() as { usd: number; at: number } | undefined
        return said && { ...said, at: said.at + time.now }
      }) as never,
    })
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect(String(error)).toContain('no price')
    expect(lightning.asked).toEqual([])
  })

  test('is what the price is at that time, and on record', async () => {
    let usd = 50_000
    const { wallet, lightning, time } = openLightning({
      btcUsd: () => ({ usd, at: time.now }),
      wallet: { policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 0.2 })] },
    })
    await wallet.fetch(url)
    usd = 150_000
    // 110 satoshis: $0.055, then $0.165, which is over what is left of $0.20.
    const error = await rejection(wallet.fetch(`${url}/other`))
    expect(error).toMatchObject({ code: 'limit_exceeded', moved: 'no' })
    usd = 100_000
    await wallet.fetch(`${url}/other`)
    const paid = (await wallet.payments.list()).filter(({ scheme }) => scheme === 'bolt11')
    expect(paid.map(({ microUsd, asset }) => [microUsd, asset.microUsd])).toEqual([
      [110_000n, 100_000_000_000n],
      [55_000n, 50_000_000_000n],
    ])
    expect([lightning.asked.length, await spentBy(wallet)]).toEqual([2, 165_000n])
  })

  test('includes the fee that its owner lets routing cost', async () => {
    const { wallet, lightning } = openLightning({ method: { maxFee: { percent: 5, minSats: 0 } } })
    await wallet.fetch(url)
    expect([lightning.limits, await spentBy(wallet)]).toEqual([[5_000n], 105_000n])
  })

  test('is what the wallet says it cost, once that is asked', async () => {
    const ledger = memoryLedger()
    const { wallet } = openLightning({ wallet: { ledger } })
    await wallet.fetch(url)
    expect(await wallet.reconcile()).toMatchObject({
      confirmed: [{ status: 'confirmed', receipt: { amount: 100_003n } }],
    })
    expect(await spentBy(wallet)).toBe(100_003n)
  })

  test('is that also where routing cost more than it should, as a wallet that takes no limit lets it', async () => {
    const { wallet, lightning } = openLightning()
    const { payInvoice } = lightning
    Reflect.set(lightning, 'payInvoice', async (...request: Parameters<typeof payInvoice>) => {
      const answer = await payInvoice(...request)
      return { ...answer, fees_paid: 900_000 }
    })
    await wallet.fetch(url)
    await wallet.reconcile()
    expect(await spentBy(wallet)).toBe(1_000_000n)
  })
})
