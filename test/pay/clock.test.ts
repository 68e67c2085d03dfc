import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Chain } from '../../src/evm/index.js'
import { type AgentWallet, allowHosts, type Events, spendingLimit } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'
import { openWallet, hour, jumped, spent, price, day, noon } from '../support/clocks.ts'

function heard(wallet: AgentWallet): readonly string[] {
  const names: string[] = []
  const all: readonly (keyof Events)[] = ['clock.jumped', 'clock.confirmed', 'payment.denied']
  for (const name of all) wallet.on(name, () => names.push(name))
  return names
}

describe('a clock that is set forward', () => {
  afterEach(() => void vi.useRealTimers())

  test('rolls no window over and signs nothing, and when it is back all is as before', async () => {
    const { wallet, keyStore, time, pass, buy } = openWallet()
    const names = heard(wallet)
    expect((await buy('1')).status).toBe(200)
    time.wall += 25 * hour
    expect(await rejection(buy('2'))).toMatchObject({ ...jumped, aheadMs: 25 * hour })
    expect(await spent(wallet)).toBe(price)
    pass(60_000)
    expect(await rejection(buy('2'))).toMatchObject(jumped)
    time.wall -= 25 * hour
    expect(await rejection(buy('2'))).toMatchObject({ code: 'limit_exceeded' })
    expect(keyStore.signed).toHaveLength(1)
    pass(2 * hour)
    expect((await buy('2')).status).toBe(200)
    expect(names.filter((name) => name !== 'payment.denied')).toEqual(['clock.jumped', 'clock.confirmed'])
  })

  test('is believed up to five minutes, and no millisecond more', async () => {
    const { time, buy } = openWallet()
    time.wall += 5 * 60_000
    expect((await buy('1')).status).toBe(200)
    time.wall += 1
    expect(await rejection(buy('2'))).toMatchObject({ aheadMs: 300_001 })
  })

  test('cannot creep forward by steps that are each small enough', async () => {
    const { time, buy, keyStore } = openWallet()
    for (let step = 0; step < 100; step += 1) {
      time.wall += 4 * 60_000
      await buy(`${step}`).catch(() => {})
    }
    expect(keyStore.signed).toHaveLength(1)
    expect(await rejection(buy('last'))).toMatchObject(jumped)
  })

  test('is believed once its owner confirms it, and then windows have moved on', async () => {
    const { wallet, time, pass, buy } = openWallet()
    const names = heard(wallet)
    await buy('1')
    time.wall += day
    expect(await rejection(buy('2'))).toMatchObject(jumped)
    wallet.confirmClock()
    expect((await buy('2')).status).toBe(200)
    pass(2 * hour)
    expect((await buy('3')).status).toBe(200)
    expect(names).toEqual(['clock.jumped', 'payment.denied', 'clock.confirmed'])
  })

  test('is believed once a final block is of that time, as after the machine slept', async () => {
    const { wallet, time, buy } = openWallet()
    await buy('1')
    time.wall += day
    time.final = (noon + day - 20 * 60_000) / 1000
    expect((await buy('2')).status).toBe(200)
    expect(await spent(wallet)).toBe(price)
  })

  test.each([
    ['is older than blocks take to become final', (40 * 60_000) / 1000],
    ['is of the time that has passed', 0],
    ['is far in the future', 365 * day],
    ['has no time', Number.NaN],
  ])('is not believed because of a final block that %s', async (_what, seconds) => {
    const { wallet, time, buy } = openWallet()
    await wallet.reconcile()
    await buy('1')
    time.wall += day
    time.final = noon / 1000 + seconds
    await wallet.reconcile()
    expect(await rejection(buy('2'))).toMatchObject(jumped)
    expect(await spent(wallet)).toBe(price)
  })

  test('moves windows on as far as a final block proves, and no further', async () => {
    const { wallet, time, buy } = openWallet()
    await buy('1')
    time.wall += day
    time.final = (noon + 2 * hour) / 1000
    expect(await rejection(buy('2'))).toMatchObject({ ...jumped, aheadMs: 22 * hour })
    expect(await spent(wallet)).toBe(0n)
    time.wall = noon + 2 * hour
    time.final = undefined
    expect((await buy('2')).status).toBe(200)
  })

  test('is believed at once when it is set right, however far behind the final block is', async () => {
    const { wallet, time, buy } = openWallet()
    time.final = noon / 1000
    await wallet.reconcile()
    time.final = (noon - 25 * 60_000) / 1000
    time.wall += 10 * 60_000
    await wallet.reconcile()
    expect(await rejection(buy('1'))).toMatchObject(jumped)
    time.wall -= 10 * 60_000
    time.final = undefined
    expect((await buy('1')).status).toBe(200)
  })

  test.each<[string, Chain['time']]>([
    [
      'throws',
      () => {
        throw new Error('boom')
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
  ])('is not believed because of a chain that %s', async (_what, time) => {
    const chain: Chain = { network: 'eip155:84532', examine: async () => ({ type: 'open', reason: '' }), time }
    const scene = openWallet({ chains: [chain] })
    scene.time.wall += day
    expect(await rejection(scene.buy('1'))).toMatchObject(jumped)
  })

  test('is found out at the first reconciliation when it was wrong from the start', async () => {
    const { wallet, time, buy } = openWallet()
    time.final = (noon - day) / 1000
    await wallet.reconcile()
    expect(await rejection(buy('1'))).toMatchObject(jumped)
    time.wall -= day
    expect((await buy('1')).status).toBe(200)
    // Nor has the ledger heard of the wrong time.
    expect((await wallet.payments.list())[0]?.createdAt).toBe(noon - day)
  })

  test('is still believed, once a chain has confirmed it, when that chain has come to a halt', async () => {
    const { wallet, time, pass, buy } = openWallet()
    time.final = noon / 1000
    await wallet.reconcile()
    pass(6 * hour)
    await wallet.reconcile()
    expect((await buy('1')).status).toBe(200)
  })

  test('lets no approval expire and no delay come due', async () => {
    const policy = [
      allowHosts(['api.example.com']),
      spendingLimit({ instantMaxUsd: 0.1, delayMaxUsd: 1, delaySeconds: 60 }),
    ]
    const { wallet, keyStore, time, pass, buy } = openWallet({ policy })
    expect(await rejection(buy('1'))).toMatchObject({ code: 'payment_delayed' })
    time.wall += 2 * day
    expect(await rejection(buy('1'))).toMatchObject(jumped)
    expect(await wallet.approvals.list()).toHaveLength(1)
    time.wall -= 2 * day
    expect(await rejection(buy('1'))).toMatchObject({ code: 'payment_delayed' })
    expect(keyStore.signed).toHaveLength(0)
    pass(61_000)
    expect((await buy('1')).status).toBe(200)
  })

  test('is noticed without a monotonic clock of the owner, and with a clock of the owner only never jumps', async () => {
    const { wallet, time, buy } = openWallet({ monotonic: undefined })
    await buy('1')
    time.wall += day
    expect((await buy('2')).status).toBe(200)
    expect(await spent(wallet)).toBe(price)

    vi.useFakeTimers({ now: noon, toFake: ['Date'] })
    const shop = paidResource({ amount: price, clock: () => Date.now() })
    const own = openWallet({
      clock: undefined,
      monotonic: undefined,
      fetch: (input, init) => shop(new Request(input, init)),
    })
    expect((await own.buy('1')).status).toBe(200)
    vi.setSystemTime(noon + day)
    expect(await rejection(own.buy('2'))).toMatchObject(jumped)
  })
})
