import type { StructuredToolInterface } from '@langchain/core/tools'
import { RunContext } from '@openai/agents'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decodeFunctionData, parseAbi } from 'viem'
import { type AgentWallet, allowActions, createAgentWallet, spendingLimit } from '../../src/index.js'
import { supply, withdraw } from '../../src/actions/index.js'
import { evm } from '../../src/evm/index.js'
import { privateKey } from '../../src/keys/index.js'
import { paymentTools } from '../../src/tools/index.js'
import type { KeyPair } from '../../examples/support/chain.ts'
import { createMcpServer } from '../../adapters/mcp/index.js'
import { walletTools } from '../../adapters/ai-sdk/index.js'
import { walletTools as langchainTools } from '../../adapters/langchain/index.js'
import { walletTools as openaiTools } from '../../adapters/openai-agents/index.js'
import { ether } from '../support/ether.ts'
import { type LendingChain, pool, startLending } from '../support/lending.ts'
import { connectHost } from '../support/mcp-hosts.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const dollar = 1_000_000n
const poolAbi = parseAbi(['function withdraw(address, uint256, address)'])
const bounds = { network, tokens: ['USDC'], maxUsd: 60 } as const
const put = { action: 'supply', network, token: 'USDC', amount: '20' } as const
const take = { ...put, action: 'withdraw' } as const

let chain: LendingChain
let payer: KeyPair
let wallet: AgentWallet

beforeAll(async () => {
  chain = await startLending()
})
afterAll(() => chain?.stop())
beforeEach(async () => {
  payer = await chain.createSender()
  await chain.mint(payer.address, 100n * dollar)
  wallet = createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [
      allowActions([supply(bounds), withdraw(bounds)]),
      spendingLimit({ instantMaxUsd: 30, perPaymentUsd: 60, dailyLimitUsd: 100 }),
    ],
    assets: [ether],
    chains: [evm({ network, clients: [chain.publicClient] })],
  })
})
afterEach(async () => {
  await chain.set({})
  if ((await chain.allowance(payer.address)) !== 0n) throw new Error('an allowance is left')
})

describe('what a pool gives and takes', () => {
  test('is for the wallet itself, counted at what is lent, and leaves no allowance', async () => {
    const put20 = await wallet.act(put)
    expect(put20).toMatchObject({ status: 'claimed', payTo: pool, asset: { symbol: 'USDC' }, amount: 20n * dollar })
    expect(await chain.lent(payer.address)).toBe(20n * dollar)
    const took5 = await wallet.act({ ...take, amount: '5' })
    expect(took5).toMatchObject({ status: 'claimed', asset: { symbol: 'aUSDC' }, amount: 5n * dollar })
    expect(took5.microUsd).toBeGreaterThan(5n * dollar)
    expect(await chain.balanceOf(payer.address)).toBe(85n * dollar)
    await chain.passBlocks()
    expect((await wallet.reconcile()).confirmed).toHaveLength(2)
  })

  test.each<[string, bigint, object]>([
    ['two less come', -2n, put],
    ['two more leave', 2n, take],
  ])('may be rounded: %s', async (_what, rounding, request) => {
    await wallet.act({ ...put, amount: '21' })
    await chain.set({ rounding })
    await wallet.act(request as typeof put)
    expect(await wallet.payments.list()).toHaveLength(2)
  })

  test.each<[string, bigint, object]>([
    ['three less come', -3n, put],
    ['three more leave', 3n, take],
  ])('is no more than rounded: where %s it is not signed', async (_what, rounding, request) => {
    await wallet.act(put)
    await chain.set({ rounding })
    const error = await rejection(wallet.act({ ...(request as typeof put), amount: '19' }))
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(String(error)).toMatch(/(18\.999997|19\.000003) aUSDC would (come|leave), and the plan/)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('is nothing where nothing comes, however little it is', async () => {
    await wallet.act(put)
    await chain.set({ isThief: true })
    for (const request of [put, take]) {
      for (const amount of [1n, 2n, 10n]) {
        const error = await rejection(wallet.act({ ...request, amount }))
        expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
        expect(String(error)).toContain('0 ')
      }
    }
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('is, of all, what is there at the block that it was planned at: what comes after it was planned stays', async () => {
    await wallet.act(put)
    const { plan } = await wallet.quoteAction({ ...take, amount: 'all' })
    const [call] = plan.calls
    expect(decodeFunctionData({ abi: poolAbi, data: call?.data ?? '0x' }).args).toEqual([
      chain.token,
      20n * dollar,
      payer.address,
    ])
  })

  test('is not there on a network that has no pool', async () => {
    const error = await rejection(wallet.quoteAction({ ...put, network: 'eip155:14' }))
    expect(error).toMatchObject({ code: 'configuration_invalid' })
  })
})

describe('the tools of lending', () => {
  const open = () => paymentTools(wallet.session({ actions: [supply(bounds), withdraw(bounds)] }), { actions: true })

  test('are those of a session’s scope', () => {
    const { quote_supply: quote, ...others } = paymentTools(wallet.session({ actions: [supply(bounds)] }), {
      actions: true,
    })
    expect(quote?.description).toContain('Allowed: USDC on eip155:84532.')
    expect(Object.keys(others)).toContain('supply')
    expect(Object.keys(others)).not.toContain('withdraw')
    expect(Object.keys(others)).not.toContain('swap')
    expect(Object.keys(paymentTools(wallet.session({}), { actions: true }))).not.toContain('supply')
  })

  test('are shown by every adapter, those that sign nothing as such', async () => {
    const session = wallet.session({ actions: [supply(bounds), withdraw(bounds)] })
    const names = ['quote_supply', 'supply', 'quote_withdraw', 'withdraw']
    expect(Object.keys(walletTools(session, { actions: true }).tools)).toEqual(expect.arrayContaining(names))
    for (const others of [langchainTools(session, { actions: true }), openaiTools(session, { actions: true })])
      expect(others.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
    const host = await connectHost(() => createMcpServer(session, { actions: true }))
    const shown = await host.tools()
    await host.close()
    const readOnly = names.map((one) => Object(shown.find(({ name }) => name === one)?.annotations).readOnlyHint)
    expect(readOnly).toEqual([true, false, true, false])
  })

  test('supply once in a call that is run again, whichever framework runs it', async () => {
    const session = wallet.session({ actions: [supply(bounds)] })
    const args = { network, token: 'USDC', amount: '5' }
    const own = { actions: true, conversation: 'chat' } as const
    const config = { configurable: { thread_id: 'thread' } }
    const chained: readonly StructuredToolInterface[] = langchainTools(session, { actions: true })
    const call = { type: 'tool_call', id: 'c1', name: 'supply', args } as const
    const details = { toolCall: { type: 'function_call', callId: 'c1', name: 'supply', arguments: '{}' } } as const
    const sdk = { toolCallId: 'c1', messages: [], context: {} }
    const ways: readonly (() => unknown)[] = [
      () => chained.find(({ name }) => name === 'supply')?.invoke(call, config),
      () =>
        openaiTools(session, { ...own, conversation: 'other' })
          .find(({ name }) => name === 'supply')
          ?.invoke(new RunContext(), JSON.stringify(args), details),
      () => walletTools(session, own).tools.supply?.execute?.(args, sdk),
    ]
    for (const [index, run] of ways.entries()) {
      await run()
      await run()
      expect(await chain.lent(payer.address)).toBe(5n * dollar * BigInt(index + 1))
    }
  })

  test('quote without signing, then supply and withdraw all', async () => {
    const { quote_supply: quote, supply: put20, withdraw: takeAll } = open()
    const what = { network, token: 'USDC', amount: '20' }
    const quoted = await quote?.execute(what)
    expect(quoted).toMatchObject({ isAllowed: true, leaves: ['20 USDC'], comesAtLeast: ['20 aUSDC'] })
    expect(quote?.outputSchema.safeParse(quoted).success).toBe(true)
    expect(await chain.nonceOf(payer.address)).toBe(0)
    const made = await put20?.execute({ ...what, key: 'save' })
    expect(made).toMatchObject({ status: 'ok', payment: { amount: '20 USDC', host: 'action' } })
    expect(await takeAll?.execute({ ...what, amount: 'all' })).toMatchObject({ status: 'ok' })
    expect(await chain.lent(payer.address)).toBe(0n)
  })

  test.each<[string, object, string]>([
    ['another token', { token: 'WETH' }, 'denied'],
    ['more money', { amount: '61' }, 'denied'],
    ['more than it lets itself', { maxUsd: '1' }, 'denied'],
    ['what needs a person', { amount: '40', key: 'big' }, 'waiting'],
    ['everything', { amount: 'all' }, 'failed'],
    ['somebody else as its owner', { onBehalfOf: pool }, 'failed'],
  ])('refuse to supply %s in words, and sign nothing', async (_what, different, status) => {
    const { supply: put20 } = open()
    const answer = await put20?.execute({ network, token: 'USDC', amount: '20', ...different })
    expect(answer).toMatchObject({ status })
    expect(put20?.outputSchema.safeParse(answer).success).toBe(true)
    expect(await chain.nonceOf(payer.address)).toBe(0)
  })
})
