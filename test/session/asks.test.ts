import { describe, expect, test } from 'vitest'
import {
  allowHosts,
  allowPayees,
  type OfferClaim,
  type AuthorizeOptions,
  type PaymentRequired,
  spendingLimit,
} from '../../src/index.js'
import { remoteSigner } from '../../src/keys/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const payTo = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const url = 'https://shop.example.com/'
const shop = { url, method: 'GET', origin: 'https://shop.example.com', host: 'shop.example.com' }
const usd = 1_000_000n

/** A 402 that no protocol has read: a session can be asked by any code that holds it. */
function required(different: Partial<OfferClaim> = {}): PaymentRequired {
  const claim: OfferClaim = {
    index: 0,
    scheme: 'exact',
    network,
    asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
    amount: usd,
    payTo,
    maxTimeoutSeconds: 60,
    extra: {},
    raw: {},
  }
  return {
    protocol: 'x402',
    claims: [Object.defineProperties(claim, Object.getOwnPropertyDescriptors(different))],
    setAside: [],
    raw: {},
  }
}

function ask(different: Partial<AuthorizeOptions> = {}): AuthorizeOptions {
  return { resource: shop, sameRequest: false, requestHash: 'a', labels: {}, ...different }
}

describe('a session that is asked without a server', () => {
  test.each([
    ['less than nothing', { amount: -50n * usd }],
    ['nothing', { amount: 0n }],
    ['a number', { amount: 1 as never }],
    ['a time that is no number', { maxTimeoutSeconds: Number.NaN }],
  ])('records no payment of %s, and makes no room in the budget', async (_what, different) => {
    const { open, ledger, keyStore } = openShop()
    const wallet = open({ keyStore: remoteSigner({ address: keyStore.address, sign: async () => '0x' }) })
    const session = wallet.session({})
    expect(await rejection(session.authorize(required(different), ask()))).toMatchObject({ code: 'no_payable_offer' })
    expect(await ledger.list()).toEqual([])
    expect((await wallet.budget()).map(({ used }) => used)).not.toContain(-50n * usd)
  })

  test('signs what was judged, also where what asks says something else each time', async () => {
    const { open, keyStore } = openShop()
    const wallet = open()
    const amounts = [9_000n * usd, usd, usd, usd, usd, 9_000n * usd]
    for (const start of amounts.keys()) {
      let reads = start
      const lying = required({
        get amount() {
          return amounts[reads++ % amounts.length] ?? usd
        },
      })
      await wallet
        .session({})
        .authorize(lying, ask())
        .catch(() => {})
    }
    for (const { message } of keyStore.signed) expect(message['value']).toBe(usd)
  })

  test('transfers nothing, whatever payees the wallet may transfer to', async () => {
    const { open, keyStore } = openShop()
    const policy = [allowHosts(['shop.example.com']), allowPayees([payTo]), spendingLimit({ dailyLimitUsd: 10 })]
    const wallet = open({ policy })
    const session = wallet.session({ allowHosts: ['shop.example.com'] })
    const resource = { url: `transfer:${network}/${payTo}`, method: 'TRANSFER', origin: 'transfer:', host: 'transfer' }
    for (const payer of [session, session.session({}), wallet]) {
      expect(await rejection(payer.authorize(required(), ask({ resource })))).toMatchObject({ code: 'payment_denied' })
    }
    expect(keyStore.signed).toHaveLength(0)
  })

  test('uses an approval for its own terms only, however its words are cut', async () => {
    const { open, keyStore } = openShop()
    const policy = [allowHosts(['shop.example.com']), spendingLimit({ instantMaxUsd: '0.5', dailyLimitUsd: 100 })]
    const wallet = open({ policy })
    const session = wallet.session({})
    const cheap = { requestHash: 'cheap', maxMicroUsd: 1n }
    await session.authorize(required({ amount: 1n }), ask(cheap))
    await session.authorize(required({ amount: 1n }), ask({ ...cheap, requestHash: 'dear' }))
    const [dear, first] = (await session.payments.list()).map(({ requestDigest }) => requestDigest)
    const words = (digest: string | undefined, amount: bigint, end: string): string =>
      [digest, 'x402', 'exact', network, '0x036CbD53842c5426634e7929541eC2318f3dCF7e', amount, payTo, end].join('\n')
    const resource = { ...shop, url: `${url}\n${words(dear, 90n * usd, url)}` }
    const small = ask({ resource, requestHash: 'cheap', purchaseKey: 'k' })
    await rejection(session.authorize(required(), small))
    const [waiting] = await wallet.approvals.list()
    expect(waiting).toMatchObject({ amount: usd, status: 'pending' })
    await wallet.approvals.approve(waiting?.id ?? 'apr_')
    const large = ask({ requestHash: 'dear', purchaseKey: `k\n${words(first, usd, url)}` })
    expect(await rejection(session.authorize(required({ amount: 90n * usd }), large))).toMatchObject({
      code: 'approval_required',
    })
    expect(keyStore.signed.map(({ message }) => message['value'])).toEqual([1n, 1n])
  })

  test('cannot call a payment confirmed that no chain has shown', async () => {
    const { open, ledger } = openShop()
    const session = open().session({})
    const { payment } = await session.authorize(required(), ask())
    const receipt = { status: 'confirmed', transaction: '0x12', network } as const
    await session.settle(payment, { status: 'claimed', receipt })
    expect(await ledger.get(payment.id)).toMatchObject({ receipt: { status: 'claimed', transaction: '0x12' } })
  })
})
