import { describe, expect, test } from 'vitest'
import { allowHosts, type AssetInput, createAgentWallet, type Rule, spendingLimit } from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/report'
const clock = (): number => Date.UTC(2026, 0, 1)
const [low, high] = ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C', '0x90F79bf6EB2c4f870365E785982E1f101E93b906']
const policy = [allowHosts(['shop.example.com']), spendingLimit({ perPaymentUsd: 2, dailyLimitUsd: 10 })]

type Entry = Readonly<Record<string, unknown>>

/** Opens a wallet at a shop that lists whatever offers the test says. */
function openAt(list: (offer: Entry) => readonly Entry[], options: { assets?: AssetInput[]; policy?: Rule[] } = {}) {
  const shop = paidResource({ clock, accepts: (offer) => list(Object(offer)) })
  const keyStore = testKeyStore()
  const fetch: typeof globalThis.fetch = (input, init) => shop(new Request(input, init))
  return { wallet: createAgentWallet({ keyStore, policy, clock, fetch, ...options }), keyStore }
}

/** Answers whom a wallet pays for each of two orders of the same offers. */
async function paidInBothOrders(entries: (offer: Entry) => readonly Entry[], pick: (entry: Entry) => unknown) {
  return Promise.all(
    [entries, (offer: Entry) => entries(offer).toReversed()].map(async (list) => {
      const { wallet, keyStore } = openAt(list)
      await wallet.fetch(url).catch(() => {})
      const [signed] = keyStore.signed
      return pick({ ...signed?.message, ...signed?.domain })
    }),
  )
}

describe('of offers at one price', () => {
  test('the payee does not depend on the order in which the server lists them, and the owner is told', async () => {
    const entries = (offer: Entry) => [
      { ...offer, payTo: high },
      { ...offer, payTo: low },
    ]
    expect(await paidInBothOrders(entries, ({ to }) => to)).toEqual([low, low])
    const { wallet } = openAt(entries)
    const told: string[] = []
    wallet.on('payment.notified', ({ payment }) => told.push(payment.payTo))
    expect((await wallet.quote(url))?.payable?.offer.payTo).toBe(low)
    await wallet.fetch(url).catch(() => {})
    expect(told).toEqual([low])
  })

  test('nobody is told where the payee is the same', async () => {
    const { wallet } = openAt((offer) => [offer, { ...offer, maxTimeoutSeconds: 30 }])
    const told: string[] = []
    wallet.on('payment.notified', ({ payment }) => told.push(payment.payTo))
    await wallet.fetch(url)
    expect(told).toEqual([])
  })

  test('the asset is the one that the table has first, whatever the server lists first', async () => {
    const entries = (offer: Entry) => [
      {
        ...offer,
        network: 'eip155:1',
        asset: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48',
        extra: { name: 'USD Coin', version: '2' },
      },
      offer,
    ]
    expect(await paidInBothOrders(entries, ({ chainId }) => Number(chainId))).toEqual([84_532, 84_532])
  })

  test("the owner's own order of assets comes first", async () => {
    const mainnet = { network: 'eip155:1', address: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48' } as const
    const assets = [{ ...mainnet, symbol: 'USDC', decimals: 6, eip712: { name: 'USD Coin', version: '2' } }]
    const list = (offer: Entry) => [
      offer,
      { ...offer, network: mainnet.network, asset: mainnet.address, extra: { name: 'USD Coin', version: '2' } },
    ]
    expect((await openAt(list, { assets }).wallet.quote(url))?.payable?.offer.network).toBe('eip155:1')
    expect((await openAt(list).wallet.quote(url))?.payable?.offer.network).toBe('eip155:84532')
  })
})

describe('a quote', () => {
  test('judges as a payment would: by the cap of the call', async () => {
    const { wallet } = openAt((offer) => [offer])
    const quote = await wallet.quote(url, { payment: { maxUsd: '0.001' } })
    expect(quote?.payable).toBeUndefined()
    expect(quote?.offers[0]?.reasons).toEqual(['maxUsd: this call may cost $0.001 at most, $0.01 asked'])
    expect(await rejection(wallet.fetch(url, { payment: { maxUsd: '0.001' } }))).toMatchObject({
      code: 'payment_denied',
    })
  })

  test("judges by the call's labels, a session's, and the ledger's time", async () => {
    const seen: unknown[] = []
    const rule: Rule = {
      name: 'look',
      judge: ({ labels, now }) => {
        seen.push([labels, now])
        return { type: 'allow' }
      },
    }
    const { wallet } = openAt((offer) => [offer], { policy: [...policy, rule] })
    await wallet.quote(url, { payment: { labels: { task: '1' } } })
    await wallet.fetch(url, { payment: { labels: { task: '1' } } })
    await wallet.session({ labels: { task: '2' } }).quote(url)
    expect(seen).toEqual([{ task: '1' }, { task: '1' }, { task: '2' }].map((labels) => [labels, clock()]))
  })

  test('says of every offer that cannot be paid why, also where another one can', async () => {
    const { wallet } = openAt((offer) => [
      offer,
      { ...offer, network: 'eip155:9' },
      { ...offer, scheme: 'deferred' },
      { ...offer, amount: '0' },
    ])
    const quote = await wallet.quote(url)
    expect(quote?.payable?.offer.index).toBe(0)
    expect(quote?.setAside.map(({ index, reason }) => `${index}: ${reason.split(': ')[0]}`)).toEqual([
      '1: 0x036CbD53842c5426634e7929541eC2318f3dCF7e on eip155:9 is not in the table of known assets',
      '2: its scheme is not supported on eip155:84532',
      '3: amount is not a whole positive number of atomic units in a string',
    ])
  })
})
