import { inspect } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { memoryLedger } from '../../src/index.js'
import { spentBy } from '../support/agent.ts'
import { openLightning, url } from '../support/lightning-shop.ts'
import { rejection } from '../support/wallets.ts'

const day = 86_400_000
const held = 110_000n

afterEach(() => vi.useRealTimers())

/** Lets a wallet that does not answer be late. */
async function late<value>(call: Promise<value>): Promise<unknown> {
  const failed = rejection(call)
  await vi.advanceTimersByTimeAsync(60_000)
  return failed
}

describe('a Lightning wallet that does not say what it did', () => {
  test('is asked what became of it, and the payment goes on', async () => {
    const { wallet, lightning } = openLightning({ fault: 'pays-then-throws' })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect([lightning.asked.length, lightning.lookups.length]).toEqual([1, 1])
  })

  test('and cannot be asked either, leaves the payment spent, and is not asked to pay again', async () => {
    const { wallet, lightning, server } = openLightning({
      fault: 'pays-then-throws',
      method: {},
      wallet: {},
    })
    Reflect.set(lightning, 'lookupInvoice', undefined)
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    lightning.fault = undefined
    for (let index = 0; index < 4; index += 1)
      expect(await rejection(wallet.fetch(url))).toMatchObject({ moved: 'maybe' })
    expect([lightning.asked.length, server.proofs, await spentBy(wallet)]).toEqual([1, [], held])
    expect(await wallet.reconcile()).toMatchObject({ open: [{ status: 'unknown' }] })
  })

  test('in time leaves the payment spent, and an identical call goes on from it', async () => {
    vi.useFakeTimers()
    const { wallet, lightning, node, server } = openLightning({ fault: 'hangs-pending' })
    expect(await late(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect(await late(wallet.fetch(url))).toMatchObject({ moved: 'maybe' })
    const [hash = ''] = lightning.asked
    const paid = node.find(hash)
    if (paid) paid.state = 'settled'
    const response = await wallet.fetch(url)
    expect([response.status, lightning.asked.length, server.sold()]).toEqual([200, 1, 1])
    expect(await spentBy(wallet)).toBe(held)
  })

  test.each([1, 13])('binds an identical call for %s days, however long its payment is held', async (days) => {
    vi.useFakeTimers()
    const { wallet, lightning, time } = openLightning({ fault: 'hangs-pending' })
    await late(wallet.fetch(url))
    lightning.fault = undefined
    time.now += days * day
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    expect(lightning.asked).toHaveLength(1)
  })

  test('until it is too late to send it again, is asked once more before anything else', async () => {
    vi.useFakeTimers()
    const { wallet, lightning, node, time } = openLightning({ fault: 'hangs-pending' })
    await late(wallet.fetch(url))
    time.now += day
    const paid = node.find(lightning.asked[0] ?? '')
    if (paid) paid.state = 'settled'
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(lightning.asked).toHaveLength(1)
    const payments = await wallet.payments.list()
    expect(payments.map(({ scheme, status }) => [scheme, status])).toEqual([
      ['sign-in', 'claimed'],
      ['bolt11', 'claimed'],
    ])
  })

  test('and answers something else than the preimage has spent the money', async () => {
    const { wallet, lightning, server } = openLightning({ fault: 'wrong-preimage' })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect([server.proofs, await spentBy(wallet)]).toEqual([[], held])
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(lightning.asked).toHaveLength(1)
  })

  test('and throws what other wallets throw where a person has rejected it, has spent the money', async () => {
    const { wallet, lightning } = openLightning()
    const { payInvoice } = lightning
    Reflect.set(lightning, 'lookupInvoice', undefined)
    Reflect.set(lightning, 'payInvoice', async (...request: Parameters<typeof payInvoice>) => {
      await payInvoice(...request)
      throw Object.assign(new Error('rejected'), { code: 'ACTION_REJECTED' })
    })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect(await spentBy(wallet)).toBe(held)
  })

  test('is told of in words that have neither the invoice nor a preimage', async () => {
    for (const fault of ['refuses', 'fails-silently', 'pays-then-throws'] as const) {
      const { wallet, server, node, lightning } = openLightning({ fault, method: {} })
      Reflect.set(lightning, 'lookupInvoice', async () => Promise.reject(new Error(`no ${[...server.issued].join()}`)))
      const error = await rejection(wallet.fetch(url))
      const [invoice = ''] = server.issued
      const preimage = node.find(node.hashIn(invoice))?.preimage.toString('hex') ?? ''
      const { payment: _, ...shown } = error as { readonly payment: unknown; readonly cause: unknown }
      const text = inspect([shown, String(error), shown.cause, (error as Error).stack], { depth: 9 })
      expect([text.includes(invoice), text.includes(preimage)]).toEqual([false, false])
    }
  })
})

describe('a payment over Lightning that did not happen', () => {
  test.each(['refuses', 'fails'] as const)(
    'as the wallet says (%s) counts no more, and the next call pays',
    async (fault) => {
      const { wallet, lightning } = openLightning({ fault })
      expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'no' })
      expect(await spentBy(wallet)).toBe(0n)
      lightning.fault = undefined
      expect((await wallet.fetch(url)).status).toBe(200)
      expect([lightning.asked.length, new Set(lightning.asked).size]).toEqual([2, 2])
    },
  )

  test('counts on where the wallet has not answered, and what it says has failed can be an earlier try', async () => {
    const { wallet, lightning } = openLightning({ fault: 'fails-unanswered' })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect([lightning.lookups.length, await spentBy(wallet)]).toEqual([1, held])
  })

  test('counts on where the wallet only does not know of it, also once the invoice is over', async () => {
    const { wallet, lightning, time } = openLightning({ fault: 'fails-silently' })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ moved: 'maybe' })
    for (const passed of [0, 600_000, 3 * day]) {
      time.now += passed
      expect(await wallet.reconcile()).toMatchObject({ expired: [], open: [{}] })
    }
    for (const said of [
      {},
      { type: 'outgoing' },
      { type: 'incoming', state: 'failed' },
      { state: 'settled' },
      undefined,
    ]) {
      Reflect.set(lightning, 'lookupInvoice', said && (async () => said))
      expect(await wallet.reconcile()).toMatchObject({ expired: [], confirmed: [], open: [{}] })
    }
    expect(await wallet.payments.list()).toMatchObject([{ status: 'unknown', microUsd: held }])
  })

  test('counts on while the invoice can still be paid, and no more once it has failed and its time is over', async () => {
    vi.useFakeTimers()
    const { wallet, lightning, node, time } = openLightning({ fault: 'hangs-pending' })
    await late(wallet.fetch(url))
    const paid = node.find(lightning.asked[0] ?? '')
    if (!paid) throw new TypeError('nothing was asked')
    time.now += day
    expect(await wallet.reconcile()).toMatchObject({ expired: [], open: [{}] })
    time.now -= day
    paid.state = 'failed'
    expect(await wallet.reconcile()).toMatchObject({ expired: [], open: [{}] })
    time.now += 600_000
    expect(await wallet.reconcile()).toMatchObject({ expired: [], open: [{}] })
    time.now += 120_001
    expect(await wallet.reconcile()).toMatchObject({ expired: [{ status: 'expired' }], open: [] })
    expect(await spentBy(wallet)).toBe(0n)
  })

  test('is none that was shown to its server, whatever the wallet says after a restart', async () => {
    const ledger = memoryLedger()
    for (const fault of [undefined, 'unauthorized'] as const) {
      const first = openLightning({ wallet: { ledger } })
      first.server.fault = fault
      await first.wallet.fetch(fault === undefined ? url : `${url}/other`)
      const restarted = openLightning({ wallet: { ledger }, shared: first })
      Reflect.set(first.lightning, 'lookupInvoice', async () => ({ type: 'outgoing', state: 'failed' }))
      first.time.now += day
      expect(await restarted.wallet.reconcile()).toMatchObject({ expired: [] })
    }
    const paid = (await ledger.list({})).filter(({ scheme }) => scheme === 'bolt11')
    expect(paid.map(({ status, microUsd }) => [status, microUsd])).toEqual([
      ['unknown', held],
      ['claimed', held],
    ])
  })

  test('is none whose preimage the wallet has, whatever else it says', async () => {
    vi.useFakeTimers()
    const { wallet, lightning, node, time } = openLightning({ fault: 'hangs-pending' })
    await late(wallet.fetch(url))
    const preimage = node.find(lightning.asked[0] ?? '')?.preimage.toString('hex')
    Reflect.set(lightning, 'lookupInvoice', async () => ({ type: 'outgoing', state: 'failed', preimage }))
    time.now += day
    expect(await wallet.reconcile()).toMatchObject({ expired: [], confirmed: [{ microUsd: held }] })
  })

  test('is not for its owner to say while it is under way', async () => {
    vi.useFakeTimers()
    const { wallet, lightning, node, time } = openLightning({ fault: 'hangs-pending' })
    await late(wallet.fetch(url))
    time.now += 3 * day
    const [payment] = await wallet.payments.list()
    if (!payment) throw new TypeError('nothing is on record')
    const asOwner = { as: 'not-paid', reason: 'the node says so' } as const
    expect(await rejection(wallet.resolve(payment.id, asOwner))).toMatchObject({ code: 'configuration_invalid' })
    const paid = node.find(lightning.asked[0] ?? '')
    if (paid) paid.state = 'unpaid'
    expect(await wallet.resolve(payment.id, asOwner)).toMatchObject({ status: 'released' })
  })
})

describe('one purchase by L402', () => {
  test('is paid once by a server that asks without end, with a fresh invoice each time', async () => {
    const { wallet, lightning, server } = openLightning()
    server.fault = 'endless-402'
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_rejected', moved: 'maybe' })
    for (let index = 0; index < 5; index += 1)
      expect(await rejection(wallet.fetch(url))).toMatchObject({ moved: 'maybe' })
    expect([lightning.asked.length, await spentBy(wallet)]).toEqual([1, held])
    expect(server.issued.length).toBeGreaterThan(5)
  })

  test('whose answer was lost is shown again, and not paid again', async () => {
    const { wallet, lightning, server } = openLightning()
    server.fault = 'break'
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    expect(String(error)).toContain('may have been settled, or still be until 2026-01-29T12:15:00.000Z')
    server.fault = undefined
    expect((await wallet.fetch(url)).status).toBe(200)
    expect([lightning.asked.length, new Set(server.proofs).size]).toEqual([1, 1])
  })

  test.each(['unauthorized', 'redirect'] as const)(
    'that is answered otherwise (%s) counts, and is shown to nobody else',
    async (fault) => {
      const { wallet, lightning, server } = openLightning()
      server.fault = fault
      const answered = await wallet.fetch(url).catch((error: unknown) => error)
      expect(answered).toMatchObject(fault === 'redirect' ? { code: 'payment_outcome_unknown' } : { status: 401 })
      server.fault = undefined
      expect((await wallet.fetch(url)).status).toBe(200)
      expect([lightning.asked.length, server.proofs.every((one) => one.startsWith('http://127.0.0.1:8402 '))]).toEqual([
        1,
        true,
      ])
    },
  )

  test('is paid once by calls at the same time', async () => {
    const { wallet, lightning } = openLightning()
    const answers = await Promise.all(Array.from({ length: 5 }, () => wallet.fetch(url)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(lightning.asked).toHaveLength(1)
  })

  test('has an invoice to itself: one that is asked for two purchases is paid for the first', async () => {
    const { wallet, lightning } = openLightning({ server: { isFixed: true } })
    await wallet.fetch(url)
    const error = await rejection(wallet.fetch(`${url}/other`))
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(String(error)).toContain('purchase of the challenge')
    expect(lightning.asked).toHaveLength(1)
  })

  test('that was given up is paid by the same invoice, where its server asks for that again', async () => {
    const { wallet, lightning } = openLightning({ server: { isFixed: true }, fault: 'refuses' })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'no' })
    lightning.fault = undefined
    expect((await wallet.fetch(url)).status).toBe(200)
    expect([lightning.paid.length, (await wallet.payments.list()).length]).toEqual([1, 1])
  })

  test('by a name is paid once, and needs a ledger that keeps the name', async () => {
    const { wallet, lightning } = openLightning()
    const payment = { key: 'order-7' }
    expect(await rejection(wallet.fetch(url, { payment }))).toMatchObject({
      code: 'configuration_invalid',
      moved: 'no',
    })
    const kept = openLightning({ wallet: { ledger: { ...memoryLedger(), durable: true } }, fault: 'pays-then-throws' })
    Reflect.set(kept.lightning, 'lookupInvoice', undefined)
    for (let index = 0; index < 3; index += 1)
      expect(await rejection(kept.wallet.fetch(url, { payment }))).toMatchObject({ moved: 'maybe' })
    kept.time.now += 20 * day
    expect(await rejection(kept.wallet.fetch(url, { payment }))).toMatchObject({ moved: 'maybe' })
    expect([lightning.asked.length, kept.lightning.asked.length]).toEqual([0, 1])
  })
})
