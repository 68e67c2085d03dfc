import { describe, expect, test } from 'vitest'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const scope = { name: 'research', limits: { totalLimitUsd: '0.02' } } as const

describe('a session that has a name', () => {
  test('is the same one when its process is started anew: what it has spent counts on, within the limits of now', async () => {
    const { open, keyStore, taken } = openShop()
    for (let count = 0; count < 2; count += 1) expect((await open().session(scope).fetch(url)).status).toBe(200)
    expect(await rejection(open().session(scope).fetch(url))).toMatchObject({ code: 'limit_exceeded', moved: 'no' })
    expect([keyStore.signed.length, taken()]).toEqual([2, 20_000n])
    const wider = open().session({ ...scope, limits: { totalLimitUsd: '0.03' } })
    expect((await wider.fetch(url)).status).toBe(200)
    expect(await wider.payments.list()).toHaveLength(3)
  })

  test('has a purchase of its own paid once, by whichever of its handles it is made', async () => {
    const { open, keyStore } = openShop()
    const options = { payment: { key: 'report-7' } }
    await open().session(scope).fetch(url, options)
    const once = await open()
      .session(scope)
      .fetch(url, options)
      .catch((error: unknown) => error)
    expect(once).toMatchObject({ code: 'already_paid' })
    expect(new Set(keyStore.signed.map(({ message }) => message['nonce'])).size).toBe(1)
  })

  test('stays revoked, with all that is made from it', async () => {
    const { open, keyStore } = openShop()
    const wallet = open()
    const child = wallet.session(scope).session({ name: 'research' })
    await wallet.revokeSession(wallet.session(scope))
    for (const one of [open().session(scope), child, open().session(scope).session({ name: 'research' })])
      expect(await rejection(one.fetch(url))).toMatchObject({ code: 'session_revoked', moved: 'no' })
    expect(keyStore.signed).toEqual([])
  })

  test('is no session of another name, of none, or of the same name below another', async () => {
    const wallet = openShop().open()
    const [own, other] = [wallet.session(scope), wallet.session({ ...scope, name: 'writing' })]
    const ids = [own, other, own.session(scope), other.session(scope), wallet.session({}), wallet.session({})]
    expect(new Set(ids.map(({ id }) => id)).size).toBe(6)
    expect(wallet.session({ ...scope, maxPayments: 1 }).id).toBe(own.id)
    expect((await wallet.openSession(await own.token())).id).toBe(own.id)
  })
})
