import { describe, expect, test } from 'vitest'
import { allowHosts, type AssetInput, spendingLimit } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const url = 'http://127.0.0.1:8402/report'
const asset = {
  network: 'eip155:84532',
  address: '0x1111111111111111111111111111111111111111',
  symbol: 'TEST',
  decimals: 6,
  eip712: { name: 'Test', version: '1' },
} as const
const usdc = {
  ...asset,
  address: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  symbol: 'USDC',
  eip712: { name: 'USDC', version: '2' },
} as const
const offer = {
  ...{ scheme: 'exact', network: asset.network, asset: asset.address, amount: '10000', maxTimeoutSeconds: 60 },
  ...{ payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C', extra: asset.eip712 },
}
const headersOf = (accepts: readonly object[]) => {
  const required = { x402Version: 2, resource: { url }, accepts }
  return { 'PAYMENT-REQUIRED': Buffer.from(JSON.stringify(required)).toString('base64') }
}

/** A wallet with a token whose price is asked for, at a server that asks for it without end. */
function openPriced(microUsd: AssetInput['microUsd']): ReturnType<typeof createTestWallet> {
  return createTestWallet({
    assets: [{ ...asset, microUsd }],
    fetch: async () => new Response(null, { status: 402, headers: headersOf([offer]) }),
  })
}

/** A server that answers each payment with an error. */
function failingOncePaid(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    return request.headers.has('payment-signature') ? new Response(null, { status: 500 }) : fetch(request)
  }
}

describe('a source of the price of an asset', () => {
  test('is asked for each payment', async () => {
    let price = 1_000_000n
    const wallet = openPriced(async () => price)
    await rejection(wallet.fetch(url))
    price = 3_000_000n
    await rejection(wallet.fetch(`${url}/other`))
    expect((await wallet.payments.list()).map(({ microUsd }) => microUsd)).toEqual([30_000n, 10_000n])
  })

  test.each<[string, AssetInput['microUsd']]>([
    ['zero', () => 0n],
    ['less than nothing', () => -1_000_000n],
    ['no whole number', () => 1 as never],
  ])('that answers %s pays nothing', async (_, microUsd) => {
    const wallet = openPriced(microUsd)
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect([wallet.signed, await wallet.payments.list()]).toEqual([[], []])
  })

  test('leaves the order in which its owner prefers tokens as it is', async () => {
    const other = { ...asset, address: '0x2222222222222222222222222222222222222222', symbol: 'OTHER' } as const
    const accepts = [offer, { ...offer, asset: other.address }]
    const wallet = createTestWallet({
      assets: [other, { ...asset, microUsd: async () => 1_000_000n }],
      fetch: async () => new Response(null, { status: 402, headers: headersOf(accepts) }),
    })
    const quote = await wallet.quote(url)
    expect(quote?.payable?.offer.asset.symbol).toBe('OTHER')
  })

  test('that says more by now is asked about once more before a payment is signed anew', async () => {
    const { open, scene, keyStore, fetch } = openShop()
    let price = 1_000_000n
    const wallet = open({
      policy: [allowHosts(['shop.example.com']), spendingLimit({ instantMaxUsd: '0.05', dailyLimitUsd: 100 })],
      assets: [{ ...usdc, microUsd: async () => price }],
      fetch: failingOncePaid(fetch),
    })
    const buy = () => wallet.fetch('https://shop.example.com/', { payment: { key: 'one' } })
    expect((await buy()).status).toBe(500)
    scene.now += 3_600_000
    price = 9_000_000n
    expect(await rejection(buy())).toMatchObject({ code: 'payment_outcome_unknown' })
    expect(keyStore.signed).toHaveLength(1)
    price = 900_000n
    expect((await buy()).status).toBe(500)
    expect(keyStore.signed).toHaveLength(2)
  })

  test('says what the wallet holds is worth', async () => {
    const { network } = asset
    const chain = {
      network,
      examine: async () => ({ type: 'open', reason: 'nobody looks' }) as const,
      balances: async (_: string, assets: readonly unknown[]) => assets.map(() => 2_000_000n),
    }
    const wallet = createTestWallet({ assets: [{ ...asset, microUsd: async () => 3_000_000n }], chains: [chain] })
    const held = (await wallet.balances()).find((one) => one.asset.symbol === 'TEST')
    expect(held).toMatchObject({ amount: 2_000_000n, microUsd: 6_000_000n })
  })

  test('that says more by now than a person was told has that person asked once more', async () => {
    const { open, keyStore, fetch } = openShop()
    let price = 10_000_000n
    const wallet = open({
      policy: [allowHosts(['shop.example.com']), spendingLimit({ instantMaxUsd: '0.05', dailyLimitUsd: 100 })],
      assets: [{ ...usdc, microUsd: async () => price }],
      fetch,
    })
    const buy = () => wallet.fetch('https://shop.example.com/')
    expect(await rejection(buy())).toMatchObject({ code: 'approval_required', approval: { microUsd: 100_000n } })
    for (const { id } of await wallet.approvals.list()) await wallet.approvals.approve(id)
    price = 90_000_000n
    expect(await rejection(buy())).toMatchObject({ code: 'approval_required', approval: { microUsd: 900_000n } })
    expect(keyStore.signed).toEqual([])
    price = 10_100_000n
    expect((await buy()).status).toBe(200)
  })

  test('that says more by now has a person asked whom a rule names, before a payment is signed anew', async () => {
    const { open, scene, keyStore, fetch } = openShop()
    let price = 10_000_000n
    const wallet = open({
      policy: [
        allowHosts(['shop.example.com']),
        spendingLimit({ perPaymentUsd: 50, dailyLimitUsd: 100 }),
        {
          name: 'looked at',
          judge: () => ({ type: 'allow', hold: { kind: 'approval', reason: 'a person looks at it' } }),
        },
      ],
      assets: [{ ...usdc, microUsd: async () => price }],
      fetch: failingOncePaid(fetch),
    })
    const buy = () => wallet.fetch('https://shop.example.com/', { payment: { key: 'one' } })
    expect(await rejection(buy())).toMatchObject({ code: 'approval_required', approval: { microUsd: 100_000n } })
    for (const { id } of await wallet.approvals.list()) await wallet.approvals.approve(id)
    expect((await buy()).status).toBe(500)
    scene.now += 3_600_000
    price = 90_000_000n
    expect(await rejection(buy())).toMatchObject({ code: 'payment_outcome_unknown' })
    expect(keyStore.signed).toHaveLength(1)
    price = 10_100_000n
    expect((await buy()).status).toBe(500)
    expect(keyStore.signed).toHaveLength(2)
  })
})
