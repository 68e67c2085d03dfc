import { privateKey } from 'stipend/keys'
import { describe, expect, test } from 'vitest'
import { type Ledger, memoryLedger, type PaymentStatus } from '../../src/index.js'
import { noon, rolling, sampleId, sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { price, setUp, url } from '../support/one-key.ts'
import { rejection } from '../support/wallets.ts'

const hour = 3_600_000
const hourly = sampleLimit(10_000n, { window: rolling(3600) })
const monthly = sampleLimit(10_000n, { window: { type: 'calendar', period: 'month', timeZone: 'UTC' } })
const forEver = sampleLimit(10_000n)

/** Records payments of a minute each, each of which becomes what is said. */
async function pay(ledger: Ledger, numbers: readonly number[], status?: Exclude<PaymentStatus, 'authorized'>) {
  for (const number of numbers) {
    const payment = samplePayment(number, { createdAt: noon + number * 60_000 })
    expect(await ledger.reserve(payment, [hourly, forEver])).toEqual({ ok: true })
    if (status !== undefined) await ledger.update(sampleId(number), { status })
  }
}

const upTo = (count: number, first = 1) => Array.from({ length: count }, (_, index) => first + index)
const idsIn = async (ledger: Ledger) => (await ledger.list({ limit: 10_000 })).map(({ id }) => id)
const usedOf = async (ledger: Ledger, now: number) =>
  (await ledger.usage([hourly, monthly, forEver], now)).map(({ used }) => used)

describe('a ledger in memory', () => {
  test('lets go of what is resolved and has left every window, but for the newest that it is to keep', async () => {
    const ledger = memoryLedger({ keep: 5 })
    await pay(ledger, upTo(400), 'claimed')
    const left = await idsIn(ledger)
    // Those of the last hour or two, and no fewer than are in the window.
    expect(left.length).toBeGreaterThanOrEqual(60)
    expect(left.length).toBeLessThan(200)
    expect(left).toEqual(
      upTo(left.length, 401 - left.length)
        .toReversed()
        .map(sampleId),
    )
    expect(await ledger.get(sampleId(1))).toBeUndefined()
    expect(await ledger.history?.(sampleId(1))).toEqual([])
    await expect(ledger.update(sampleId(1), { status: 'confirmed' })).rejects.toThrow(/is not in the ledger/)
  })

  test('keeps as many of the newest as it is to, however long ago they were', async () => {
    const ledger = memoryLedger({ keep: 300 })
    await pay(ledger, upTo(400), 'claimed')
    expect((await idsIn(ledger)).slice(0, 300)).toEqual(upTo(300, 101).toReversed().map(sampleId))
    const roomy = memoryLedger()
    await pay(roomy, upTo(400), 'claimed')
    expect(await idsIn(roomy)).toHaveLength(400)
  })

  test('counts what it has let go of, also in windows that nobody had asked for before', async () => {
    const ledger = memoryLedger({ keep: 0 })
    await pay(ledger, upTo(400), 'claimed')
    expect((await idsIn(ledger)).length).toBeLessThan(200)
    const now = noon + 400 * 60_000
    const [inHour = 0n, inMonth, ever] = await usedOf(ledger, now)
    expect([inMonth, ever]).toEqual([4000n, 4000n])
    expect(inHour).toBe(BigInt(10 * (60 + 4)))
    expect(await ledger.reserve(samplePayment(401), [{ ...forEver, max: 4009n }])).toMatchObject({ used: 4000n })
    // A month later they count in no month any more.
    expect((await usedOf(ledger, now + 30 * 24 * hour)).slice(1)).toEqual([0n, 4000n])
  })

  test('lets go of nothing that one of its windows still holds', async () => {
    const ledger = memoryLedger({ keep: 0 })
    await ledger.usage([sampleLimit(10_000n, { window: rolling(86_400) })], noon)
    await pay(ledger, upTo(400), 'claimed')
    expect(await idsIn(ledger)).toHaveLength(400)
  })

  test('counts it when the time is put back, too', async () => {
    const ledger = memoryLedger({ keep: 0 })
    await pay(ledger, upTo(400), 'claimed')
    await ledger.setTime?.(noon + hour, 'it was wrong')
    expect((await usedOf(ledger, noon + hour))[0]).toBe(4000n)
  })

  test('pays no purchase anew that it has let go of, unless that was released', async () => {
    const ledger = memoryLedger({ keep: 0 })
    await pay(ledger, [1], 'claimed')
    await pay(ledger, [2], 'released')
    await pay(ledger, upTo(300, 3), 'claimed')
    const createdAt = noon + 400 * 60_000
    expect(await idsIn(ledger)).not.toContain(sampleId(1))
    const again = ledger.reserve(samplePayment(1, { createdAt }), [])
    await expect(again).rejects.toMatchObject({ code: 'already_paid', moved: 'maybe', payment: { status: 'claimed' } })
    expect(await ledger.get(sampleId(2))).toBeUndefined()
    expect(await ledger.reserve(samplePayment(2, { createdAt }), [])).toEqual({ ok: true })
  })

  test('lets a caller know that what it has let go of is paid, and that trying again is of no use', async () => {
    const { open, scene, shop } = setUp()
    const wallet = open({ ledger: memoryLedger({ keep: 0 }), keyStore: privateKey(`0x${'11'.repeat(32)}`) })
    const buy = (key: string) => wallet.fetch(url, { payment: { key } })
    await buy('report')
    scene.now += 3 * 24 * hour
    for (const key of ['a', 'b', 'c']) await buy(key)
    expect(await wallet.payments.list({ purchaseKey: 'report' })).toEqual([])
    const error = await rejection(buy('report'))
    expect(error).toMatchObject({ code: 'already_paid', retryable: false, payment: { purchaseKey: 'report' } })
    expect(shop.settled).toBe(4n * price)
  })

  test('keeps what nobody has resolved', async () => {
    const ledger = memoryLedger({ keep: 0 })
    await pay(ledger, [1], 'unknown')
    await pay(ledger, [2])
    await pay(ledger, [3], 'unknown')
    await ledger.update(sampleId(3), { status: 'confirmed' })
    await pay(ledger, upTo(400, 4), 'claimed')
    expect((await idsIn(ledger)).slice(-3)).toEqual([3, 2, 1].map(sampleId))
    expect(await ledger.update(sampleId(1), { status: 'expired' })).toMatchObject({ status: 'expired' })
    expect(await ledger.list({ before: sampleId(2) })).toMatchObject([{ id: sampleId(1) }])
  })

  test.each([-1, Number.NaN])('is not told to keep %s payments', (keep) => {
    expect(() => memoryLedger({ keep })).toThrow(/Failed to read keep/)
  })
})
