import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { getPayment } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const cent = 10_000n

describe('a session', () => {
  test('pays within its scope, and what it spends counts against it and the wallet', async () => {
    const { open, keyStore, taken } = openShop()
    const wallet = open()
    const session = wallet.session({ limits: { totalLimitUsd: '0.02' } })
    const response = await session.fetch(url)
    expect(getPayment(response)?.scopes).toContain(`session:${session.id}`)
    await session.fetch(url)
    expect(await rejection(session.fetch(url))).toMatchObject({ code: 'limit_exceeded', moved: 'no' })
    expect(keyStore.signed).toHaveLength(2)
    expect(taken()).toBe(2n * cent)
    const used = (await wallet.budget()).find(({ name }) => name === 'daily limit')?.used
    expect(used).toBe(2n * cent)
    await wallet.fetch(url)
    expect(taken()).toBe(3n * cent)
  })

  test('says what is left under its own limits and the wallet’s', async () => {
    const session = openShop()
      .open()
      .session({ limits: { totalLimitUsd: 1 }, maxPayments: 3 })
    await session.fetch(url)
    const lines = (await session.budget()).map(({ name, left }) => [name, left])
    expect(lines).toContainEqual(["session's total limit", 990_000n])
    expect(lines).toContainEqual(["session's limit on payments", 2n])
    expect(lines).toContainEqual(['daily limit', 99_990_000n])
  })

  test('makes at most as many payments as it may', async () => {
    const { open, keyStore } = openShop()
    const session = open().session({ maxPayments: 2 })
    const settled = await Promise.allSettled(Array.from({ length: 10 }, () => session.fetch(url, repeat)))
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(keyStore.signed).toHaveLength(2)
  })

  test('pays no host that it is not allowed, and none that the wallet is not', async () => {
    const { open, keyStore } = openShop()
    const session = open().session({ allowHosts: ['api.data.example', 'evil.example'] })
    expect((await session.fetch('https://api.data.example/')).status).toBe(200)
    for (const other of [url, 'https://evil.example/', 'https://b.data.example/']) {
      expect(await rejection(session.fetch(other))).toMatchObject({ code: 'payment_denied', moved: 'no' })
    }
    expect(keyStore.signed).toHaveLength(1)
  })

  test('pays nothing from the instant on at which it expires, whatever the clock says later, in any process', async () => {
    const { open, scene, keyStore } = openShop()
    const wallet = open()
    const session = wallet.session({ expiresAt: scene.now + 60_000 })
    const token = await session.token()
    scene.now += 59_999
    await session.fetch(url)
    scene.now += 1
    expect(await rejection(session.fetch(url))).toMatchObject({ code: 'payment_denied' })
    await wallet.fetch('https://api.data.example/')
    scene.now -= 30_000
    const there = await open().openSession(token)
    for (const one of [session, there])
      expect(await rejection(one.fetch(url))).toMatchObject({ code: 'payment_denied' })
    expect(keyStore.signed).toHaveLength(2)
  })

  test('files its payments where its maker said, and no call can file them elsewhere', async () => {
    const session = openShop()
      .open()
      .session({ labels: { task: '42' } })
    const response = await session.fetch(url, { payment: { labels: { task: '1', step: '2' } } })
    expect(getPayment(response)?.labels).toEqual({ task: '42', step: '2' })
  })

  test('sees its own payments, and those of sessions made from it, and no others', async () => {
    const wallet = openShop().open()
    const [one, other] = [wallet.session({}), wallet.session({})]
    const child = one.session({})
    const mine = getPayment(await child.fetch(url))
    const theirs = getPayment(await other.fetch(url))
    await wallet.fetch(url)
    if (!mine || !theirs) throw new Error('nothing was paid')
    expect((await one.payments.list()).map(({ id }) => id)).toEqual([mine.id])
    expect(await one.payments.get(mine.id)).toMatchObject({ id: mine.id })
    expect(await one.payments.get(theirs.id)).toBeUndefined()
    expect(await child.payments.list({ status: 'unknown' })).toEqual([])
    expect(await wallet.payments.list()).toHaveLength(3)
  })

  test('cannot mean a purchase of another session, nor the wallet’s, by its name', async () => {
    const { open, keyStore } = openShop()
    const wallet = open()
    const bought = [wallet, wallet.session({}), wallet.session({})].map((payer) =>
      payer.fetch(url, { payment: { key: 'report-42' } }),
    )
    const payments = (await Promise.all(bought)).map(getPayment)
    expect(new Set(payments.map((payment) => payment?.id)).size).toBe(3)
    expect(new Set(payments.map((payment) => payment?.terms.nonce)).size).toBe(3)
    expect(keyStore.signed).toHaveLength(3)
  })

  test('can note nothing of a payment that it did not make', async () => {
    const wallet = openShop().open()
    const payment = getPayment(await wallet.fetch(url))
    if (!payment) throw new Error('nothing was paid')
    await wallet.session({}).settle(payment, { status: 'unknown', note: 'mine now' })
    expect(await wallet.payments.get(payment.id)).toMatchObject({ status: 'claimed' })
  })

  test('can neither release nor confirm a payment that it made', async () => {
    const { open } = openShop()
    const wallet = open()
    const session = wallet.session({})
    const seen: unknown[] = []
    wallet.on('payment.authorized', ({ payment }) => {
      for (const status of ['released', 'expired', 'confirmed', 'cancelled'] as const)
        seen.push(session.settle(payment, { status } as never))
    })
    const payment = getPayment(await session.fetch(url))
    await Promise.all(seen)
    expect(seen).toHaveLength(4)
    expect(payment?.status).toBe('claimed')
  })

  test('cannot push out what others have asked by asking for ever', async () => {
    const { open, scene } = openShop({ price: 2_000_000n })
    const wallet = open()
    const [flooding, other] = [wallet, wallet].map((one) => one.session({ limits: { instantMaxUsd: 1 } }))
    if (!flooding || !other) throw new Error('no sessions')
    const ask = (session: typeof flooding, key: string) => rejection(session.fetch(url, { payment: { key } }))
    expect(await ask(other, 'mine')).toMatchObject({ code: 'approval_required' })
    for (let index = 0; index < 120; index += 1) {
      scene.now += 1
      await ask(index % 2 === 0 ? flooding : flooding.session({}), `${index}`)
    }
    expect(await ask(flooding, 'one more')).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(await wallet.approvals.list()).toHaveLength(101)
    expect(await other.approvals.list()).toHaveLength(1)
    expect(await ask(other, 'another')).toMatchObject({ code: 'approval_required' })
    expect(await ask(flooding, '0')).toMatchObject({ code: 'approval_required' })
  })

  test('waits for the owner where its own tiers say so, and sees only what it asked for itself', async () => {
    const { open, scene, keyStore } = openShop({ price: 2_000_000n })
    const wallet = open()
    const [session, other] = [wallet.session({ limits: { instantMaxUsd: 1 } }), wallet.session({})]
    const error = await rejection(session.fetch(url, { payment: { key: 'one' } }))
    expect(error).toMatchObject({ code: 'approval_required' })
    const [asked] = await session.approvals.list()
    if (!asked) throw new Error('nothing was asked')
    expect(await other.approvals.list()).toEqual([])
    expect(await other.approvals.get(asked.id)).toBeUndefined()
    expect('approve' in session.approvals).toBe(false)
    await wallet.approvals.approve(asked.id)
    expect(await session.approvals.get(asked.id)).toMatchObject({ status: 'approved' })
    expect((await session.fetch(url, { payment: { key: 'one' } })).status).toBe(200)
    scene.price = 1_000_000n
    expect((await other.fetch(url)).status).toBe(200)
    expect(keyStore.signed).toHaveLength(2)
  })
})

describe('what a session is made of', () => {
  test('leads neither to the wallet nor to a key, and cannot be changed', async () => {
    const { open, keyStore, ledger } = openShop()
    const wallet = open()
    const session = wallet.session({ limits: { totalLimitUsd: 1 } }).session({})
    const reached = walk(session)
    for (const secret of [wallet, keyStore, ledger, wallet.approvals, wallet.fetch, ledger.reserve])
      expect(reached.has(secret)).toBe(false)
    const own = [...reached].filter((one) => !isBuiltIn(one))
    expect(own.length).toBeGreaterThan(10)
    const loose = own.filter((one) => typeof one === 'object' && !Object.isFrozen(one))
    expect(loose).toEqual([])
    expect(() => Object.assign(session, { fetch: globalThis.fetch })).toThrow(TypeError)
  })

  test('shows no secret to whoever inspects it', async () => {
    const session = openShop().open().session({})
    const token = await session.token()
    const shown = inspect(session, { showHidden: true, depth: Number.POSITIVE_INFINITY, getters: true })
    const mac = token.split('.').at(-1) ?? ''
    for (const text of [shown, JSON.stringify(session), String(session)]) {
      expect(text).not.toContain(mac)
      expect(text).not.toContain('ac0974bec39a17e36ba4a6b4d238ff94')
    }
  })
})

const repeat = { payment: { repeatable: true } }

/** Everything that can be reached from a value by reading it: properties, symbols, prototypes, accessors. */
function walk(value: unknown, seen: Set<unknown> = new Set()): Set<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return seen
  seen.add(value)
  for (const key of Reflect.ownKeys(value)) {
    const property = Reflect.getOwnPropertyDescriptor(value, key)
    for (const one of [property?.value, property?.get, property?.set]) walk(one, seen)
  }
  return walk(Reflect.getPrototypeOf(value), seen)
}

/** What every program has: the built-in prototypes and functions, reached through `constructor`. */
const builtIns = walk(Function.prototype, walk([Object.prototype, async () => {}, function* () {}]))

function isBuiltIn(value: unknown): boolean {
  return builtIns.has(value) || value === undefined
}
