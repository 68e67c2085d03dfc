import { describe, expect, test } from 'vitest'
import {
  type Approval,
  allowHosts,
  createAgentWallet,
  getPayment,
  type Ledger,
  memoryLedger,
  type SpendingLimitOptions,
  spendingLimit,
} from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const tiers: SpendingLimitOptions = {
  instantMaxUsd: 1,
  notifyMaxUsd: 10,
  delayMaxUsd: 100,
  delaySeconds: 300,
  dailyLimitUsd: 2000,
}

/** A wallet at a shop whose price and clock the test sets. */
function setUp(
  price: bigint,
  { limits = tiers, ledger = memoryLedger() as Ledger, onApproval = undefined as never } = {},
) {
  const scene = { now: Date.UTC(2026, 0, 1), price }
  const keyStore = testKeyStore()
  const clock = (): number => scene.now
  const shops = new Map<bigint, ReturnType<typeof paidResource>>()
  const fetch: typeof globalThis.fetch = (input, init) => {
    const shop = shops.get(scene.price) ?? paidResource({ amount: scene.price, clock })
    shops.set(scene.price, shop)
    return shop(new Request(input, init))
  }
  const policy = [allowHosts(['shop.example.com']), spendingLimit(limits)]
  const open = () => createAgentWallet({ keyStore, policy, ledger, clock, fetch, onApproval })
  return { scene, keyStore, wallet: open(), open }
}
const usd = (amount: number): bigint => BigInt(amount) * 1_000_000n

describe('a payment beyond what nobody can approve', () => {
  test('is refused without asking anybody, whichever limit comes first', async () => {
    const { wallet } = setUp(usd(150), { limits: { ...tiers, dailyLimitUsd: 120 } })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'limit_exceeded', limit: { name: 'daily limit' } })
    expect(await wallet.approvals.list()).toEqual([])
  })
})

describe('a payment by its size', () => {
  test('is made at once up to the first tier, and told of up to the second', async () => {
    const { wallet, scene } = setUp(usd(1))
    const told: bigint[] = []
    wallet.on('payment.notified', ({ payment }) => told.push(payment.microUsd))
    expect((await wallet.fetch(url)).status).toBe(200)
    scene.price = usd(1) + 1n
    expect((await wallet.fetch(url)).status).toBe(200)
    scene.price = usd(10)
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(told).toEqual([usd(1) + 1n, usd(10)])
  })

  test('waits in the third, goes on by itself once its time has come, and is made once', async () => {
    const { wallet, scene, keyStore, open } = setUp(usd(100))
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'payment_delayed', moved: 'no', executableAt: scene.now + 300_000 })
    scene.now += 299_999
    expect(await rejection(open().fetch(url))).toMatchObject({ code: 'payment_delayed' })
    expect(keyStore.signed).toHaveLength(0)
    scene.now += 1
    expect((await open().fetch(url)).status).toBe(200)
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_delayed' })
    expect(keyStore.signed).toHaveLength(1)
  })

  test('that waits can be cancelled, and stays so when its time has come', async () => {
    const { wallet, scene, keyStore } = setUp(usd(50))
    await rejection(wallet.fetch(url))
    const [waiting] = await wallet.approvals.list()
    expect(await wallet.approvals.deny(waiting?.id ?? 'apr_')).toMatchObject({ status: 'denied' })
    scene.now += 300_000
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_denied' })
    expect(keyStore.signed).toHaveLength(0)
  })

  test('needs a person beyond the last tier', async () => {
    const { wallet, scene, keyStore, open } = setUp(usd(100) + 1n)
    const asked: string[] = []
    wallet.on('approval.requested', ({ approval }) => asked.push(approval.id))
    const error = await rejection(wallet.fetch(url, { payment: { key: 'k' } }))
    expect(error).toMatchObject({
      code: 'approval_required',
      moved: 'no',
      approval: { amount: usd(100) + 1n, status: 'pending' },
    })
    expect(String(error)).toMatch(/shop\.example\.com[\s\S]*expires at 2026-01-02T00:00:00/)
    const [waiting] = await open().approvals.list()
    expect(asked).toEqual([waiting?.id])
    expect(await open().approvals.approve(waiting?.id ?? 'apr_')).toMatchObject({ status: 'approved' })
    const response = await open().fetch(url, { payment: { key: 'k' } })
    expect(getPayment(response)?.status).toBe('claimed')
    scene.now += 1
    expect(await rejection(wallet.fetch(url, { payment: { key: 'other' } }))).toMatchObject({
      code: 'approval_required',
    })
    expect(keyStore.signed).toHaveLength(1)
  })
})

describe('an approval', () => {
  test('is for its exact terms: another price, another body or another key needs its own', async () => {
    const { wallet, scene, keyStore } = setUp(usd(200))
    await rejection(wallet.fetch(url, { method: 'POST', body: 'one' }))
    const [first] = await wallet.approvals.list()
    await wallet.approvals.approve(first?.id ?? 'apr_')
    scene.price = usd(201)
    expect(await rejection(wallet.fetch(url, { method: 'POST', body: 'one' }))).toMatchObject({
      code: 'approval_required',
    })
    scene.price = usd(200)
    expect(await rejection(wallet.fetch(url, { method: 'POST', body: 'two' }))).toMatchObject({
      code: 'approval_required',
    })
    expect(await rejection(wallet.fetch(url, { method: 'POST', body: 'one', payment: { key: 'k' } }))).toMatchObject({
      code: 'approval_required',
    })
    expect(keyStore.signed).toHaveLength(0)
    expect((await wallet.fetch(url, { method: 'POST', body: 'one' })).status).toBe(200)
  })

  test.each([
    ['that buys this once', {}],
    ['that buys it again and again', { payment: { repeatable: true } }],
  ])('is used once, however many calls race for it, by a caller %s', async (_what, init) => {
    const { wallet, keyStore } = setUp(usd(200))
    await rejection(wallet.fetch(url, init))
    const [waiting] = await wallet.approvals.list()
    await wallet.approvals.approve(waiting?.id ?? 'apr_')
    await wallet.approvals.approve(waiting?.id ?? 'apr_')
    const settled = await Promise.allSettled(Array.from({ length: 5 }, () => wallet.fetch(url, init)))
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(keyStore.signed).toHaveLength(1)
  })

  test('denied stays denied, even against a yes that comes at the same time', async () => {
    const { wallet, keyStore } = setUp(usd(200))
    await rejection(wallet.fetch(url))
    const [waiting] = await wallet.approvals.list()
    const id = waiting?.id ?? 'apr_'
    await Promise.all([wallet.approvals.approve(id), wallet.approvals.deny(id), wallet.approvals.approve(id)])
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_denied' })
    expect(keyStore.signed).toHaveLength(0)
  })

  test('expires, and a clock that goes back does not bring it back', async () => {
    const { wallet, scene } = setUp(usd(200))
    await rejection(wallet.fetch(url))
    const [waiting] = await wallet.approvals.list()
    scene.now += 24 * 3_600_000
    expect(await wallet.approvals.approve(waiting?.id ?? 'apr_')).toBeUndefined()
    scene.now -= 12 * 3_600_000
    expect(await wallet.approvals.approve(waiting?.id ?? 'apr_')).toBeUndefined()
  })

  test('does not outweigh a budget that others have used up, nor a policy that has become tighter', async () => {
    const ledger = memoryLedger()
    const { wallet, scene } = setUp(usd(200), { ledger })
    await rejection(wallet.fetch(url, { payment: { key: 'k' } }))
    const [waiting] = await wallet.approvals.list()
    await wallet.approvals.approve(waiting?.id ?? 'apr_')
    const tighter = setUp(usd(200), { ledger, limits: { ...tiers, perPaymentUsd: 150 } })
    expect(await rejection(tighter.wallet.fetch(url, { payment: { key: 'k' } }))).toMatchObject({
      code: 'limit_exceeded',
    })
    const poorer = setUp(usd(200), { ledger, limits: { ...tiers, dailyLimitUsd: 199 } })
    expect(await rejection(poorer.wallet.fetch(url, { payment: { key: 'k' } }))).toMatchObject({
      code: 'limit_exceeded',
    })
    scene.now += 1
    expect((await wallet.fetch(url, { payment: { key: 'k' } })).status).toBe(200)
  })

  test.each([
    ['says yes', () => true, 1],
    ['says no', () => false, 0],
    [
      'throws',
      () => {
        throw new Error('boom')
      },
      0,
    ],
    ['answers a word', () => 'yes', 0],
  ])('by a handler that %s', async (_what, onApproval, signatures) => {
    const { wallet, keyStore } = setUp(usd(200), { onApproval: onApproval as never })
    await wallet.fetch(url).catch(() => {})
    expect(keyStore.signed).toHaveLength(signatures)
  })

  test.each(['approve', 'deny'] as const)('by two at once: the first word, to %s, stands', async (verb) => {
    const onApproval = async ({ id }: Approval): Promise<boolean> => {
      await asked.wallet.approvals[verb](id)
      return true
    }
    const asked = setUp(usd(200), { onApproval: onApproval as never })
    await asked.wallet.fetch(url).catch(() => {})
    expect(asked.keyStore.signed).toHaveLength(verb === 'approve' ? 1 : 0)
    expect(await asked.wallet.approvals.list()).toMatchObject([{ status: verb === 'approve' ? 'used' : 'denied' }])
  })

  test('by a person who takes an hour is of a payment that is as young as if it had not waited', async () => {
    const answerLate = (): boolean => {
      late.scene.now += 3_600_000
      return true
    }
    const late = setUp(usd(200), { onApproval: answerLate as never })
    const response = await late.wallet.fetch(url)
    expect(response.status).toBe(200)
    expect(late.keyStore.signed).toHaveLength(1)
    expect(getPayment(response)?.terms.validBefore).toBe(late.scene.now / 1000 + 60)
    expect(await late.wallet.payments.list()).toMatchObject([{ createdAt: late.scene.now, status: 'claimed' }])
  })

  test('can be asked for beyond a limit over time, and then holds for that limit only', async () => {
    const { wallet, keyStore } = setUp(usd(3), { limits: { perPaymentUsd: 3, dailyLimitUsd: 5, onExceed: 'approve' } })
    await wallet.fetch(url)
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'approval_required' })
    expect(String(error)).toMatch(/daily limit of \$5\.00: \$3\.00 spent, \$3\.00 asked/)
    const [waiting] = await wallet.approvals.list()
    await wallet.approvals.approve(waiting?.id ?? 'apr_')
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(keyStore.signed).toHaveLength(2)
  })

  test("is a person's: a delay opens no limit beyond which a person is asked, neither at first nor once it has passed", async () => {
    const limits = {
      instantMaxUsd: 1,
      delayMaxUsd: 100,
      delaySeconds: 300,
      dailyLimitUsd: 61,
      onExceed: 'approve',
    } as const
    const { wallet, scene, keyStore } = setUp(usd(62), { limits })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'approval_required' })
    scene.price = usd(60)
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_delayed' })
    scene.price = usd(1)
    for (const key of ['a', 'b']) await wallet.fetch(url, { payment: { key } })
    scene.price = usd(60)
    scene.now += 300_000
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'approval_required', approval: { kind: 'approval', status: 'pending' } })
    expect(keyStore.signed).toHaveLength(2)
    const waiting = (await wallet.approvals.list()).find(
      ({ kind, amount }) => kind === 'approval' && amount === usd(60),
    )
    await wallet.approvals.approve(waiting?.id ?? 'apr_')
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(keyStore.signed).toHaveLength(3)
  })

  test('requests stay bounded, however many are made', async () => {
    const { wallet } = setUp(usd(200))
    for (let index = 0; index < 1100; index += 1) await rejection(wallet.fetch(`${url}?${index}`))
    expect(await wallet.approvals.list()).toHaveLength(1000)
  })
})

describe('a frozen wallet', () => {
  test('signs nothing in any process that shares its ledger, until it is unfrozen', async () => {
    const { wallet, open, keyStore } = setUp(usd(1))
    await wallet.freeze('an odd payment')
    expect(await rejection(open().fetch(url))).toMatchObject({
      code: 'wallet_frozen',
      moved: 'no',
      freeze: { reason: 'an odd payment' },
    })
    expect(keyStore.signed).toHaveLength(0)
    await open().unfreeze()
    expect((await wallet.fetch(url)).status).toBe(200)
  })
})

describe('a limit that nears its end', () => {
  test('is told of from four fifths on', async () => {
    const { wallet } = setUp(usd(1), { limits: { dailyLimitUsd: 5 } })
    const told: bigint[] = []
    wallet.on('limit.approached', ({ usage }) => told.push(usage.used))
    for (let bought = 0; bought < 5; bought += 1) await wallet.fetch(url)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    expect(told).toEqual([usd(4), usd(5)])
  })
})
