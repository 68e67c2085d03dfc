import { mpp } from 'stipend/mpp'
import { chargeTempo } from 'stipend/tempo'
import { maxUint256 } from 'viem'
import { describe, expect, test } from 'vitest'
import { allowHosts, exactEvm, getPayment, type KeyStore, spendingLimit, x402 } from '../../../src/index.js'
import { remoteSigner } from '../../../src/keys/index.js'
import { paidResource, testKeyStore } from '../../../src/testing/index.js'
import { pathUsd } from '../../support/tempo.ts'
import { createTempoServer, payee, type TempoServerOptions } from '../../support/tempo-server.ts'
import { openTempoShop as setUp, start, url } from '../../support/tempo-shop.ts'
import { createTestWallet, rejection } from '../../support/wallets.ts'

const price = 10_000n
const payer = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const own = { methodDetails: { feePayer: undefined } }

describe('a wallet that pays on Tempo', () => {
  test('signs one transfer of exactly what was asked, whose fee its server pays, for half a minute', async () => {
    const { server, wallet } = setUp()
    const response = await wallet.fetch(url)
    expect(await response.json()).toEqual({ sky: 'clear' })
    expect(server.transfers).toMatchObject([
      {
        token: pathUsd.toLowerCase(),
        value: 0n,
        to: payee,
        amount: price,
        from: payer.toLowerCase(),
        nonceKey: maxUint256,
        validBefore: start / 1000 + 25,
        feeToken: undefined,
        isSponsored: true,
        chainId: 42431,
      },
    ])
    expect(getPayment(response)).toMatchObject({
      status: 'claimed',
      protocol: 'mpp',
      scheme: 'charge',
      asset: { symbol: 'pathUSD', transfer: 'tip20' },
      amount: price,
      microUsd: price,
    })
    expect([wallet.signedCharges.length, wallet.signed]).toEqual([1, []])
  })

  test('gives no transfer more time than its challenge has', async () => {
    const { server, wallet } = setUp({ expires: () => new Date(start + 12_000).toISOString() })
    await wallet.fetch(url)
    expect(server.transfers[0]?.validBefore).toBe(start / 1000 + 12)
  })

  test('is paid by x402 where its server speaks both', async () => {
    const shop = paidResource({ amount: price })
    const server = createTempoServer()
    const fetch = async (...given: Parameters<typeof globalThis.fetch>) => {
      const asked = await shop(new Request(...given))
      const challenge = (await server(new Request(url))).headers.get('WWW-Authenticate') ?? ''
      if (asked.status === 402) asked.headers.append('WWW-Authenticate', challenge)
      return asked
    }
    const wallet = createTestWallet({ protocols: [x402(), mpp()], schemes: [exactEvm(), chargeTempo()], fetch })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect([wallet.signed.length, wallet.signedCharges.length]).toEqual([1, 0])
  })

  test('hands the 402 over where it lacks the scheme, and says which', async () => {
    const { wallet } = setUp({}, { schemes: [exactEvm()] })
    expect(String(await rejection(wallet.fetch(url)))).toContain("chargeTempo(), from 'stipend/tempo'")
  })
})

describe('the fee of a transfer on Tempo that its server does not pay', () => {
  test('is not paid where its owner did not say how much it may be', async () => {
    const { wallet } = setUp(own)
    expect(String(await rejection(wallet.fetch(url)))).toContain('maxFeeMicroUsd')
    expect(wallet.signedCharges).toEqual([])
  })

  test('is paid in the token of the payment, and cannot be more than that', async () => {
    const { server, wallet } = setUp(own, {}, { maxFeeMicroUsd: 30_000n })
    await wallet.fetch(url)
    const [transfer] = server.transfers
    expect(transfer).toMatchObject({ feeToken: pathUsd.toLowerCase(), isSponsored: false, amount: price })
    const most = ((transfer?.gas ?? 0n) * (transfer?.maxFeePerGas ?? 0n)) / 1_000_000_000_000n
    expect([most <= 30_000n, most > 29_000n]).toEqual([true, true])
  })

  test('counts in full under every limit', async () => {
    const policy = [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 0.07 })]
    const { wallet } = setUp(own, { policy }, { maxFeeMicroUsd: 30_000n })
    const response = await wallet.fetch(url)
    expect(getPayment(response)?.microUsd).toBe(40_000n)
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'limit_exceeded' })
    expect(wallet.signedCharges).toHaveLength(1)
  })

  test('counts under what the call allows', async () => {
    const { wallet } = setUp(own, {}, { maxFeeMicroUsd: 30_000n })
    expect(await rejection(wallet.fetch(url, { payment: { maxUsd: 0.03 } }))).toMatchObject({ moved: 'no' })
    expect(wallet.signedCharges).toEqual([])
  })

  test('is not paid in a token that is no dollar', async () => {
    const token = '0x20C0000000000000000000000000000000000009'
    const asset = { network: 'eip155:42431', address: token, symbol: 'EUR', decimals: 6, transfer: 'tip20' } as const
    const assets = [{ ...asset, microUsd: 1_100_000n }]
    const options = { ...own, request: { currency: token } }
    const { wallet } = setUp(options, { assets }, { maxFeeMicroUsd: 30_000n })
    expect(String(await rejection(wallet.fetch(url)))).toContain('cannot be bounded in')
    expect(wallet.signedCharges).toEqual([])
    const sponsored = setUp({ request: { currency: token } }, { assets })
    expect(getPayment(await sponsored.wallet.fetch(url))?.microUsd).toBe(11_000n)
  })

  test.each([24_999n, 1_000_001n, -1n, 25_000, '25000'])('may not be said to be %s', (maxFeeMicroUsd) => {
    expect(() => chargeTempo({ maxFeeMicroUsd: maxFeeMicroUsd as never })).toThrow('maxFeeMicroUsd')
  })
})

describe('a charge on Tempo that cannot be paid', () => {
  test.each<readonly [string, TempoServerOptions, string]>([
    ['in a session', { challenge: { intent: 'session' } }, 'method or intent'],
    ['by a subscription', { challenge: { intent: 'subscription' } }, 'method or intent'],
    ['without an id', { challenge: { id: '' } }, 'no id'],
    ['on no chain that it says', { methodDetails: { chainId: undefined } }, 'not one of tempo/charge'],
    ['on a chain that is written', { methodDetails: { chainId: '42431' } }, 'not one of tempo/charge'],
    ['on another chain', { methodDetails: { chainId: 84532 } }, 'table'],
    ['in a token nobody knows', { request: { currency: '0x20C00000000000000000000000000000000000ff' } }, 'table'],
    ['to several', { methodDetails: { splits: [{ recipient: payee, amount: '1' }] } }, 'several payees'],
    ['by a transaction that we send', { methodDetails: { supportedModes: ['push'] } }, 'that its server sends'],
    ['by what nobody knows', { methodDetails: { supportedModes: ['telepathy'] } }, 'that its server sends'],
    ['with a memo of its own', { methodDetails: { memo: `0x${'11'.repeat(32)}` } }, 'memo of its own'],
    ['whose fee is paid by a word', { methodDetails: { feePayer: 'yes' } }, 'not one of tempo/charge'],
    ['of a fraction', { amount: '1.5' }, 'not one of tempo/charge'],
    ['of less than nothing', { amount: '-1' }, 'not one of tempo/charge'],
    ['of nothing, which asks who it is', { amount: '0' }, 'for money'],
    ['to a name', { request: { recipient: 'payee.eth' } }, 'not one of tempo/charge'],
    ['to nobody', { request: { recipient: undefined } }, 'not one of tempo/charge'],
    ['to the payer', { request: { recipient: payer } }, 'our own address'],
    ['to the token', { request: { recipient: pathUsd } }, 'token contract itself'],
    ['to another token', { request: { recipient: `0x20C0${'0'.repeat(35)}1` } }, 'refuse transfers'],
    [
      'to the token of nobody yet',
      { request: { recipient: `0x20c0${'0'.repeat(20)}${'ab'.repeat(8)}` } },
      'refuse transfers',
    ],
    ['to who holds what is not taken', { request: { recipient: `0xb10c${'0'.repeat(36)}` } }, 'refuse transfers'],
    ['whose time is over', { expires: () => new Date(start - 1000).toISOString() }, 'time is over'],
    ['with less time than it takes', { expires: () => new Date(start + 6_000).toISOString() }, 'too short'],
    ['that is too long to be kept', { challenge: { opaque: 'a'.repeat(5000) } }, 'longer than'],
  ])('is told: %s', async (_, options, words) => {
    const { wallet } = setUp(options)
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect(String(error)).toContain(words)
    expect([wallet.signedCharges, await wallet.payments.list()]).toEqual([[], []])
  })

  test('is told before anything is recorded where its signer signs no transfers of Tempo', async () => {
    const { address } = testKeyStore()
    const keyStore = remoteSigner({ address, sign: async () => '0x' })
    const { wallet } = setUp({}, { keyStore: keyStore as KeyStore })
    expect(String(await rejection(wallet.fetch(url)))).toContain('signs no transfers of Tempo')
    expect(await wallet.payments.list()).toEqual([])
  })

  test('is told where a token of another kind is asked for by it', async () => {
    const currency = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
    const { wallet } = setUp({ request: { currency }, methodDetails: { chainId: 84532 } })
    expect(String(await rejection(wallet.fetch(url)))).toContain("no token of Tempo's own kind")
    expect(wallet.signedCharges).toEqual([])
  })

  test('is told where a holder of a session made it up, without a challenge or with another memo', async () => {
    const { wallet } = setUp()
    const session = wallet.session({})
    const challenge = { nonce: `0x${'a'.repeat(64)}`, echo: '{}' } as const
    for (const made of [
      { extra: { feePayer: true, memo: `0x${'a'.repeat(64)}` } },
      { extra: { feePayer: true, memo: `0x${'a'.repeat(62)}` }, challenge },
      { extra: { feePayer: true, memo: 7 }, challenge },
    ]) {
      const claim = {
        index: 0,
        scheme: 'charge',
        network: 'eip155:42431',
        asset: pathUsd,
        amount: 1n,
        payTo: payee,
        maxTimeoutSeconds: 60,
        raw: {},
        ...made,
      } as const
      const required = { protocol: 'mpp', claims: [claim], setAside: [], raw: {} }
      const resource = { url, method: 'GET', origin: 'http://127.0.0.1:8402', host: '127.0.0.1:8402' }
      const asked = { resource, requestHash: 'a', sameRequest: true, labels: {} }
      expect(await rejection(session.authorize(required, asked))).toMatchObject({ code: 'no_payable_offer' })
    }
    expect(wallet.signedCharges).toEqual([])
  })
})
