import { describe, expect, test } from 'vitest'
import { allowHosts, type Approval, pinPayee, type Rule, spendingLimit } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
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

  test('asks its owner nothing twice, and needs the yes that the policy asks for by now', async () => {
    const { open, scene, keyStore, fetch, taken } = openFailing(2)
    const asked: Approval[] = []
    const onApproval = async (approval: Approval): Promise<boolean> => asked.push(approval) > 0
    const ask: Rule = {
      name: 'ask me',
      judge: () => ({ type: 'allow', hold: { kind: 'approval', reason: 'I want to see each' } }),
    }
    const strict = [allowHosts(['shop.example.com']), spendingLimit({ dailyLimitUsd: 1 }), ask]
    expect((await open({ fetch }).fetch(url, named('a'))).status).toBe(500)
    const careful = open({ policy: strict, fetch, onApproval })
    expect((await careful.fetch(url, named('b'))).status).toBe(500)
    scene.now += day / 24
    expect(await rejection(careful.fetch(url, named('a')))).toMatchObject({
      code: 'payment_outcome_unknown',
      message: expect.stringContaining('its owner has to be asked'),
    })
    expect((await careful.fetch(url, named('b'))).status).toBe(200)
    expect([asked.length, keyStore.signed.length, taken()]).toEqual([1, 3, 10_000n])
  })

  test('waits as the policy lets it wait by now', async () => {
    const { open, scene, keyStore, fetch } = openFailing(2)
    const slow = [
      allowHosts(['shop.example.com']),
      spendingLimit({ dailyLimitUsd: 1, instantMaxUsd: '0.001', delayMaxUsd: '0.02', delaySeconds: 60 }),
    ]
    expect((await open({ fetch }).fetch(url, named('a'))).status).toBe(500)
    const wallet = open({ policy: slow, fetch })
    expect(await rejection(wallet.fetch(url, named('b')))).toMatchObject({ code: 'payment_delayed' })
    scene.now += 61_000
    expect((await wallet.fetch(url, named('b'))).status).toBe(500)
    scene.now += day / 24
    expect(await rejection(wallet.fetch(url, named('a')))).toMatchObject({ code: 'payment_outcome_unknown' })
    expect((await wallet.fetch(url, named('b'))).status).toBe(200)
    expect(keyStore.signed).toHaveLength(3)
  })

  test('goes to no payee who has been replaced since', async () => {
    const { open, scene, keyStore } = openShop()
    const [old, recent] = ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C', `0x${'1'.repeat(40)}`].map((payTo) =>
      paidResource({ payTo, clock: () => scene.now }),
    )
    let shop = old
    let isFailing = true
    const wallet = open({
      policy: [allowHosts(['shop.example.com']), spendingLimit({ dailyLimitUsd: 1 }), pinPayee()],
      onApproval: async () => true,
      fetch: async (input, init) => {
        const request = new Request(input, init)
        if (isFailing && request.headers.has('payment-signature')) return new Response('try later', { status: 500 })
        return shop?.(request) ?? new Response()
      },
    })
    expect((await wallet.fetch(url, named('a'))).status).toBe(500)
    isFailing = false
    shop = recent
    expect((await wallet.fetch(url, named('b'))).status).toBe(200)
    shop = old
    scene.now += day / 24
    expect(await rejection(wallet.fetch(url, named('a')))).toMatchObject({
      code: 'payment_outcome_unknown',
      message: expect.stringContaining('payee of https://shop.example.com is now 0x2096'),
    })
    expect(keyStore.signed).toHaveLength(2)
  })
})
