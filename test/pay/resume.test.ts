import { describe, expect, test } from 'vitest'
import { paidResource } from '../../src/testing/index.js'
import { price, setUp, url } from '../support/one-key.ts'
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
})
