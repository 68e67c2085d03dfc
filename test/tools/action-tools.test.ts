import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AgentWallet, allowActions, createAgentWallet, spendingLimit } from '../../src/index.js'
import { swap, type SwapBounds } from '../../src/actions/index.js'
import { evm } from '../../src/evm/index.js'
import { privateKey } from '../../src/keys/index.js'
import { paymentTools } from '../../src/tools/index.js'
import type { KeyPair } from '../../examples/support/chain.ts'
import { startExchange, type TestExchange, tokens } from '../support/exchange.ts'

const network = 'eip155:84532'
const dollar = 1_000_000n
const coin = { network, symbol: 'ETH', address: `0x${'0'.repeat(40)}`, decimals: 18, transfer: 'native' } as const
const bounds: SwapBounds = { network, pairs: [['USDC', 'GOLD']], maxSlippageBps: 100, maxUsd: 20 }
const what = { network, sell: 'USDC', buy: 'GOLD', amount: '5' }

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
    policy: [allowActions([swap(bounds)]), spendingLimit({ instantMaxUsd: 10, dailyLimitUsd: 100 })],
    assets: [
      { ...coin, microUsd: 2_000n * dollar },
      { network, symbol: 'GOLD', address: tokens.gold, decimals: 6, transfer: 'permit2', microUsd: dollar / 2n },
    ],
    chains: [evm({ network, clients: [chain.publicClient] })],
  })
})

function open() {
  const { quote_swap: quote, swap: make } = paymentTools(wallet.session({ actions: [swap(bounds)] }), { actions: true })
  if (!quote || !make) throw new Error('the session has no tools to swap with')
  return { quote, make }
}

describe('the tools of actions', () => {
  test('are there for a session whose scope has them, and for nobody else', () => {
    const session = wallet.session({ actions: [swap(bounds)] })
    expect(Object.keys(paymentTools(session, { actions: true }))).toEqual(
      expect.arrayContaining(['quote_swap', 'swap', 'pay_fetch']),
    )
    expect(Object.keys(paymentTools(session))).not.toContain('swap')
    expect(Object.keys(paymentTools(wallet.session({}), { actions: true }))).not.toContain('swap')
    expect(() => paymentTools(wallet, { actions: true })).toThrow(/this is a wallet/)
  })

  test('tell a model what it may swap, and quote before anything is signed', async () => {
    const { quote } = open()
    expect(quote.description).toContain('USDC,GOLD,500 on eip155:84532')
    const answer = await quote.execute(what)
    expect(answer).toMatchObject({
      status: 'ok',
      isAllowed: true,
      leaves: ['5 USDC'],
      comesAtLeast: ['9.95 GOLD'],
      comesAsQuoted: ['10 GOLD'],
    })
    expect(quote.outputSchema.safeParse(answer).success).toBe(true)
    expect(await chain.nonceOf(payer.address)).toBe(0)
  })

  test('swap within the bounds, and answer with the payment', async () => {
    const { make } = open()
    const answer = await make.execute({ ...what, key: 'one' })
    expect(answer).toMatchObject({ status: 'ok', payment: { state: 'claimed', amount: '5 USDC', host: 'action' } })
    expect(make.outputSchema.safeParse(answer).success).toBe(true)
    expect(await chain.holds(tokens.gold, payer.address)).toBe(10n * dollar)
  })

  test.each<[string, object, string]>([
    ['another token', { buy: 'WETH' }, 'denied'],
    ['more slippage', { maxSlippageBps: 500 }, 'denied'],
    ['more money', { amount: '25' }, 'denied'],
    ['more than it lets itself', { maxUsd: '1' }, 'denied'],
    ['an amount in words', { amount: 'all' }, 'failed'],
    ['a recipient of its own', { recipient: tokens.gold }, 'failed'],
  ])('refuse %s in words, and sign nothing', async (_what, different, status) => {
    const { make } = open()
    const answer = await make.execute({ ...what, ...different })
    expect(answer).toMatchObject({ status })
    expect(make.outputSchema.safeParse(answer).success).toBe(true)
    expect(await chain.nonceOf(payer.address)).toBe(0)
  })

  test('wait for the owner where a person has to say yes, and go on with the key', async () => {
    const { make } = open()
    const asked = await make.execute({ ...what, amount: '12', key: 'big' })
    expect(asked).toMatchObject({ status: 'waiting', code: 'approval_required', key: 'big' })
    const [approval] = await wallet.approvals.list()
    await wallet.approvals.approve(approval?.id ?? 'apr_')
    expect(await make.execute({ ...what, amount: '12', key: 'big' })).toMatchObject({ status: 'ok' })
    expect(await chain.holds(tokens.gold, payer.address)).toBe(24n * dollar)
  })

  test('are made for each of two calls that a model gives one name', async () => {
    const { make } = open()
    const call = { key: 'c1' }
    for (const amount of ['5', '5', '6']) expect(await make.execute({ ...what, amount }, call)).toBeDefined()
    expect(await chain.balanceOf(payer.address)).toBe(89n * dollar)
  })
})
