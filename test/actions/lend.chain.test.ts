import { describe, expect, test } from 'vitest'
import { encodeAbiParameters, parseEther } from 'viem'
import { type AgentWallet, allowActions, memoryLedger, spendingLimit } from 'stipend'
import { type LendingBounds, supply, withdraw } from 'stipend/actions'
import type { Rpc } from 'stipend/evm'
import { ether } from '../support/ether.ts'
import {
  bounds,
  chain,
  dollar,
  goneAfter,
  lent,
  network,
  node,
  open,
  passTime,
  payer,
  policy,
  setUpAave,
} from '../support/lending-wallet.ts'
import { rejection } from '../support/wallets.ts'

const put = { action: 'supply', network, token: 'USDC', amount: '50' } as const
const take = { ...put, action: 'withdraw' } as const
const month = 30 * 86_400

setUpAave()

async function expectUntouched(wallet: AgentWallet, count = 0): Promise<void> {
  expect(await wallet.payments.list()).toHaveLength(count)
  expect(await chain.publicClient.getTransactionCount(payer)).toBe(count * 3)
}

describe('a supply', () => {
  test('puts exactly what was asked for into the pool, for as much of its token, as one payment', async () => {
    const wallet = open()
    const quote = await wallet.quoteAction(put)
    expect(quote).toMatchObject({ allowed: true, reasons: [] })
    expect(quote.plan.inflows).toMatchObject([{ token: { symbol: 'aUSDC', decimals: 6 }, amount: 50n * dollar }])
    const payment = await wallet.act(put)
    expect(payment).toMatchObject({ status: 'claimed', protocol: 'action', amount: 50n * dollar, payTo: chain.pool })
    expect(payment.receipt?.transactions).toHaveLength(3)
    expect(payment.microUsd).toBeGreaterThan(50n * dollar)
    expect(await chain.balanceOf(payer.address)).toBe(50n * dollar)
    expect(await lent()).toBeGreaterThanOrEqual(50n * dollar - 2n)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('takes the wrapped coin too, counted at the price of the coin', async () => {
    await chain.wrap(payer, parseEther('0.02'))
    const payment = await open().act({ ...put, token: 'WETH', amount: '0.02' })
    expect(payment.microUsd).toBeGreaterThan(40n * dollar)
    expect(await chain.holds(chain.weth, payer.address)).toBe(0n)
  })

  test('is confirmed by a final block, as its withdrawal is, and their transfers are explained', async () => {
    const aUsdc = { network, symbol: 'aUSDC', address: chain.aUsdc, decimals: 6, transfer: 'permit2' } as const
    const wallet = open({ assets: [ether, { ...aUsdc, microUsd: dollar }] })
    const frozen: unknown[] = []
    wallet.on('wallet.frozen', (event) => void frozen.push(event))
    await wallet.act(put)
    await wallet.act({ ...take, amount: '20' })
    await chain.passBlocks()
    expect((await wallet.reconcile()).confirmed).toHaveLength(2)
    expect(frozen).toEqual([])
  })

  test('that crashed between its approval and itself goes on as the same transactions', async () => {
    const ledger = memoryLedger()
    const what = { ...put, key: 'save' }
    const error = await rejection(open({ ledger, clients: [goneAfter(1)] }).act(what))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    await expect.poll(() => chain.allowance(chain.token, payer.address)).toBe(50n * dollar)
    const restarted = open({ ledger })
    const [before] = await restarted.payments.list()
    const payment = await restarted.act(what)
    expect(payment).toMatchObject({ id: before?.id, status: 'claimed', terms: before?.terms })
    expect(payment.receipt?.transactions).toEqual(before?.receipt?.transactions)
    expect(await chain.balanceOf(payer.address)).toBe(50n * dollar)
  })
})

describe('a withdrawal', () => {
  test('brings exactly what was asked for to the wallet, and needs no approval', async () => {
    const wallet = open()
    await wallet.act(put)
    const payment = await wallet.act({ ...take, amount: '20' })
    expect(payment).toMatchObject({ status: 'claimed', amount: 20n * dollar, asset: { symbol: 'aUSDC' } })
    expect(payment.receipt?.transactions).toHaveLength(1)
    expect(await chain.balanceOf(payer.address)).toBe(70n * dollar)
  })

  test('of all brings what there is at the block that it was planned at, and no more of what comes later', async () => {
    const ledger = memoryLedger()
    await open({ ledger }).act(put)
    await passTime(3600)
    const before = await lent()
    const late = node(async ({ method }, ask) => {
      if (method === 'eth_sendRawTransaction') await passTime(86_400)
      return ask()
    })
    const payment = await open({ ledger, clients: [late] }).act({ ...take, amount: 'all' })
    expect(payment.amount).toBe(before)
    expect(await chain.balanceOf(payer.address)).toBe(50n * dollar + before)
    expect(await lent()).toBeGreaterThan(0n)
  })
})

describe('the rounding of the pool', () => {
  test('keeps no amount from being lent or taken back, whatever interest has come of it', async () => {
    await passTime(3 * month)
    const wallet = open()
    await wallet.act(put)
    for (const amount of [3n, 7n, 11n, 13n, 101n, 33_333n, 999_983n, 1_000_001n, 1_234_567n, 3_000_007n]) {
      for (const what of [put, take]) {
        const { allowed, reasons } = await wallet.quoteAction({ ...what, amount })
        expect([allowed, ...reasons]).toEqual([true])
      }
    }
  })
})

describe('lending is refused, and nothing is signed', () => {
  test.each<[string, object, Partial<LendingBounds>, readonly [code: string, reason: string]]>([
    ['the owner did not name the token', put, { tokens: ['WETH'] }, ['payment_denied', 'USDC is not an allowed token']],
    ['it is more than may be lent', put, { maxUsd: 50 }, ['payment_denied', '$50.00 at most']],
    ['it is more than there is', { ...put, amount: '101' }, { maxUsd: 200 }, ['insufficient_funds', '101']],
    ['nothing is there to take', { ...take, amount: 'all' }, {}, ['payment_denied', 'has no aUSDC']],
    ['less is there to take', take, {}, ['insufficient_funds', 'aUSDC']],
    ['all of it is to be put in', { ...put, amount: 'all' }, {}, ['configuration_invalid', 'amount']],
    ['it is nothing', { ...take, amount: 0n }, {}, ['configuration_invalid', 'nothing']],
    [
      'the pool has no such token',
      { ...put, token: ether.address.replace(/0$/, '9'), amount: 5n },
      {},
      ['payment_denied', 'has no'],
    ],
    ['it is for somebody else', { ...put, onBehalfOf: ether.address }, {}, ['configuration_invalid', 'onBehalfOf']],
    ['it goes to somebody else', { ...take, to: ether.address }, {}, ['configuration_invalid', 'to']],
  ])('when %s', async (_why, what, own, [code, reason]) => {
    const wallet = open({ policy: policy(own) })
    const error = await rejection(wallet.act(what as typeof put))
    expect(error).toMatchObject({ code, moved: 'no' })
    expect(String(error)).toContain(reason)
    await expectUntouched(wallet)
  })

  test('when no rule allows it, or one allows only the other way', async () => {
    const wallet = open({ policy: [allowActions([withdraw(bounds)]), spendingLimit({ dailyLimitUsd: 100 })] })
    const error = await rejection(wallet.act(put))
    expect(error).toMatchObject({ code: 'payment_denied' })
    expect(String(error)).toContain('supply on eip155:84532 is not an allowed action')
    await expectUntouched(wallet)
  })

  test.each<[string, () => Promise<void>, () => Promise<void>, boolean]>([
    ['is paused', () => chain.pause(true), () => chain.pause(false), true],
    ['is frozen', () => chain.freeze(true), () => chain.freeze(false), false],
    ['is full', () => chain.setSupplyCap(1n), () => chain.setSupplyCap(0n), false],
  ])('by the simulation where the reserve %s', async (_what, close, reopen, isClosedForAll) => {
    const wallet = open()
    await wallet.act(put)
    await close()
    try {
      for (const what of isClosedForAll ? [{ ...put, amount: '1' }, take] : [{ ...put, amount: '1' }]) {
        const error = await rejection(wallet.act(what))
        expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
        expect(String(error)).toContain('the chain would not execute call')
      }
      await expectUntouched(wallet, 1)
    } finally {
      await reopen()
    }
  })

  test('by the simulation where more is taken than there is, whatever a node says of the balance', async () => {
    const rich = node(async (call, ask) => {
      const isBalance = call.method === 'eth_call' && JSON.stringify(call.params).includes('0x70a08231')
      return isBalance ? `0x${'fffffffff'.padStart(64, '0')}` : ask()
    })
    const lying = node(async (call, ask) => {
      const isBalance = call.method === 'eth_call' && /0x70a08231|0x82ad56cb/.test(JSON.stringify(call.params))
      if (isBalance) throw new Error('socket hang up')
      return ask()
    })
    for (const client of [rich, lying]) {
      const wallet = open({ clients: [client] })
      const error = await rejection(wallet.act(take))
      expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
      expect(String(error)).toContain('would not execute call 1 of 1')
      await expectUntouched(wallet)
    }
  })

  test('where one of two nodes names another token of the pool', async () => {
    const word = encodeAbiParameters([{ type: 'address' }], [chain.weth]).slice(2)
    const own = chain.aUsdc.slice(2).toLowerCase().padStart(64, '0')
    const liar = node(async ({ method }, ask) => {
      const answer = await ask()
      return method === 'eth_call' ? String(answer).replace(own, word) : answer
    })
    const wallet = open({ clients: [chain.publicClient as Rpc, liar] })
    expect(await rejection(wallet.act(put))).toMatchObject({ code: 'chain_unavailable', moved: 'no' })
    await expectUntouched(wallet)
    const error = await rejection(open({ clients: [liar] }).act(put))
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(String(error)).toContain('would come, and the plan needs')
  })
})

describe('a session', () => {
  test('lends within its own scope, and gives no more of it', async () => {
    const wallet = open()
    const session = wallet.session({ actions: [supply({ network, tokens: ['USDC'], maxUsd: 20 })] })
    expect(String(await rejection(session.act(put)))).toContain('$20.00 at most')
    expect(String(await rejection(session.act({ ...put, token: 'WETH', amount: '0.001' })))).toContain(
      'WETH is not an allowed token',
    )
    expect(String(await rejection(session.act(take)))).toContain('withdraw on eip155:84532 is not an allowed action')
    expect(() => session.session({ actions: [supply({ ...bounds, maxUsd: 1 })] })).toThrow(/supply reaches further/)
    expect(() => session.session({ actions: [withdraw({ ...bounds, maxUsd: 1 })] })).toThrow(/reaches further/)
    await expectUntouched(wallet)
    const token = await session.token()
    await (await wallet.openSession(token)).act({ ...put, amount: '10' })
    expect(await chain.balanceOf(payer.address)).toBe(90n * dollar)
  })
})

/** Last, since it takes all that the pool has. */
describe('what nobody can take, or finish', () => {
  test('is not signed where the pool has lent it to others', async () => {
    const wallet = open()
    await wallet.act(put)
    await chain.borrow(await chain.balanceOf(chain.aUsdc))
    const error = await rejection(wallet.act(take))
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    await expectUntouched(wallet, 1)
  })

  test('has its approval ended by the next start after an hour, and moves nothing any more', async () => {
    const ledger = memoryLedger()
    await rejection(open({ ledger, clients: [goneAfter(1)] }).act(put))
    await expect.poll(() => chain.allowance(chain.token, payer.address)).toBe(50n * dollar)
    await open({ ledger }).reconcile()
    expect(await chain.allowance(chain.token, payer.address)).toBe(50n * dollar)
    await passTime(4000)
    await chain.passBlocks()
    const restarted = open({ ledger })
    await restarted.reconcile()
    expect(await chain.allowance(chain.token, payer.address)).toBe(0n)
    await chain.passBlocks()
    await restarted.reconcile()
    expect((await restarted.payments.list()).map(({ status }) => status)).toEqual(['confirmed', 'expired'])
    expect(await chain.balanceOf(payer.address)).toBe(100n * dollar)
  })
})
