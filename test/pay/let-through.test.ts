import { describe, expect, test } from 'vitest'
import {
  type Approval,
  allowHosts,
  PaymentOutcomeUnknownError,
  type Rule,
  type SpendingLimitOptions,
  spendingLimit,
} from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const minute = 60_000
const usd = 1_000_000n
const hosts = allowHosts(['shop.example.com'])
const within = (limits: SpendingLimitOptions): readonly Rule[] => [
  hosts,
  spendingLimit({ dailyLimitUsd: 50, ...limits }),
]
const ask = (name: string, reason: string): Rule => ({
  name,
  judge: () => ({ type: 'allow', hold: { kind: 'approval', reason } }),
})

/** A wallet at a shop of $5 whose first payments get lost on the way. */
function openLosing(policy: readonly Rule[]) {
  const shop = openShop({ price: 5n * usd })
  const road = { isBroken: true }
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    if (road.isBroken && request.headers.has('payment-signature')) throw new TypeError('fetch failed')
    return shop.fetch(request)
  }
  const wallet = shop.open({ policy, fetch })
  const buy = (): Promise<Response> => wallet.fetch(url, { payment: { key: 'report' } })
  return { ...shop, wallet, road, buy }
}

describe('a payment that never arrived, and whose time is over', () => {
  test.each<[string, SpendingLimitOptions, SpendingLimitOptions, number]>([
    ['no', { instantMaxUsd: 10 }, { instantMaxUsd: 10 }, 2],
    ['a tier that lets less through by now', { instantMaxUsd: 10 }, { instantMaxUsd: 1 }, 1],
    ['a tier that lets more through by now', { instantMaxUsd: 10 }, { instantMaxUsd: 20 }, 2],
    [
      'a limit that nobody can let it go beyond, and that is lower by now',
      { perPaymentUsd: 10 },
      { perPaymentUsd: 10, dailyLimitUsd: 1 },
      1,
    ],
    [
      'a limit beyond which a person is asked, and that is lower by now',
      { perPaymentUsd: 10, onExceed: 'approve' },
      { perPaymentUsd: 10, dailyLimitUsd: 1, onExceed: 'approve' },
      1,
    ],
  ])('is signed anew beyond %s', async (_what, before, after, signatures) => {
    const { wallet, road, scene, keyStore, buy, taken } = openLosing(within(before))
    expect(await rejection(buy())).toBeInstanceOf(PaymentOutcomeUnknownError)
    road.isBroken = false
    await wallet.setPolicy(within(after))
    scene.now += 10 * minute
    const again = await buy().catch((error: unknown) => error)
    expect(keyStore.signed).toHaveLength(signatures)
    expect(taken()).toBe(signatures === 2 ? 5n * usd : 0n)
    expect(again).toMatchObject(
      signatures === 2 ? { status: 200 } : { code: 'payment_outcome_unknown', moved: 'maybe' },
    )
  })

  test.each([
    ['had to wait', { instantMaxUsd: 1, delayMaxUsd: 10, delaySeconds: 60 }],
    ['a person approved', { instantMaxUsd: 1 }],
  ])('that %s goes on, also days after that', async (_what, limits) => {
    const { wallet, road, scene, buy, taken } = openLosing(within(limits))
    await rejection(buy())
    for (const { id, kind } of await wallet.approvals.list())
      if (kind === 'approval') await wallet.approvals.approve(id)
    scene.now += minute
    expect(await rejection(buy())).toMatchObject({ code: 'payment_outcome_unknown' })
    road.isBroken = false
    scene.now += 2 * 86_400_000
    expect((await buy()).status).toBe(200)
    expect(taken()).toBe(5n * usd)
  })

  test('waits where the policy has made a delay longer since, and not where it has made it shorter', async () => {
    const delayed = (delaySeconds: number) => within({ instantMaxUsd: 1, delayMaxUsd: 10, delaySeconds })
    const { wallet, road, scene, buy, taken } = openLosing(delayed(60))
    await rejection(buy())
    scene.now += minute
    await rejection(buy())
    road.isBroken = false
    scene.now += 10 * minute
    await wallet.setPolicy(delayed(3600))
    expect(await rejection(buy())).toMatchObject({ code: 'payment_outcome_unknown' })
    await wallet.setPolicy(delayed(30))
    expect((await buy()).status).toBe(200)
    expect(taken()).toBe(5n * usd)
  })
})

describe('a payment that has to be let through', () => {
  test('waits as long as the policy says by now', async () => {
    const delayed = (delaySeconds: number) => within({ instantMaxUsd: 1, delayMaxUsd: 10, delaySeconds })
    const { open, scene, taken } = openShop({ price: 5n * usd })
    const wallet = open({ policy: delayed(60) })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_delayed' })
    await wallet.setPolicy(delayed(3600))
    scene.now += 2 * minute
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_delayed' })
    scene.now += 60 * minute
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(taken()).toBe(5n * usd)
  })

  test('tells a person the reasons of all rules that ask, each once', async () => {
    const { open } = openShop()
    const policy = [
      ...within({}),
      ask('vendor', 'it is a new vendor'),
      ask('night', 'it is at night'),
      ask('other', 'it is at night'),
    ]
    const error = await rejection(open({ policy }).fetch(url))
    expect(error).toMatchObject({ approval: { reason: 'it is a new vendor; it is at night' } })
  })

  const vendor = ask('vendor', 'it is a new vendor')
  const night = ask('night', 'it is at night')
  test.each([
    ['in another order', [night, vendor]],
    ['without one of them', [vendor]],
  ])('is let through by a yes to several rules: %s, and when it is signed anew', async (_what, now) => {
    const { wallet, road, scene, buy, taken } = openLosing([...within({ perPaymentUsd: 10 }), vendor, night])
    const { approval } = Object(await rejection(buy()))
    await wallet.approvals.approve(approval.id)
    await wallet.setPolicy([...within({ perPaymentUsd: 10 }), ...now])
    expect(await rejection(buy())).toMatchObject({ code: 'payment_outcome_unknown' })
    road.isBroken = false
    scene.now += 10 * minute
    expect((await buy()).status).toBe(200)
    expect(taken()).toBe(5n * usd)
  })

  test('is not let through by a yes to another rule', async () => {
    const { open, taken } = openShop()
    const wallet = open({ policy: [...within({}), ask('night', 'it is at night')] })
    const { approval } = Object(await rejection(wallet.fetch(url)))
    await wallet.approvals.approve(approval.id)
    await wallet.setPolicy([...within({}), ask('fraud', 'this vendor has cheated us')])
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'approval_required' })
    await wallet.setPolicy([...within({}), ask('night', 'it is at night')])
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(taken()).toBe(10_000n)
  })

  test('is asked about again where whoever was to be asked could not be reached', async () => {
    const { open, taken } = openShop()
    const asked: Approval[] = []
    const onApproval = async (approval: Approval): Promise<boolean> => {
      if (asked.push(approval) === 1) throw new DOMException('no answer', 'TimeoutError')
      return true
    }
    const wallet = open({ policy: [...within({}), ask('night', 'it is at night')], onApproval })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'approval_required', moved: 'no' })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect([asked.length, taken()]).toEqual([2, 10_000n])
  })
})
