import { uptoPermit2WitnessTypes } from '@x402/evm'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { permit2Proxies } from '../../src/evm/permit2.js'
import type { Rpc } from '../../src/evm/index.js'
import { exactEvm, memoryLedger, type Payment, type TypedData, uptoEvm } from '../../src/index.js'
import { lying } from '../support/evm-scene.ts'
import { type Listening, listen } from '../support/listen.ts'
import { encode, payee } from '../support/offers.ts'
import { type Permit2Scene, startPermit2Scene, wrapper } from '../support/permit2-scene.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const facilitator = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const schemes = [exactEvm(), uptoEvm()]

const servers: Listening[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

type Fields = Readonly<Record<string, unknown>>

/** Asks by one offer, and answers a payment with a receipt of what it says it took. */
async function serve(extra: Fields, receipt: Fields = {}): Promise<{ readonly url: string; readonly paid: unknown[] }> {
  const paid: unknown[] = []
  const server = await listen((request) => {
    const header = request.headers.get('payment-signature')
    if (header) {
      paid.push(JSON.parse(Buffer.from(header, 'base64').toString()))
      const said = { success: true, transaction: `0x${'ab'.repeat(32)}`, network: 'eip155:84532', ...receipt }
      return new Response('{}', { headers: { 'payment-response': encode(said) } })
    }
    const accepts = [
      {
        scheme: 'upto',
        network: 'eip155:84532',
        amount: '10000',
        asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
        payTo: payee,
        maxTimeoutSeconds: 60,
        extra,
      },
    ]
    const message = { x402Version: 2, resource: { url: request.url }, accepts }
    return new Response('{}', { status: 402, headers: { 'payment-required': encode(message) } })
  })
  servers.push(server)
  return { url: server.url, paid }
}

describe('a payment by use', () => {
  test('is signed for its maximum, for the payee, and for the facilitator that may settle it', async () => {
    const { url, paid } = await serve({ facilitatorAddress: facilitator, name: 'whatever', version: '9' })
    const wallet = createTestWallet({ schemes })
    await wallet.fetch(url)
    const [data, ...others] = wallet.signed as readonly TypedData[]
    expect(others).toEqual([])
    expect(data?.types).toEqual(uptoPermit2WitnessTypes)
    expect(data?.message).toMatchObject({
      permitted: { amount: 10_000n },
      spender: permit2Proxies.upto,
      witness: { to: payee, facilitator, validAfter: 0n },
    })
    expect(paid).toMatchObject([{ payload: { permit2Authorization: { witness: { to: payee, facilitator } } } }])
  })

  test.each([
    ['no facilitator', {}],
    ['a facilitator that is none', { facilitatorAddress: 'facilitator.eth' }],
    ['nobody as facilitator', { facilitatorAddress: `0x${'0'.repeat(40)}` }],
    ['another method', { facilitatorAddress: facilitator, assetTransferMethod: 'eip3009' }],
    ['other decimals', { facilitatorAddress: facilitator, decimals: 18 }],
    ['a payment before the work', { facilitatorAddress: facilitator, paymentFlow: 'upfront' }],
  ])('is not made where the server names %s', async (_what, extra) => {
    const { url } = await serve(extra)
    const wallet = createTestWallet({ schemes })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect(wallet.signed).toEqual([])
  })

  test('is not made by a wallet whose owner did not ask for it', async () => {
    const { url } = await serve({ facilitatorAddress: facilitator })
    expect(await rejection(createTestWallet().fetch(url))).toMatchObject({ code: 'no_payable_offer' })
  })

  test.each(['0', '1', '10000', '10001'])(
    'counts as its maximum when the server says that it took %s',
    async (amount) => {
      const { url } = await serve({ facilitatorAddress: facilitator }, { amount })
      const ledger = memoryLedger()
      const wallet = createTestWallet({ schemes, ledger })
      await wallet.fetch(url)
      const [payment] = await wallet.payments.list()
      expect(payment).toMatchObject({ amount: 10_000n, microUsd: 10_000n })
      const limit = {
        name: 'all',
        scope: 'wallet',
        window: { type: 'lifetime' },
        measure: 'microUsd',
        max: 1n,
      } as const
      expect(await ledger.usage([limit], Date.now())).toMatchObject([{ used: 10_000n }])
    },
  )

  test('is no more than its maximum, by the receipt that a server forges', async () => {
    const { url } = await serve({ facilitatorAddress: facilitator }, { amount: '10001' })
    const wallet = createTestWallet({ schemes })
    await wallet.fetch(url)
    const [payment] = await wallet.payments.list()
    expect(payment?.receipt?.amount).toBeUndefined()
    expect(payment?.note).toContain('more than was authorized')
  })
})

describe('what an EVM chain shows of a payment by use', () => {
  let scene: Permit2Scene
  let node: Rpc
  beforeAll(async () => {
    scene = await startPermit2Scene(schemes)
    node = scene.chain.publicClient
  })
  afterAll(() => scene?.chain.stop())

  /** A payment of at most a cent that this facilitator may settle. */
  async function createUse(settledBy?: string): Promise<Payment> {
    const payment = await scene.createPermit({ scheme: 'upto' })
    const details = { facilitator: settledBy ?? scene.facilitator.address }
    return { ...payment, terms: { ...payment.terms, isMaximum: true, details } }
  }

  test.each([1n, 4000n, 10_000n])('is what was taken of it: %i', async (amount) => {
    const payment = await createUse()
    const transaction = await scene.settle(payment, { amount })
    expect(await scene.examine(payment)).toMatchObject({ type: 'open' })
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'executed', transaction, amount })
  })

  test('is less than its maximum only by the word of a quorum', async () => {
    const payment = await createUse()
    await scene.settle(payment, { amount: 4000n })
    await scene.finalize()
    const less = lying(node, 'eth_getLogs', (logs) =>
      (logs as { readonly data: string }[]).map((log) => ({ ...log, data: `0x${'1'.padStart(64, '0')}` })),
    )
    const clients = [less, node]
    expect(await scene.examine(payment, { clients })).toMatchObject({ type: 'open' })
    expect(await scene.examine(payment, { clients: clients.toReversed() })).toMatchObject({ type: 'open' })
    expect(await scene.examine(payment, { clients: [node, { ...node }] })).toMatchObject({ amount: 4000n })
    expect(await scene.examine(payment, { clients: [node, { request: async () => undefined }] })).toMatchObject({
      type: 'open',
    })
  })

  test('is open where it was settled within another call, which does not show for how much', async () => {
    const payment = await createUse(wrapper)
    await scene.settle(payment, { amount: 4000n, isWrapped: true })
    await scene.mineAt(payment.terms.validBefore)
    await scene.finalize()
    expect(await scene.examine(payment)).toMatchObject({ type: 'open' })
  })

  test('is its end where nothing of it was taken in time', async () => {
    const payment = await createUse()
    await scene.mineAt(payment.terms.validBefore)
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'expired' })
  })
})
