import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestClient, http, parseEther } from 'viem'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowActions,
  createAgentWallet,
  memoryLedger,
  type Rule,
  spendingLimit,
} from 'stipend'
import { swap, type SwapBounds } from 'stipend/actions'
import { evm, type Rpc } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import { type KeyPair, startChain } from '../../examples/support/chain.ts'
import { type UniswapChain, withUniswap } from '../support/uniswap.ts'
import { type ChangeAnswer, changedNode } from '../support/changed-node.ts'
import { ether } from '../support/ether.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const bounds: SwapBounds = {
  network,
  pairs: [
    ['USDC', 'WETH'],
    ['WETH', 'USDC'],
  ],
  maxSlippageBps: 100,
  maxUsd: 50,
}
const buy = { action: 'swap', network, sell: 'USDC', buy: 'WETH', amount: '5' } as const

let chain: UniswapChain
let payer: KeyPair

beforeAll(async () => {
  chain = await withUniswap(await startChain())
})
afterAll(() => chain?.stop())
beforeEach(async () => {
  payer = await chain.createSender()
  await chain.mint(payer.address, 100_000_000n)
})
afterEach(async () => {
  await admin().setAutomine(true)
  await admin().mine({ blocks: 100, interval: 0 })
  for (const token of [chain.token, chain.weth]) {
    if ((await chain.allowance(token, payer.address)) !== 0n) throw new Error(`an allowance of ${token} is left`)
  }
})

function open({ clients = [chain.publicClient as Rpc], ...options }: Options = {}): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: policy(),
    assets: [ether],
    chains: [evm({ network, clients })],
    ...options,
  })
}
type Options = Partial<AgentWalletOptions> & { readonly clients?: readonly Rpc[] }

function policy(own: Partial<SwapBounds> = {}): readonly Rule[] {
  return [allowActions([swap({ ...bounds, ...own })]), spendingLimit({ perPaymentUsd: 60, dailyLimitUsd: 100 })]
}

function admin() {
  return createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' })
}

const node = (change: ChangeAnswer): Rpc => changedNode(chain.publicClient, change)

describe('a swap', () => {
  test('sells exactly what was asked for at least what was quoted less the slippage, and leaves no allowance', async () => {
    const wallet = open()
    const quote = await wallet.quoteAction(buy)
    expect(quote).toMatchObject({ allowed: true, reasons: [] })
    const payment = await wallet.act(buy)
    expect(payment).toMatchObject({ status: 'claimed', protocol: 'action', scheme: 'action', amount: 5_000_000n })
    expect(await chain.balanceOf(payer.address)).toBe(95_000_000n)
    const came = await chain.holds(chain.weth, payer.address)
    expect(came).toBe(quote.plan.expected?.[0]?.amount)
    expect(came).toBeGreaterThan(parseEther('0.00249'))
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('goes the other way too, counted by its stable side', async () => {
    await chain.wrap(payer, parseEther('0.01'))
    const payment = await open().act({ ...buy, sell: 'WETH', buy: 'USDC', amount: '0.01' })
    expect(payment).toMatchObject({ asset: { symbol: 'WETH' }, amount: parseEther('0.01') })
    expect(await chain.balanceOf(payer.address)).toBeGreaterThan(119_900_000n)
    expect(payment.microUsd).toBeGreaterThan(19_900_000n)
    expect(payment.microUsd).toBeLessThan(30_000_000n)
  })

  test('is confirmed by a final block, and its transfers are explained', async () => {
    const wallet = open()
    const frozen: unknown[] = []
    wallet.on('wallet.frozen', (event) => void frozen.push(event))
    await wallet.act(buy)
    await admin().mine({ blocks: 100, interval: 0 })
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [{ amount: 5_000_000n }] })
    expect(frozen).toEqual([])
  })

  test('reverts by its floor where the pool moved between quote and inclusion, and is over once that is final', async () => {
    const [, , , trader] = chain.accounts
    if (!trader) throw new Error('the chain has no accounts')
    await chain.mint(trader.address, 100_000_000_000n)
    let moves = 1
    const moved = node(async ({ method }, ask) => {
      if (method === 'eth_sendRawTransaction' && moves-- === 1) {
        await chain.swapBy(trader, chain.token, chain.weth, 50_000_000_000n)
      }
      return ask()
    })
    const wallet = open({ clients: [moved] })
    const error = await rejection(wallet.act(buy))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    expect(String(error)).toContain('without success')
    expect(await chain.balanceOf(payer.address)).toBe(100_000_000n)
    expect(await chain.holds(chain.weth, payer.address)).toBe(0n)
    await admin().mine({ blocks: 100, interval: 0 })
    expect(await wallet.reconcile()).toMatchObject({ expired: [{ amount: 5_000_000n }] })
  })

  test.each<[string, object, Partial<SwapBounds>, string]>([
    ['its slippage is over the cap', { maxSlippageBps: 101 }, {}, 'payment_denied'],
    ['its pair is not named', {}, { pairs: [['WETH', 'USDC']] }, 'payment_denied'],
    ['its pool is not there', { fee: 10_000 }, { pairs: [['USDC', 'WETH', 10_000]] }, 'payment_denied'],
    ['it is more than may be swapped', { amount: '51' }, {}, 'payment_denied'],
    ['it is more than there is', { amount: '101' }, { maxUsd: 200 }, 'insufficient_funds'],
  ])('is not signed when %s', async (_why, different, own, code) => {
    const limits = spendingLimit({ perPaymentUsd: 200, dailyLimitUsd: 200 })
    const wallet = open({ policy: [allowActions([swap({ ...bounds, ...own })]), limits] })
    expect(await rejection(wallet.act({ ...buy, ...different }))).toMatchObject({ code, moved: 'no' })
    expect(await wallet.payments.list()).toEqual([])
    expect(await chain.publicClient.getTransactionCount(payer)).toBe(0)
  })

  test('of two that race for one balance only one is signed, in one process and in two', async () => {
    const ledger = memoryLedger()
    const limits = spendingLimit({ perPaymentUsd: 200, dailyLimitUsd: 500 })
    const rules = [allowActions([swap({ ...bounds, maxUsd: 200 })]), limits]
    const [one, other] = [open({ ledger, policy: rules }), open({ ledger, policy: rules })]
    const amounts = ['60', '61', '62', '63'].map((amount) => ({ ...buy, amount }))
    const acts = amounts.map((request, index) => (index % 2 === 0 ? one : other).act(request))
    const settled = await Promise.allSettled(acts)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const each of settled) if (each.status === 'rejected') expect(each.reason).toMatchObject({ moved: 'no' })
    expect(await one.payments.list()).toHaveLength(1)
    expect(await chain.balanceOf(payer.address)).toBeLessThanOrEqual(40_000_000n)
    expect(await chain.publicClient.getTransactionCount(payer)).toBe(3)
  })

  test('that crashed between its approval and itself goes on as the same transactions when it is asked for again', async () => {
    const ledger = memoryLedger()
    const sent: string[] = []
    let left = 1
    const crashing = node(async (call, ask) => {
      if (call.method !== 'eth_sendRawTransaction') return ask()
      if (left-- <= 0) throw new Error('socket hang up')
      return ask()
    })
    const counting = node(async (call, ask) => {
      if (call.method === 'eth_sendRawTransaction') sent.push(String(Object(call).params[0]))
      return ask()
    })
    const what = { ...buy, key: 'rebalance' }
    const error = await rejection(open({ ledger, clients: [crashing] }).act(what))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    await expect.poll(() => chain.allowance(chain.token, payer.address)).toBe(5_000_000n)
    const restarted = open({ ledger, clients: [counting] })
    const [before] = await restarted.payments.list()
    const payment = await restarted.act(what)
    expect(payment).toMatchObject({ id: before?.id, status: 'claimed', terms: before?.terms })
    expect(payment.receipt?.transactions).toEqual(before?.receipt?.transactions)
    expect(sent).toHaveLength(3)
    expect(await chain.balanceOf(payer.address)).toBe(95_000_000n)
    expect(await chain.publicClient.getTransactionCount(payer)).toBe(3)
  })
})
