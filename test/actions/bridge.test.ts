import { describe, expect, test } from 'vitest'
import { type AgentWallet, allowActions, memoryLedger, spendingLimit } from 'stipend'
import { bridge, type BridgeBounds } from 'stipend/actions'
import { evm, type Rpc } from 'stipend/evm'
import { paymentTools } from 'stipend/tools'
import { spokePools } from '../../src/assets/pinned-contracts.js'
import { startBridged } from '../support/bridging.ts'
import {
  arrived,
  bounds,
  chains,
  dollar,
  left,
  network,
  open,
  passTime,
  payer,
  policy,
  request,
  setUpBridge,
  there,
} from '../support/bridging-wallet.ts'
import { changedNode, nodeGoneAfter } from '../support/changed-node.ts'
import { ether } from '../support/ether.ts'
import { rejection } from '../support/wallets.ts'

setUpBridge(startBridged)

async function expectUntouched(wallet: AgentWallet): Promise<void> {
  expect(await wallet.payments.list()).toEqual([])
  expect(await left()).toBe(100n * dollar)
  expect(await chains.from.publicClient.getTransactionCount(payer)).toBe(0)
}

describe('a bridge', () => {
  test('sends exactly what was asked for, and is confirmed once as much less the fee is there', async () => {
    const wallet = open()
    const { allowed, plan } = await wallet.quoteAction(request)
    expect(allowed).toBe(true)
    expect(plan.facts).toMatchObject({ to: there, arrives: '49950000', feeBps: 10 })
    const payment = await wallet.act(request)
    expect(payment).toMatchObject({ status: 'claimed', amount: 50n * dollar, payTo: spokePools[network] })
    expect(payment.microUsd).toBeGreaterThan(50n * dollar)
    expect(await left()).toBe(50n * dollar)
    await chains.passBlocks()
    const told: (string | undefined)[] = []
    wallet.on('payment.waiting', ({ payment: { note } }) => told.push(note))
    const [waits] = (await wallet.reconcile()).open
    expect(waits).toMatchObject({ id: payment.id, status: 'claimed' })
    expect(waits?.note).toMatch(/^deposit \d+ has not arrived on eip155:421614 yet, and can until \d{4}-/)
    await wallet.reconcile()
    expect(told).toEqual([waits?.note])
    await chains.fill(payer.address)
    expect(await arrived()).toBe(50n * dollar - 50_000n)
    expect((await wallet.reconcile()).confirmed).toMatchObject([{ id: payment.id, status: 'confirmed' }])
    expect(await wallet.frozen()).toBeUndefined()
  })

  test('whose money nobody pays out stays open, says so, and counts until its owner has it back', async () => {
    const wallet = open()
    const { id } = await wallet.act(request)
    await passTime(7300)
    await chains.passBlocks()
    const [waits, ...others] = (await wallet.reconcile()).open
    expect(others).toEqual([])
    expect(waits?.note).toContain(`Across sends it back to ${payer.address} on ${network}`)
    expect((await wallet.budget())[1]?.used).toBeGreaterThan(50n * dollar)
    const resolved = await wallet.resolve(id, { as: 'not-paid', reason: 'it came back in 0xabc' })
    expect(resolved.status).toBe('released')
    await wallet.reconcile()
    expect(await wallet.frozen()).toBeUndefined()
    expect((await wallet.budget())[1]?.used).toBe(0n)
  })

  test('cannot be said not to be paid while it can still arrive', async () => {
    const wallet = open()
    const { id } = await wallet.act(request)
    await passTime(3800)
    await chains.passBlocks()
    await wallet.reconcile()
    const why = { as: 'not-paid', reason: 'I want it back' } as const
    expect(String(await rejection(wallet.resolve(id, why)))).toContain('can still be executed')
    await chains.fill(payer.address)
    expect(String(await rejection(wallet.resolve(id, why)))).toContain('a final block shows that it was paid')
    expect((await wallet.reconcile()).confirmed).toHaveLength(1)
  })

  test.each([
    ['is silent', () => Promise.reject(new Error('down'))],
    ['answers nothing', async () => '0x'],
  ])('is open, and cannot be said not to be paid, where the chain of its end %s', async (_what, answer) => {
    const ledger = memoryLedger()
    const down = changedNode(chains.to.publicClient, ({ method }, ask) => (method === 'eth_call' ? answer() : ask()))
    const wallet = open({ ledger, others: [down] })
    const { id } = await open({ ledger }).act(request)
    await passTime(7300)
    await chains.passBlocks()
    const { open: waits, confirmed } = await wallet.reconcile()
    expect([waits.map((one) => one.id), confirmed]).toEqual([[id], []])
    const why = { as: 'not-paid', reason: 'I want it back' } as const
    expect(String(await rejection(wallet.resolve(id, why)))).toContain('can still be executed')
    expect((await wallet.payments.get(id))?.status).toBe('claimed')
  })

  test('is open where what it was paid out by is another deposit', async () => {
    const wallet = open()
    const first = await wallet.act({ ...request, key: 'one', amount: '20' })
    await chains.fill(payer.address)
    const other = await wallet.act({ ...request, key: 'two', amount: '20' })
    await chains.passBlocks()
    const { confirmed, open: waits } = await wallet.reconcile()
    expect(confirmed.map(({ id }) => id)).toEqual([first.id])
    expect(waits.map(({ id }) => id)).toEqual([other.id])
  })

  test('is not confirmed by one of two nodes that says it has arrived', async () => {
    const ledger = memoryLedger()
    const liar = changedNode(chains.to.publicClient, async ({ method }, ask) =>
      method === 'eth_call' ? `0x${'2'.padStart(64, '0')}` : ask(),
    )
    const wallet = open({ ledger, others: [chains.to.publicClient as Rpc, liar] })
    await wallet.act(request)
    await chains.passBlocks()
    expect((await wallet.reconcile()).confirmed).toEqual([])
    await chains.fill(payer.address)
    expect((await open({ ledger }).reconcile()).confirmed).toHaveLength(1)
  })

  test('is one deposit, however often it is asked for with its name, and after a crash in between', async () => {
    const ledger = memoryLedger()
    const named = { ...request, key: 'fund' }
    await rejection(open({ ledger, clients: [nodeGoneAfter(chains.from.publicClient, 1)] }).act(named))
    const payment = await open({ ledger }).act(named)
    expect(await open({ ledger }).act(named)).toMatchObject({ id: payment.id, status: 'claimed' })
    expect(await left()).toBe(50n * dollar)
    await chains.fill(payer.address)
    expect(await arrived()).toBe(50n * dollar - 50_000n)
  })
})

describe('a bridge is refused, and nothing is signed', () => {
  test.each<[string, object, Partial<BridgeBounds>, readonly [code: string, reason: string]]>([
    ['it costs more than may be', { feeBps: 21 }, {}, ['payment_denied', '20 basis points at most, and 21 are']],
    ['it is more than may be sent', {}, { maxUsd: 50 }, ['payment_denied', '$50.00 at most']],
    ['the owner did not name the network', {}, { to: ['eip155:8453'] }, ['payment_denied', 'not a network']],
    ['the owner did not name the token', {}, { tokens: ['EURC'] }, ['payment_denied', 'not an allowed token']],
    ['it goes where nothing is known', { to: 'eip155:43114' }, {}, ['configuration_invalid', 'nothing is known']],
    ['it goes where it is', { to: network }, {}, ['configuration_invalid', 'nothing is known']],
    ['it goes to another family', { to: 'solana:x' }, {}, ['configuration_invalid', 'nothing is known']],
    ['the token is not there', { token: 'EURC' }, {}, ['configuration_invalid', 'EURC']],
    ['the token is one by its address', { token: ether.address }, {}, ['configuration_invalid', 'no token']],
    ['the coin is handed out for it', { token: 'WETH' }, {}, ['configuration_invalid', 'no token']],
    ['it is nothing', { amount: 0n }, {}, ['configuration_invalid', 'nothing']],
    ['its fee is no number', { feeBps: 0.5 }, {}, ['configuration_invalid', 'feeBps']],
    ['it is for somebody else', { recipient: ether.address }, {}, ['configuration_invalid', 'recipient']],
    ['it is more than there is', { amount: '101' }, { maxUsd: 200 }, ['insufficient_funds', '101']],
  ])('when %s', async (_why, different, own, [code, reason]) => {
    const wallet = open({ policy: policy(own) })
    const error = await rejection(wallet.act({ ...request, ...different } as typeof request))
    expect(error).toMatchObject({ code, moved: 'no' })
    expect(String(error)).toContain(reason)
    await expectUntouched(wallet)
  })

  test('when the wallet has no chain to see it arrive by', async () => {
    const wallet = open({ chains: [evm({ network, clients: [chains.from.publicClient] })] })
    const error = await rejection(wallet.act(request))
    expect(error).toMatchObject({ code: 'configuration_invalid' })
    expect(String(error)).toContain('no chain of it to see it arrive by')
    await expectUntouched(wallet)
  })

  test('when a token of the owner’s own has the same name and other decimals there', async () => {
    const own = { symbol: 'CASH', decimals: 6, transfer: 'permit2', microUsd: dollar } as const
    const assets = [
      ether,
      { ...own, network, address: '0x0000000000000000000000000000000000001001' },
      { ...own, network: there, address: '0x0000000000000000000000000000000000001001', decimals: 18 },
    ] as const
    const wallet = open({ assets, policy: policy({ tokens: ['CASH'] }) })
    expect(String(await rejection(wallet.act({ ...request, token: 'CASH' })))).toContain('not the same token')
    await expectUntouched(wallet)
  })

  test('when no rule allows it', async () => {
    const wallet = open({ policy: [allowActions([]), spendingLimit({ dailyLimitUsd: 100 })] })
    expect(String(await rejection(wallet.act(request)))).toContain('bridge on eip155:84532 is not an allowed action')
    await expectUntouched(wallet)
  })

  test('by a session beyond its scope, which cannot be widened', async () => {
    const wallet = open()
    const session = wallet.session({ actions: [bridge({ ...bounds, maxFeeBps: 5, maxUsd: 10 })] })
    expect(String(await rejection(session.act({ ...request, amount: '5' })))).toContain('5 basis points at most')
    expect(String(await rejection(session.act({ ...request, feeBps: 5 })))).toContain('$10.00 at most')
    expect(() => session.session({ actions: [bridge({ ...bounds, maxFeeBps: 6, maxUsd: 1 })] })).toThrow(
      /bridge reaches further/,
    )
    const wider = bridge({ ...bounds, to: [there, 'eip155:8453'], maxFeeBps: 1, maxUsd: 1 })
    expect(() => session.session({ actions: [wider] })).toThrow(/bridge reaches further/)
    await expectUntouched(wallet)
    await session.act({ ...request, amount: '5', feeBps: 5 })
    expect(await left()).toBe(95n * dollar)
  })

  test.each<[string, Partial<BridgeBounds>]>([
    ['no network', { to: [] }],
    ['what is no network', { to: ['nowhere' as typeof network] }],
    ['no fee', { maxFeeBps: 1001 }],
  ])('when its bounds name %s', (_what, own) => {
    expect(() => bridge({ ...bounds, ...own })).toThrow(/Failed to read the bounds of bridge/)
  })
})

describe('the tools of a bridge', () => {
  test('are those of a session’s scope: a quote, which signs nothing, and the bridge itself', async () => {
    const wallet = open()
    const tools = paymentTools(wallet.session({ actions: [bridge(bounds)] }), { actions: true })
    expect(tools.quote_bridge?.description).toContain('Allowed: USDC from eip155:84532 to eip155:421614.')
    const what = { network, to: there, token: 'USDC', amount: '5' }
    expect(await tools.quote_bridge?.execute(what)).toMatchObject({ isAllowed: true, leaves: ['5 USDC'] })
    await expectUntouched(wallet)
    expect(await tools.bridge?.execute({ ...what, to: 'eip155:8453' })).toMatchObject({ status: 'failed' })
    expect(await tools.bridge?.execute({ ...what, key: 'fund' })).toMatchObject({ status: 'ok' })
    expect(await left()).toBe(95n * dollar)
    expect(paymentTools(wallet.session({}), { actions: true })).not.toHaveProperty('bridge')
  })
})
