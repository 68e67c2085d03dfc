import { describe, expect, test } from 'vitest'
import { walletTools } from '../../adapters/ai-sdk/index.js'
import { walletTools as langchainTools } from '../../adapters/langchain/index.js'
import { createMcpServer } from '../../adapters/mcp/index.js'
import { walletTools as openaiTools } from '../../adapters/openai-agents/index.js'
import { narrowToken } from '../../src/index.js'
import type { Chain } from '../../src/ports/chain.js'
import { paymentTools } from '../../src/tools/index.js'
import { setUpMarket } from '../support/market.ts'
import { connectHost } from '../support/mcp-hosts.ts'
import { rejection } from '../support/wallets.ts'

const { open } = setUpMarket()
const network = 'eip155:84532'

/** A chain that says what there is: 1.5 USDC, and nothing of all else. */
const chain: Chain = {
  network,
  examine: async () => ({ type: 'open', reason: 'nobody is asked' }),
  balances: async (_address, assets) => assets.map(({ symbol }) => (symbol === 'USDC' ? 1_500_000n : 0n)),
}
const openRich = (options: Parameters<typeof open>[0] = {}) => open({ chains: [chain], ...options })

describe('where the money of a wallet is', () => {
  test('is seen by a session whose scope says so, and by no other', async () => {
    const wallet = openRich()
    const session = wallet.session({ balances: true })
    expect(await session.addresses?.()).toEqual(await wallet.addresses())
    expect(await session.balances?.()).toEqual(await wallet.balances())
    for (const blind of [wallet.session({}), wallet.session({ balances: false })]) {
      expect([blind.addresses, blind.balances]).toEqual([undefined, undefined])
    }
  })

  test('is seen by a session made from another only where both say so', async () => {
    const wallet = openRich()
    const seeing = wallet.session({ balances: true })
    expect(seeing.session({}).balances).toBeUndefined()
    expect(await seeing.session({ balances: true }).balances?.()).toEqual(await wallet.balances())
    expect(() => wallet.session({}).session({ balances: true })).toThrow('balances is not allowed')
    const widened = narrowToken(await wallet.session({}).token(), { balances: true })
    expect(await rejection(wallet.openSession(widened))).toMatchObject({ code: 'session_invalid' })
    const opened = await wallet.openSession(narrowToken(await seeing.token(), { balances: true }))
    expect(await opened.balances?.()).toHaveLength((await wallet.balances()).length)
  })

  test('is not seen any more by a session that is revoked or over', async () => {
    let now = Date.now()
    const wallet = openRich({ clock: () => now })
    const session = wallet.session({ balances: true })
    await wallet.revokeSession(session)
    expect(await rejection(session.balances?.() ?? Promise.resolve())).toMatchObject({ code: 'session_revoked' })
    expect(await rejection(session.addresses?.() ?? Promise.resolve())).toMatchObject({ code: 'session_revoked' })
    const short = wallet.session({ balances: true, expiresAt: now + 1000 })
    now += 1001
    expect(await rejection(short.balances?.() ?? Promise.resolve())).toMatchObject({ code: 'session_invalid' })
  })
})

describe('the tools addresses and balances', () => {
  test('show it in words, and only what there is', async () => {
    const wallet = openRich()
    const { addresses, balances } = paymentTools(wallet.session({ balances: true }))
    const [{ address } = { address: '' }] = await wallet.addresses()
    const where = await addresses?.execute({})
    expect(where).toMatchObject({ status: 'ok', addresses: await wallet.addresses() })
    expect(addresses?.outputSchema.safeParse(where).success).toBe(true)
    const held = await balances?.execute({})
    expect(held).toMatchObject({
      status: 'ok',
      balances: [{ network, address, amount: '1.5 USDC', amountUsd: '$1.50' }],
    })
    expect(balances?.outputSchema.safeParse(held).success).toBe(true)
    expect(await balances?.execute({ network })).toMatchObject({ status: 'failed', code: 'input_invalid' })
  })

  test('are not there for a wallet, nor for a session that may not see it', () => {
    for (const owner of [openRich(), openRich().session({})]) {
      expect(Object.keys(paymentTools(owner))).toEqual(['pay_fetch', 'quote', 'budget', 'payments', 'approval_status'])
    }
  })

  test('answer with a result, without the words of what failed', async () => {
    const balances = () => Promise.reject(new Error('https://node.example/v2/secret-key is down'))
    const failing = openRich({ chains: [{ ...chain, balances }] }).session({ balances: true })
    const failed = await paymentTools(failing).balances?.execute({})
    expect(failed).toMatchObject({ status: 'failed', code: 'chain_unavailable' })
    expect(JSON.stringify(failed)).not.toContain('secret-key')
    const chainless = await paymentTools(open().session({ balances: true })).balances?.execute({})
    expect(chainless).toMatchObject({ status: 'failed', code: 'configuration_invalid' })
    const wallet = openRich()
    const over = wallet.session({ balances: true })
    await wallet.revokeSession(over)
    expect(await paymentTools(over).addresses?.execute({})).toMatchObject({ status: 'denied', code: 'session_revoked' })
  })

  test('are shown by every adapter, as tools that only look', async () => {
    const session = openRich().session({ balances: true })
    const names = ['addresses', 'balances']
    expect(Object.keys(walletTools(session).tools)).toEqual(expect.arrayContaining(names))
    for (const others of [langchainTools(session), openaiTools(session)])
      expect(others.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
    const host = await connectHost(() => createMcpServer(session))
    const shown = await host.tools()
    const reply = await host.call('balances', {})
    await host.close()
    expect(JSON.stringify(reply)).toContain('1.5 USDC')
    const readOnly = names.map((one) => Object(shown.find(({ name }) => name === one)?.annotations).readOnlyHint)
    expect(readOnly).toEqual([true, true])
  })
})
