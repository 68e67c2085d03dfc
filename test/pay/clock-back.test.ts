import { describe, expect, test, vi } from 'vitest'
import { memoryLedger } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'
import { hour, day, openWallet, spent, price, noon } from '../support/clocks.ts'

describe('a clock that is set back', () => {
  test.each([hour, 365 * day])('by %i ms does not open a window that is used up', async (back) => {
    const { wallet, keyStore, time, pass, buy } = openWallet()
    pass(10_000)
    await buy('1')
    time.wall -= back
    expect(await rejection(buy('2'))).toMatchObject({ code: 'limit_exceeded' })
    expect(await spent(wallet)).toBe(price)
    expect(keyStore.signed).toHaveLength(1)
  })

  test('records what is paid meanwhile at the latest time it has seen, so that it leaves no window too early', async () => {
    const ledger = memoryLedger()
    const { wallet, time, pass, buy } = openWallet({ ledger })
    expect(await spent(wallet)).toBe(0n)
    time.wall -= 2 * hour
    await buy('1')
    const [payment] = await ledger.list()
    expect(payment?.createdAt).toBe(noon)
    expect(payment?.terms.validBefore).toBeLessThan(noon / 1000)
    expect(payment?.countsUntil).toBeGreaterThan(noon)
    pass(2 * hour + 60_000)
    expect(await rejection(buy('2'))).toMatchObject({ code: 'limit_exceeded' })
  })
})

describe('a clock that was set right by some minutes', () => {
  test('lets no client that tries again pay twice for the same request', async () => {
    const shop = paidResource({ amount: price / 2n, fault: 'settle-then-500', idempotent: true, clock: () => noon })
    const { wallet, keyStore, time } = openWallet({ fetch: (input, init) => shop(new Request(input, init)) })
    time.wall += 4 * 60_000
    expect(await spent(wallet)).toBe(0n)
    time.wall = noon
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect((await wallet.fetch('https://api.example.com/report')).status).toBe(500)
    }
    expect(new Set(keyStore.signed.map(({ message }) => message['nonce'])).size).toBe(1)
    expect(shop.settled).toBe(price / 2n)
  })
})

describe('a clock that fails', () => {
  test.each<[string, () => number]>([
    [
      'throws',
      () => {
        throw new Error('boom')
      },
    ],
    ['answers NaN', () => Number.NaN],
    ['answers no number', () => 'noon' as never],
  ])('and %s signs nothing', async (_what, broken) => {
    for (const part of ['clock', 'monotonic'] as const) {
      let isBroken = false
      const sound = () => noon
      const options = { clock: sound, monotonic: sound, [part]: () => (isBroken ? broken() : noon) }
      const { keyStore, buy } = openWallet(options)
      isBroken = true
      expect(await rejection(buy('1'))).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
      expect(keyStore.signed).toHaveLength(0)
      expect(() => openWallet(options)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
    }
  })

  test('and stands still lets deadlines pass all the same', async () => {
    vi.useFakeTimers()
    try {
      const shop = paidResource({ amount: price, fault: 'settle-then-hang', clock: () => noon })
      const { buy } = openWallet({ clock: () => noon, fetch: (input, init) => shop(new Request(input, init)) })
      const outcome = rejection(buy('1'))
      await vi.advanceTimersByTimeAsync(300_000)
      expect(await outcome).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    } finally {
      vi.useRealTimers()
    }
  })
})
