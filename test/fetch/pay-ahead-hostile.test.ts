import { signInWithX } from 'stipend/sign-in'
import { describe, expect, test } from 'vitest'
import {
  type AgentWalletOptions,
  allowHosts,
  type Approval,
  createAgentWallet,
  memoryLedger,
  type Rule,
  spendingLimit,
} from '../../src/index.js'
import type { Outgoing } from '../../src/evm/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { createSignInServer } from '../support/sign-in-server.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/feed'
const hosts = allowHosts(['shop.example.com'])
const [payee, another] = ['2', '1'].map((digit) => `0x${digit.repeat(40)}`)
const start = Date.UTC(2026, 0, 1)

/** A wallet that pays ahead at a shop whose next answers the test writes. */
function open(options: Partial<AgentWalletOptions> = {}) {
  const scene = { now: start }
  const shopOf = (amount: bigint, payTo = payee) => paidResource({ amount, payTo, clock: () => scene.now })
  const keyStore = testKeyStore()
  const script: (() => Response)[] = []
  const shop = { current: shopOf(10_000n) }
  const wallet = createAgentWallet({
    keyStore,
    clock: () => scene.now,
    ledger: { ...memoryLedger(), durable: true },
    policy: [hosts, spendingLimit({ dailyLimitUsd: 100 })],
    payAhead: true,
    fetch: async (input, init) => script.shift()?.() ?? shop.current(new Request(input, init)),
    ...options,
  })
  /** The next answer asks for so much. */
  const askNext = async (amount: bigint, payTo = payee): Promise<void> => {
    const asked = await shopOf(amount, payTo)(new Request(url))
    script.push(() => asked)
  }
  const signedFor = (amount: bigint) => keyStore.signed.filter(({ message }) => String(message.value) === `${amount}`)
  return { wallet, keyStore, script, shop, shopOf, scene, askNext, signedFor }
}

const isBig: Rule = {
  name: 'big',
  judge: ({ offer }) =>
    offer.microUsd > 1_000_000n
      ? { type: 'allow', hold: { kind: 'approval', reason: 'it is big' } }
      : { type: 'allow' },
}
const tiers = spendingLimit({
  perPaymentUsd: 10,
  instantMaxUsd: 1,
  delayMaxUsd: 10,
  delaySeconds: 300,
  dailyLimitUsd: 100,
})

describe('a server that changes what it asks for what is paid ahead', () => {
  test.each([
    ['yes', [hosts, spendingLimit({ perPaymentUsd: 10, dailyLimitUsd: 100 }), isBig]],
    ['delay', [hosts, tiers]],
  ])('gets no more by a %s that was used once', async (_what, policy) => {
    const { wallet, scene, script, shop, shopOf, askNext, signedFor } = open({ policy })
    shop.current = shopOf(5_000_000n)
    await rejection(wallet.fetch(url))
    for (const { id } of await wallet.approvals.list()) await wallet.approvals.approve(id).catch(() => {})
    scene.now += 301_000
    await askNext(5_000_000n)
    script.push(() => new Response('without a receipt'))
    expect((await wallet.fetch(url)).status).toBe(200)
    const cheap = shopOf(10_000n)
    for (let count = 0; count < 2; count += 1) {
      shop.current = cheap
      await wallet.fetch(url, { payment: { repeatable: true } })
      await askNext(5_000_000n)
      script.push(() => new Response('without a receipt'))
      await wallet.fetch(url, { payment: { repeatable: true } }).catch(() => {})
      script.splice(0)
    }
    expect(signedFor(5_000_000n)).toHaveLength(1)
  })

  test('gets no more than what a person has said yes to', async () => {
    const policy = [hosts, spendingLimit({ perPaymentUsd: 10, dailyLimitUsd: 100 }), isBig]
    const onApproval = ({ amount }: Approval): boolean => amount === 5_000_000n
    const { wallet, shop, shopOf, askNext, keyStore, signedFor } = open({ policy, onApproval })
    shop.current = shopOf(5_000_000n)
    await wallet.fetch(url)
    await askNext(6_000_000n)
    shop.current = shopOf(6_000_000n)
    const again = await rejection(wallet.fetch(url, { payment: { repeatable: true } }))
    expect(again).toMatchObject({ code: 'payment_outcome_unknown' })
    expect([signedFor(5_000_000n).length, keyStore.signed.length]).toEqual([2, 2])
  })

  test('gets no more for one payee than the limit of that payee', async () => {
    const perPayee = spendingLimit({ dailyLimitUsd: '0.02', scope: 'payee' })
    const { wallet, keyStore, shop, shopOf, askNext } = open({
      policy: [hosts, spendingLimit({ dailyLimitUsd: 100 }), perPayee],
    })
    await wallet.fetch(url)
    for (const payTo of [another, payee]) {
      await askNext(10_000n, payTo)
      shop.current = shopOf(10_000n, payTo)
      await wallet.fetch(url, { payment: { repeatable: true } }).catch(() => {})
    }
    expect(keyStore.signed.filter(({ message }) => message.to === payee).length).toBeLessThanOrEqual(2)
  })

  test('is asked anew where another process has paid what it asks now', async () => {
    const shared = { ledger: { ...memoryLedger(), durable: true }, keyStore: testKeyStore() }
    const [one, two] = [open(shared), open(shared)]
    await one.wallet.fetch(url)
    one.shop.current = two.shop.current = one.shopOf(30_000n)
    await two.askNext(30_000n)
    two.script.push(() => {
      throw new TypeError('connection reset')
    })
    await rejection(two.wallet.fetch(url))
    expect((await one.wallet.fetch(url)).status).toBe(200)
    expect(new Set(shared.keyStore.signed.slice(1).map(({ message }) => message.nonce)).size).toBe(1)
  })

  test('serves identical calls at once, one after another', async () => {
    const { wallet, shop, shopOf } = open()
    await wallet.fetch(url)
    shop.current = shopOf(30_000n)
    const all = await Promise.all([1, 2, 3].map(() => wallet.fetch(url)))
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await wallet.payments.list()).reduce((sum, { microUsd }) => sum + microUsd, 0n)).toBe(100_000n)
  })

  test('settles two payments in one transaction, one of them signed at two prices, and freezes nothing', async () => {
    const ledger = { ...memoryLedger(), durable: true }
    const outgoing = async (): Promise<Outgoing> => {
      const all = await ledger.list()
      const nonces = all.map(({ terms }) => terms.nonce)
      const transaction = `0x${'ab'.repeat(32)}`
      const moved = all.map(({ asset, payTo, amount }) => ({
        transaction,
        asset: asset.address,
        to: payTo,
        amount,
        nonces,
      }))
      return { type: 'seen', transfers: moved.toReversed(), checkpoint: '100', until: start / 1000 }
    }
    const examine = async () => ({ type: 'open', reason: 'not yet' }) as const
    const { wallet, shop, shopOf } = open({ ledger, chains: [{ network: 'eip155:84532', examine, outgoing }] })
    await wallet.fetch(url)
    shop.current = shopOf(30_000n)
    await wallet.fetch(url)
    await wallet.reconcile()
    expect((await wallet.payments.list()).map(({ earlier = [] }) => earlier.length)).toEqual([1, 0])
    expect(await wallet.frozen()).toBeUndefined()
  })

  test('is signed in to where that opens what was bought', async () => {
    const server = createSignInServer({})
    const wallet = createTestWallet({
      policy: [allowHosts(['api.example.com']), spendingLimit({ dailyLimitUsd: 1 })],
      fetch: async (...request: Parameters<typeof globalThis.fetch>) => server(new Request(...request)),
      signIn: signInWithX({ hosts: ['api.example.com'] }),
      payAhead: true,
    })
    for (let count = 0; count < 2; count += 1) await wallet.fetch('https://api.example.com/report?day=1')
    expect(server.till.settled).toBe(10_000n)
  })
})
