import { describe, expect, test } from 'vitest'
import {
  allowHosts,
  createAgentWallet,
  type Ledger,
  memoryLedger,
  pinPayee,
  priceMemory,
  type Rule,
  spendingLimit,
} from '../../../src/index.js'
import { paidResource, testKeyStore } from '../../../src/testing/index.js'
import { rejection } from '../../support/wallets.ts'

const [first, second] = [`0x${'1'.repeat(40)}`, `0x${'2'.repeat(40)}`] as const
const shop = 'https://shop.example.com/report'

/** Wallets over one ledger, at servers whose payee and price the test sets. */
function setUp(rule: Rule, ledger: Ledger = memoryLedger()) {
  const scene: { payTo: `0x${string}`; price: bigint } = { payTo: first, price: 10_000n }
  const keyStore = testKeyStore()
  const fetch: typeof globalThis.fetch = (input, init) =>
    paidResource({ amount: scene.price, payTo: scene.payTo })(new Request(input, init))
  const policy = [allowHosts(['shop.example.com', 'other.example.com']), spendingLimit({ perPaymentUsd: 1 }), rule]
  return { scene, keyStore, open: () => createAgentWallet({ keyStore, ledger, policy, fetch }) }
}

describe('pinPayee', () => {
  test('pays the payee that an origin had first, and asks about another one', async () => {
    const { scene, keyStore, open } = setUp(pinPayee())
    await open().fetch(shop)
    await open().fetch('https://shop.example.com/other')
    scene.payTo = second
    const error = await rejection(open().fetch(shop))
    expect(error).toMatchObject({ code: 'approval_required', moved: 'no' })
    expect(String(error)).toContain(`payee of https://shop.example.com is now ${second}, and was ${first}`)
    expect((await open().fetch('https://other.example.com/')).status).toBe(200)
    expect(keyStore.signed).toHaveLength(3)
  })

  test('pays the one that a person approved from then on, and asks about the one before', async () => {
    const { scene, keyStore, open } = setUp(pinPayee())
    const wallet = open()
    await wallet.fetch(shop)
    scene.payTo = second
    await rejection(wallet.fetch(shop, { payment: { key: 'one' } }))
    const [asked] = await wallet.approvals.list()
    await wallet.approvals.approve(asked?.id ?? 'apr_')
    expect((await wallet.fetch(shop, { payment: { key: 'one' } })).status).toBe(200)
    expect((await wallet.fetch(shop, { payment: { key: 'two' } })).status).toBe(200)
    scene.payTo = first
    expect(await rejection(wallet.fetch(shop))).toMatchObject({ code: 'approval_required' })
    expect(keyStore.signed).toHaveLength(3)
  })

  test('pays one of two payees that an origin names at the same time', async () => {
    const { scene, keyStore, open } = setUp(pinPayee())
    const calls = Array.from({ length: 10 }, (_, index) => {
      scene.payTo = index % 2 === 0 ? first : second
      return open().fetch(shop, { payment: { repeatable: true } })
    })
    await Promise.allSettled(calls)
    expect(new Set(keyStore.signed.map(({ message }) => message['to'])).size).toBe(1)
  })

  test('is not told apart by the case of an address', async () => {
    const checksummed = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
    const { scene, open } = setUp(pinPayee())
    scene.payTo = checksummed
    await open().fetch(shop)
    scene.payTo = checksummed.toLowerCase() as `0x${string}`
    expect((await open().fetch(shop)).status).toBe(200)
  })
})

describe('priceMemory', () => {
  test('pays what a resource cost at first and up to the rise that is allowed, and asks beyond it', async () => {
    const { scene, keyStore, open } = setUp(priceMemory({ maxRise: 0.2 }))
    await open().fetch(shop)
    scene.price = 12_000n
    expect((await open().fetch(shop)).status).toBe(200)
    scene.price = 12_001n
    expect(await rejection(open().fetch(shop))).toMatchObject({ code: 'approval_required' })
    expect((await open().fetch('https://shop.example.com/other?query=1')).status).toBe(200)
    scene.price = 1n
    expect((await open().fetch(shop)).status).toBe(200)
    expect(keyStore.signed).toHaveLength(4)
  })

  test('does not creep: many small rises are measured against the price that was first, or approved', async () => {
    const { scene, open } = setUp(priceMemory({ maxRise: 0.1 }))
    await open().fetch(shop)
    const answers: boolean[] = []
    for (const price of [10_500n, 11_000n, 11_500n, 12_000n]) {
      scene.price = price
      answers.push(
        await open()
          .fetch(shop)
          .then(
            () => true,
            () => false,
          ),
      )
    }
    expect(answers).toEqual([true, true, false, false])
  })

  test('says how a rise is written', () => {
    expect(() => priceMemory({ maxRise: '20%' } as never)).toThrow(
      '20% is not written in whole hundredths, such as 0.2',
    )
  })

  test.each([-0.1, 0.005, 11, Number.NaN, '0.2', undefined])('refuses a rise of %s', (maxRise) => {
    expect(() => priceMemory({ maxRise } as never)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
  })
})
