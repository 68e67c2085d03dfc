import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type AgentWallet,
  allowActions,
  allowHosts,
  createAgentWallet,
  narrowToken,
  type Session,
  spendingLimit,
} from '../../src/index.js'
import { swap, type SwapBounds } from '../../src/actions/index.js'
import { evm } from '../../src/evm/index.js'
import { privateKey } from '../../src/keys/index.js'
import { actionOn } from '../../src/resource.js'
import type { KeyPair } from '../../examples/support/chain.ts'
import { router, startExchange, type TestExchange, tokens } from '../support/exchange.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const dollar = 1_000_000n
const zero = '0x0000000000000000000000000000000000000000'
const bounds: SwapBounds = {
  network,
  pairs: [
    ['USDC', 'GOLD'],
    ['GOLD', 'USDC'],
  ],
  maxSlippageBps: 100,
  maxUsd: 50,
}
const request = { action: 'swap', network, sell: 'USDC', buy: 'GOLD', amount: '5' } as const

let chain: TestExchange
let payer: KeyPair
let wallet: AgentWallet

beforeAll(async () => {
  chain = await startExchange()
})
afterAll(() => chain?.stop())
beforeEach(async () => {
  payer = await chain.createSender()
  await chain.mint(payer.address, 100n * dollar)
  wallet = createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [
      allowHosts(['a.example']),
      allowActions([swap(bounds)]),
      spendingLimit({ perPaymentUsd: 60, dailyLimitUsd: 100 }),
    ],
    assets: [
      { network, symbol: 'ETH', address: zero, decimals: 18, transfer: 'native', microUsd: 2_000n * dollar },
      { network, symbol: 'GOLD', address: tokens.gold, decimals: 6, transfer: 'permit2', microUsd: dollar / 2n },
    ],
    chains: [evm({ network, clients: [chain.publicClient] })],
  })
})

async function expectRefused(session: Session, reason: string, asked: object = {}): Promise<void> {
  const error = await rejection(session.act({ ...request, ...asked }))
  expect(error).toMatchObject({ moved: 'no' })
  expect(String(error)).toContain(reason)
  expect(await chain.nonceOf(payer.address)).toBe(0)
  expect(await wallet.payments.list()).toEqual([])
}

describe('a session', () => {
  test('takes no action unless it was given some', async () => {
    await expectRefused(wallet.session({}), 'swap on eip155:84532 is not an allowed action')
    await expectRefused(wallet.session({ limits: { totalLimitUsd: 50 } }), 'not an allowed action')
    await expectRefused(wallet.session({ actions: [] }), 'not an allowed action')
  })

  test('takes those that it was given, on its own count and the wallet’s', async () => {
    const session = wallet.session({ actions: [swap(bounds)], limits: { totalLimitUsd: 20 }, labels: { desk: 'one' } })
    const payment = await session.act(request)
    expect(JSON.parse(JSON.stringify(payment))).toMatchObject({ id: payment.id, amount: String(payment.amount) })
    expect(payment).toMatchObject({ status: 'claimed', labels: { desk: 'one' } })
    expect(await chain.holds(tokens.gold, payer.address)).toBe(10n * dollar)
    expect(await session.payments.list()).toHaveLength(1)
    const used = (await session.budget()).filter(({ measure }) => measure === 'microUsd').map((line) => line.used)
    expect(new Set(used)).toEqual(new Set([0n, payment.microUsd]))
    const error = await rejection(session.act({ ...request, amount: '18' }))
    expect(error).toMatchObject({ code: 'limit_exceeded' })
  })

  test.each<[string, Partial<SwapBounds>, object, string]>([
    ['a pair', { pairs: [['USDC', 'GOLD']] }, { sell: 'GOLD', buy: 'USDC', amount: '1' }, 'not an allowed pair'],
    ['a slippage', { maxSlippageBps: 10 }, { maxSlippageBps: 11 }, '11 are asked'],
    ['an amount', { maxUsd: 4 }, {}, '$4.00 at most'],
  ])('is held to its own bounds on %s, whatever the wallet allows', async (_what, own, asked, reason) => {
    await expectRefused(wallet.session({ actions: [swap({ ...bounds, ...own })] }), reason, asked)
  })

  test('is held to the wallet’s bounds, whatever its own are', async () => {
    const session = wallet.session({ actions: [swap({ ...bounds, maxSlippageBps: 900 })] })
    await expectRefused(session, '500 are asked', { maxSlippageBps: 500 })
  })

  test.each<[string, object]>([
    ['another pair', { pairs: [['USDC', 'WETH']] }],
    ['another pool of the pair', { pairs: [['USDC', 'GOLD', 3000]] }],
    ['more slippage', { maxSlippageBps: 101 }],
    ['more money', { maxUsd: 51 }],
    ['another network', { network: 'eip155:8453' }],
  ])('cannot be made from another with %s', (_what, different) => {
    const parent = wallet.session({ actions: [swap(bounds)] })
    const make = () => parent.session({ actions: [swap({ ...bounds, ...different })] })
    expect(make).toThrow(/swap reaches further/)
    expect(parent.session({ actions: [swap({ ...bounds, maxUsd: 1, maxSlippageBps: 1 })] }).actions).toHaveLength(1)
  })

  test('that has none gives none', () => {
    expect(() => wallet.session({}).session({ actions: [swap(bounds)] })).toThrow(/reaches further/)
  })

  test('keeps its actions in its token, and nobody widens them there', async () => {
    const token = await wallet.session({ actions: [swap({ ...bounds, maxUsd: 4 })] }).token()
    const opened = await wallet.openSession(token)
    expect(opened.actions).toMatchObject([{ action: 'swap', maxUsd: 4 }])
    await expectRefused(opened, '$4.00 at most')
    const wider = narrowToken(token, { actions: [swap(bounds)] })
    expect(await rejection(wallet.openSession(wider))).toMatchObject({ code: 'session_invalid' })
  })

  test.each<[string, unknown]>([
    ['of an unknown bound', { ...bounds, action: 'swap', recipient: router }],
    ['without a pair', { ...bounds, action: 'swap', pairs: [] }],
    ['without an end', { ...bounds, action: 'swap', maxUsd: undefined }],
    ['that are no bounds', 'swap'],
  ])('is not made with actions %s', (_what, action) => {
    expect(() => wallet.session({ actions: [action as never] })).toThrow(/Failed to make a session/)
  })

  test('cannot pass a payment off as an action', async () => {
    const session = wallet.session({ actions: [swap(bounds)] })
    const claim = { index: 0, scheme: 'exact', network, asset: chain.token, amount: dollar, payTo: router } as const
    const required = {
      protocol: 'x402',
      claims: [{ ...claim, maxTimeoutSeconds: 60, extra: {}, raw: undefined }],
      setAside: [],
      raw: {},
    }
    const options = { resource: actionOn(network, 'swap'), labels: {}, sameRequest: false, requestHash: '00' }
    const error = await rejection(session.authorize(required, options))
    expect(error).toMatchObject({ code: 'payment_denied' })
    expect(String(error)).toContain('only act takes actions')
  })

  test('that is revoked takes no action any more', async () => {
    const session = wallet.session({ actions: [swap(bounds)] })
    await wallet.revokeSession(session)
    expect(await rejection(session.act(request))).toMatchObject({ code: 'session_revoked' })
  })
})
