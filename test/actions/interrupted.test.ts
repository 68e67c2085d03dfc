import { describe, expect, test } from 'vitest'
import { memoryLedger } from '../../src/index.js'
import { tokens } from '../support/exchange.ts'
import { rejection } from '../support/wallets.ts'
import {
  setUpExchange,
  request,
  chain,
  node,
  payer,
  open,
  goneAfter,
  policy,
  moving,
  dollar,
} from '../support/acting.ts'

setUpExchange()

describe('an action that is interrupted', () => {
  test('between its approval and itself goes on as the same transactions, with its name or without', async () => {
    for (const what of [
      { ...request, key: 'named' },
      { ...request, amount: '6' },
    ]) {
      const ledger = memoryLedger()
      const before = await chain.nonceOf(payer.address)
      const error = await rejection(open({ ledger, clients: [goneAfter(1)] }).act(what))
      expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
      await expect.poll(() => chain.allowance(chain.token, payer.address)).toBeGreaterThan(0n)
      const restarted = open({ ledger })
      const [known] = await restarted.payments.list()
      const payment = await restarted.act(what)
      expect(payment).toMatchObject({ id: known?.id, status: 'claimed', terms: known?.terms })
      expect(payment.receipt?.transactions).toEqual(known?.receipt?.transactions)
      await expect.poll(() => chain.nonceOf(payer.address)).toBe(before + 3)
    }
  })

  test.each(['5.0', 5n * dollar])(
    'is gone on with by the next call, however that spells its tokens, and %s',
    async (amount) => {
      const ledger = memoryLedger()
      const error = await rejection(open({ ledger, clients: [goneAfter(1)] }).act(request))
      expect(error).toMatchObject({ code: 'payment_outcome_unknown' })
      const restarted = open({ ledger })
      const [known] = await restarted.payments.list()
      const respelt = { ...request, sell: chain.token.toLowerCase(), buy: tokens.gold, amount }
      expect(await restarted.act(respelt)).toMatchObject({ id: known?.id, status: 'claimed' })
      expect(await restarted.payments.list()).toHaveLength(1)
      await expect.poll(() => chain.nonceOf(payer.address)).toBe(3)
    },
  )

  test('under a name that a framework gave is gone on with by the next call, and by no other name', async () => {
    const ledger = memoryLedger()
    const [first, second] = ['c1', 'c2'].map((key) => ({ ...request, key, sameRequest: true }))
    const error = await rejection(open({ ledger, clients: [goneAfter(0)] }).act(first ?? request))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown' })
    const restarted = open({ ledger })
    expect(await rejection(restarted.act({ ...request, key: 'other' }))).toMatchObject({ code: 'limit_exceeded' })
    const [known] = await restarted.payments.list()
    expect(await restarted.act(second ?? request)).toMatchObject({
      id: known?.id,
      status: 'claimed',
      terms: known?.terms,
    })
    expect(await restarted.payments.list()).toHaveLength(1)
    await expect.poll(() => chain.nonceOf(payer.address)).toBe(3)
  })

  test('by an answer that is lost is done, where the node takes a while to know of what it has taken', async () => {
    let asked = 0
    const busy = node(async ({ method }, ask) => {
      const answer = await ask()
      if (method === 'eth_sendRawTransaction') throw new Error('socket hang up')
      if (method !== 'eth_getTransactionByHash') return answer
      asked += 1
      return asked % 3 === 0 ? answer : null
    })
    expect(await open({ clients: [busy] }).act(request)).toMatchObject({ status: 'claimed' })
    await expect.poll(() => chain.nonceOf(payer.address)).toBe(3)
  })

  test('is told of until its account has sent something in its place, since its transactions have no end', async () => {
    const told = String(await rejection(open({ clients: [goneAfter(0)] }).act(request)))
    expect(told).toContain('may have been settled, or still be until its account has sent another transaction')
  })

  test('is judged again before it goes on', async () => {
    const ledger = memoryLedger()
    const what = { ...request, key: 'named' }
    await rejection(open({ ledger, clients: [goneAfter(0)] }).act(what))
    const error = await rejection(open({ ledger, policy: policy({ maxUsd: 1 }) }).act(what))
    expect(error).toMatchObject({ code: 'payment_denied' })
    expect(await chain.nonceOf(payer.address)).toBe(0)
  })

  test('by a market that moved fails by its floor, moves nothing, and is over once that is final', async () => {
    const wallet = open({ clients: [moving()] })
    const error = await rejection(wallet.act(request))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    expect(String(error)).toContain('without success')
    expect(await chain.balanceOf(payer.address)).toBe(100n * dollar)
    await chain.passBlocks()
    expect(await wallet.reconcile()).toMatchObject({ expired: [{ amount: 5n * dollar }] })
  })
})

/** Last, since the time of the chain does not come back. */
describe('an action that was never sent', () => {
  test('is open, and counts, until a final block is past its deadline', async () => {
    const wallet = open({ clients: [goneAfter(0)] })
    await rejection(wallet.act(request))
    await chain.passBlocks()
    expect(await wallet.reconcile()).toMatchObject({ open: [{ status: 'unknown' }] })
    await chain.passTime(700)
    expect(await wallet.reconcile()).toMatchObject({ expired: [{ amount: 5n * dollar }] })
  })

  test('but for its approval has that ended at the next start, once its time is over', async () => {
    const ledger = memoryLedger()
    // The chain's time has been moved on.
    const clock = () => Date.now() + 800_000
    await rejection(open({ ledger, clock, clients: [goneAfter(1)] }).act(request))
    await expect.poll(() => chain.allowance(chain.token, payer.address)).toBe(5n * dollar)
    const early = open({ ledger, clock })
    await early.reconcile()
    expect(await chain.allowance(chain.token, payer.address)).toBe(5n * dollar)
    await chain.passTime(700)
    const restarted = open({ ledger, clock: () => Date.now() + 1_600_000 })
    await restarted.reconcile()
    expect(await chain.allowance(chain.token, payer.address)).toBe(0n)
    await chain.passBlocks()
    await restarted.reconcile()
    const statuses = (await restarted.payments.list()).map(({ status }) => status)
    expect(statuses).toEqual(['confirmed', 'expired'])
    expect(await chain.balanceOf(payer.address)).toBe(100n * dollar)
  })
})
