import { describe, expect, test } from 'vitest'
import { allowHosts, type Approval, spendingLimit } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const named = (key: string) => ({ payment: { key } })
const day = 86_400_000

/** A shop that takes each payment, and answers the first so many as if it had failed. */
function openFailing(times: number) {
  const shop = openShop()
  let left = times
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    if (!request.headers.has('payment-signature') || left === 0) return shop.fetch(request)
    left -= 1
    return new Response('try later', { status: 500 })
  }
  return { ...shop, fetch }
}

const policy = [allowHosts(['shop.example.com']), spendingLimit({ dailyLimitUsd: '0.02', onExceed: 'approve' })]

describe('a payment that is signed anew on another day', () => {
  test('goes beyond no limit of that day that nobody has let it go beyond', async () => {
    const { open, scene, keyStore, fetch, taken } = openFailing(2)
    const wallet = open({ policy, fetch })
    for (const key of ['a', 'b']) expect((await wallet.fetch(url, named(key))).status).toBe(500)
    scene.now += 2 * day
    for (const key of ['c', 'd']) expect((await wallet.fetch(url, named(key))).status).toBe(200)
    for (const key of ['a', 'b'])
      expect(await rejection(wallet.fetch(url, named(key)))).toMatchObject({ code: 'payment_outcome_unknown' })
    expect([keyStore.signed.length, taken()]).toEqual([4, 20_000n])
    scene.now += 2 * day
    for (const key of ['a', 'b']) expect((await wallet.fetch(url, named(key))).status).toBe(200)
    expect(taken()).toBe(40_000n)
  })

  test('goes beyond what a person has let it go beyond while it counts there', async () => {
    const { open, scene, fetch, taken } = openFailing(1)
    const asked: Approval[] = []
    const onApproval = async (approval: Approval): Promise<boolean> => asked.push(approval) > 0
    const tight = [allowHosts(['shop.example.com']), spendingLimit({ dailyLimitUsd: '0.005', onExceed: 'approve' })]
    const wallet = open({ policy: tight, fetch, onApproval })
    expect((await wallet.fetch(url, named('a'))).status).toBe(500)
    scene.now += day / 24
    expect((await wallet.fetch(url, named('a'))).status).toBe(200)
    expect([asked.length, taken()]).toEqual([1, 10_000n])
  })
})
