import {
  PERMIT2_ADDRESS,
  permit2WitnessTypes,
  x402ExactPermit2ProxyAddress,
  x402UptoPermit2ProxyAddress,
} from '@x402/evm'
import { afterEach, describe, expect, test } from 'vitest'
import { pinnedAssets } from '../../src/assets/pinned.js'
import { parseAddress } from '../../src/evm/address.js'
import { permit2, permit2Proxies } from '../../src/evm/permit2.js'
import type { TypedData } from '../../src/index.js'
import { type Listening, listen } from '../support/listen.ts'
import { encode, payee } from '../support/offers.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const servers: Listening[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

type Offer = Readonly<Record<string, unknown>>

/** Asks by one offer after another, whatever arrives, and answers what arrived. */
async function serveOffers(offers: readonly Offer[]): Promise<{ readonly url: string; readonly paid: unknown[] }> {
  const paid: unknown[] = []
  let asked = 0
  const server = await listen((request) => {
    const header = request.headers.get('payment-signature')
    if (header) {
      paid.push(JSON.parse(Buffer.from(header, 'base64').toString()))
      return new Response('out of order', { status: 500 })
    }
    const accepts = [offers[Math.min(asked, offers.length - 1)]]
    asked += 1
    const message = { x402Version: 2, resource: { url: request.url }, accepts }
    return new Response('{}', { status: 402, headers: { 'payment-required': encode(message) } })
  })
  servers.push(server)
  return { url: server.url, paid }
}

const offer = (different: Offer = {}): Offer => ({
  scheme: 'exact',
  network: 'eip155:84532',
  amount: '10000',
  asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  payTo: payee,
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' },
  ...different,
})
const byToken = offer({ extra: { name: 'USDC', version: '2' } })

describe('a payment by Permit2', () => {
  test('names the contracts that the reference implementation names', () => {
    expect(permit2).toBe(parseAddress(PERMIT2_ADDRESS))
    expect(permit2Proxies.exact).toBe(parseAddress(x402ExactPermit2ProxyAddress))
    expect(permit2Proxies.upto.toLowerCase()).toBe(x402UptoPermit2ProxyAddress.toLowerCase())
  })

  test('is signed for the proxy and the payee, and for nobody else', async () => {
    const { url, paid } = await serveOffers([offer()])
    const wallet = createTestWallet()
    await wallet.fetch(url)
    const [data, ...others] = wallet.signed as readonly TypedData[]
    expect(others).toEqual([])
    expect(data?.types).toEqual(permit2WitnessTypes)
    expect(data?.domain).toEqual({ name: 'Permit2', chainId: 84532, verifyingContract: permit2 })
    const [payment] = await wallet.payments.list()
    const nonce = BigInt(payment?.terms.nonce ?? 0)
    const deadline = BigInt((payment?.terms.validBefore ?? 0) - 1)
    expect(data?.message).toEqual({
      permitted: { token: '0x036CbD53842c5426634e7929541eC2318f3dCF7e', amount: 10_000n },
      spender: permit2Proxies.exact,
      nonce,
      deadline,
      witness: { to: payee, validAfter: 0n },
    })
    expect(paid).toMatchObject([
      { payload: { permit2Authorization: { nonce: nonce.toString(), deadline: deadline.toString() } } },
    ])
  })

  test.each(pinnedAssets().filter(({ transfer }) => transfer === 'permit2'))(
    'can be made in $symbol on $network, which moves in no other way',
    async ({ network, address, decimals }) => {
      const amount = (10n ** BigInt(decimals) / 100n).toString()
      const different = { network, asset: address, amount }
      const { url, paid } = await serveOffers([offer({ ...different, extra: { assetTransferMethod: 'permit2' } })])
      await createTestWallet().fetch(url)
      expect(paid).toHaveLength(1)
      const { url: other } = await serveOffers([offer({ ...different, extra: {} })])
      expect(await rejection(createTestWallet().fetch(other))).toMatchObject({ code: 'no_payable_offer' })
    },
  )

  test('lives no longer than its owner allows, and is over in the second after its last', async () => {
    const { url, paid } = await serveOffers([offer({ maxTimeoutSeconds: 1e9 })])
    const before = Math.floor(Date.now() / 1000)
    await createTestWallet().fetch(url)
    const deadline = Number(Reflect.get(Object(paid[0]).payload.permit2Authorization, 'deadline'))
    expect(deadline - before).toBeLessThanOrEqual(301)
  })
})

describe('a purchase of which a payment is open', () => {
  test.each([
    { first: 'its token', second: 'Permit2', offers: [byToken, offer()] },
    { first: 'Permit2', second: 'its token', offers: [offer(), byToken] },
  ])('is not signed by $second too, when it was signed by $first', async ({ offers }) => {
    const { url, paid } = await serveOffers(offers)
    const wallet = createTestWallet()
    await wallet.fetch(url, { payment: { key: 'one' } })
    expect(await rejection(wallet.fetch(url, { payment: { key: 'one' } }))).toMatchObject({
      code: 'payment_outcome_unknown',
    })
    expect(wallet.signed).toHaveLength(1)
    expect(paid).toHaveLength(1)
  })

  test.each([
    { second: 'Permit2', offers: [byToken, offer()] },
    { second: 'its token', offers: [offer(), byToken] },
  ])('is not signed by $second too, when its time is over and nothing final is known', async ({ offers }) => {
    const { url } = await serveOffers(offers)
    let now = Date.now()
    const wallet = createTestWallet({ clock: () => now, monotonic: () => now })
    await wallet.fetch(url, { payment: { key: 'one' } })
    now += 90_000
    expect(await rejection(wallet.fetch(url, { payment: { key: 'one' } }))).toMatchObject({
      code: 'payment_outcome_unknown',
    })
    expect(wallet.signed).toHaveLength(1)
  })

  test('is signed anew for Permit2 under the nonce of before', async () => {
    const { url } = await serveOffers([offer()])
    let now = Date.now()
    const wallet = createTestWallet({ clock: () => now, monotonic: () => now })
    await wallet.fetch(url, { payment: { key: 'one' } })
    now += 90_000
    await wallet.fetch(url, { payment: { key: 'one' } })
    const nonces = (wallet.signed as readonly TypedData[]).map(({ message }) => message['nonce'])
    expect(nonces).toHaveLength(2)
    expect(new Set(nonces).size).toBe(1)
  })

  test('is not taken back by a signature that Permit2 does not know', async () => {
    const { url } = await serveOffers([offer()])
    const chain = {
      network: 'eip155:84532',
      examine: async () => ({ type: 'open', reason: 'not yet' }) as const,
      cancel: async () => '0x',
    } as const
    const wallet = createTestWallet({ chains: [chain] })
    await wallet.fetch(url)
    const [payment] = await wallet.payments.list()
    if (!payment) throw new Error('nothing was paid')
    expect(await rejection(wallet.cancel(payment.id))).toMatchObject({
      code: 'cancellation_failed',
      message: expect.stringContaining('Permit2'),
    })
    expect(wallet.signed).toHaveLength(1)
  })
})
