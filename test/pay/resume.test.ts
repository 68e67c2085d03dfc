import { describe, expect, test } from 'vitest'
import { paidResource } from '../../src/testing/index.js'
import { price, setUp, url } from '../support/one-key.ts'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

/** A shop whose first answer to a payment was lost, and which asks twice as much from then on, until it does not. */
async function openDearer() {
  const { open, scene, shop, ledger, nonces } = setUp({ idempotent: true, fault: 'settle-then-drop', faultTimes: 1 })
  const dear = paidResource({ amount: 2n * price, clock: () => scene.now })
  const state = { isDear: false }
  const wallet = open({ fetch: async (input, init) => (state.isDear ? dear : shop)(new Request(input, init)) })
  expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_outcome_unknown' })
  state.isDear = true
  return { wallet, scene, state, shop, dear, ledger, nonces }
}

describe('a payment whose answer was lost', () => {
  test('is sent again after calls that were asked other terms and sent nothing', async () => {
    const { wallet, state, shop, ledger, nonces } = await openDearer()
    const before = await ledger.list()
    for (let tries = 0; tries < 5; tries += 1) expect(String(await rejection(wallet.fetch(url)))).toMatch(/other terms/)
    expect(await ledger.list()).toEqual(before)
    state.isDear = false
    expect((await wallet.fetch(url)).status).toBe(200)
    expect([shop.settled, nonces()]).toEqual([price, 1])
  })

  test('binds for an hour after it was last sent, and not after it was last found', async () => {
    const { wallet, scene, dear } = await openDearer()
    for (let minutes = 20; minutes < 60; minutes += 20) {
      scene.now += 20 * 60_000
      expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_outcome_unknown' })
    }
    scene.now += 20 * 60_000
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(dear.settled).toBe(2n * price)
  })

  test('is not counted as sent by a call of its name for another request', async () => {
    const { open, ledger } = setUp({ fault: 'settle-then-500' })
    const wallet = open()
    await wallet.fetch(url, { payment: { key: 'report' } })
    const before = await ledger.list()
    const other = wallet.fetch(`${url}/2`, { payment: { key: 'report' } })
    expect(await rejection(other)).toMatchObject({ code: 'request_unpayable' })
    expect(await ledger.list()).toEqual(before)
  })

  test('is sent three times at most, those at another price among them', async () => {
    const { open, scene, shop } = setUp({})
    const dear = paidResource({ amount: 2n * price, clock: () => scene.now })
    const state = { road: 'open', sent: 0 }
    const wallet = open({
      payAhead: true,
      fetch: async (input, init) => {
        const request = new Request(input, init)
        const isPaid = request.headers.has('payment-signature')
        if (state.road !== 'open' && isPaid) state.sent += 1
        if (state.road === 'broken' && isPaid) throw new TypeError('fetch failed')
        return (state.road === 'dear' ? dear : shop)(request)
      },
    })
    const buy = (key: string) => wallet.fetch(url, { payment: { key } })
    await buy('a')
    state.road = 'broken'
    for (let times = 0; times < 2; times += 1) await rejection(buy('b'))
    state.road = 'dear'
    expect(await rejection(buy('b'))).toMatchObject({ code: 'payment_outcome_unknown' })
    expect(state.sent).toBe(3)
  })

  test.each<[string, object]>([
    ['a name', { key: 'report' }],
    ['no name', {}],
  ])(
    'of %s is sent again by the offer that it was made for, where a cheaper one has come beside it',
    async (_, payment) => {
      const { open, keyStore, ledger } = openShop()
      const { asset, terms } = {
        asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
        terms: { name: 'USDC', version: '2' },
      }
      const offer = { scheme: 'exact', network: 'eip155:84532', asset, maxTimeoutSeconds: 60, extra: terms }
      const dear = { ...offer, amount: '10000', payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' }
      const cheap = { ...dear, amount: '5000' }
      const state = { accepts: [dear], status: 500 }
      const fetch: typeof globalThis.fetch = async (input, init) => {
        const request = new Request(input, init)
        if (request.headers.has('payment-signature')) return new Response(null, { status: state.status })
        const required = Buffer.from(JSON.stringify({ x402Version: 2, accepts: state.accepts })).toString('base64')
        return new Response(null, { status: 402, headers: { 'PAYMENT-REQUIRED': required } })
      }
      const wallet = open({ fetch })
      expect((await wallet.fetch('https://shop.example.com/', { payment })).status).toBe(500)
      Object.assign(state, { accepts: [cheap, dear], status: 200 })
      const capped = { payment: { ...payment, maxUsd: '0.007' } }
      const error = await rejection(wallet.fetch('https://shop.example.com/', capped))
      expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
      expect((await wallet.fetch('https://shop.example.com/', { payment })).status).toBe(200)
      expect(await ledger.list()).toMatchObject([{ amount: 10_000n, status: 'claimed', presentations: 2 }])
      expect(new Set(keyStore.signed.map(({ message }) => message['nonce'])).size).toBe(1)
    },
  )
})
