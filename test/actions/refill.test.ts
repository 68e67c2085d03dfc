import { describe, expect, test } from 'vitest'
import { type AgentWallet, memoryLedger, spendingLimit } from 'stipend'
import type { Delegation, RefillOptions } from 'stipend/actions'
import { delegations } from '../../src/assets/pinned-delegations.js'
import { nodeGoneAfter } from '../support/changed-node.ts'
import {
  chain,
  delegate,
  delegation,
  dollar,
  held,
  network,
  node,
  ofRefill,
  open,
  owner,
  payer,
  refillOf,
  setUpDelegations,
  stranger,
} from '../support/refilling-wallet.ts'
import { rejection } from '../support/wallets.ts'

setUpDelegations()

describe('a refill', () => {
  test('tops up to what its owner says, as one payment that counts its gas and nothing more', async () => {
    const wallet = open()
    const [payment, ...others] = await wallet.refill()
    expect(others).toEqual([])
    expect(payment).toMatchObject({ status: 'claimed', payTo: delegations.manager, asset: { symbol: 'ETH' } })
    expect(payment?.microUsd).toBeLessThan(dollar)
    expect(await held()).toBe(15n * dollar)
    expect(await chain.balanceOf(owner.address)).toBe(85n * dollar)
    const [daily] = (await wallet.budget()).filter(({ name }) => name.includes('daily'))
    expect(daily?.used).toBe(payment?.microUsd)
    await chain.passBlocks()
    expect((await wallet.reconcile()).confirmed).toHaveLength(1)
    expect(await wallet.frozen()).toBeUndefined()
  })

  test('is none where there is enough', async () => {
    await chain.mint(payer.address, 2n * dollar)
    const wallet = open()
    expect(await wallet.refill()).toEqual([])
    expect(await wallet.payments.list()).toEqual([])
  })

  test('moves what is left of the period, then nothing until the next', async () => {
    const wallet = open({ own: { floor: '18', to: '30' } })
    await wallet.refill()
    expect(await held()).toBe(20n * dollar)
    await chain.mint(chain.accounts[9]?.address ?? stranger, 1n)
    const poor = open({ own: { floor: '25', to: '30' } })
    const error = await rejection(poor.refill())
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(String(error)).toContain('10 USDC is missing; its delegation lets 0 USDC be moved now')
    await chain.passTime(86_400)
    await poor.refill()
    expect(await held()).toBe(30n * dollar)
  })

  test('is of what the owner has, and of so little that it is not worth its gas nothing', async () => {
    const poor = await chain.createOwner(dollar)
    await delegate({ owner: poor })
    expect(String(await rejection(open().refill()))).toContain("its owner's account has 1 USDC")
    await chain.mint(poor.address, dollar)
    await open().refill()
    expect(await held()).toBe(2n * dollar)
  })

  test('is not signed where the chain would not execute it, whatever a node says is left of the period', async () => {
    await open({ own: { floor: '18', to: '20' } }).refill()
    const liar = node(async (call, ask) => {
      const isAvailable = call.method === 'eth_call' && JSON.stringify(call.params).includes(delegations.periodTransfer)
      return isAvailable ? `0x${(9n * dollar).toString(16).padStart(64, '0')}${'0'.repeat(128)}` : ask()
    })
    const wallet = open({ clients: [liar], own: { floor: '25', to: '29' } })
    const error = await rejection(wallet.refill())
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(String(error)).toContain('the chain would not execute call 1 of 1')
    expect(await wallet.payments.list()).toEqual([])
    expect(await chain.nonceOf(payer.address)).toBe(1)
  })

  test('is made once by two processes that want it at once, of one ledger or of two', async () => {
    const ledger = memoryLedger()
    const wallets = [open({ ledger }), open({ ledger }), open()]
    const made = await Promise.allSettled(wallets.map((wallet) => wallet.refill()))
    expect(made.some(({ status }) => status === 'fulfilled')).toBe(true)
    expect(await held()).toBe(15n * dollar)
    expect(await chain.nonceOf(payer.address)).toBe(1)
  })

  test('is made once where another ledger’s wallet makes it between the block that it was planned at and its signature', async () => {
    await delegate({ amount: 50n * dollar })
    const own = { periodAmount: '50' }
    let others = 1
    const late = node(async ({ method }, ask) => {
      const answer = await ask()
      if (method === 'eth_simulateV1' && others-- === 1) await open({ own }).refill()
      return answer
    })
    await open({ clients: [late], own }).refill()
    expect(await held()).toBe(15n * dollar)
    expect(await chain.nonceOf(payer.address)).toBe(1)
  })

  test('goes on with the same transaction where it was interrupted', async () => {
    const ledger = memoryLedger()
    await rejection(open({ ledger, clients: [nodeGoneAfter(chain.publicClient, 0)] }).refill())
    expect(await held()).toBe(0n)
    const [before] = await ofRefill(open({ ledger }))
    expect(before).toMatchObject({ status: 'unknown' })
    const [payment] = await open({ ledger }).refill()
    expect(payment).toMatchObject({ id: before?.id, terms: before?.terms })
    expect(await held()).toBe(15n * dollar)
    expect(await chain.nonceOf(payer.address)).toBe(1)
  })

  test('is not signed by a frozen wallet, nor where its gas is more than the policy lets be spent', async () => {
    const frozen = open()
    await frozen.freeze('a test')
    expect(await rejection(frozen.refill())).toMatchObject({ code: 'wallet_frozen' })
    const thrifty = open({ policy: [spendingLimit({ perPaymentUsd: 0.000001, dailyLimitUsd: 1 })] })
    expect(await rejection(thrifty.refill())).toMatchObject({ code: 'limit_exceeded' })
    expect(await held()).toBe(0n)
    expect(await chain.nonceOf(payer.address)).toBe(0)
  })

  test('is the wallet’s own: no session takes one, and no action of the owner’s has its name', async () => {
    const wallet = open()
    const request = { action: 'refill', network } as const
    const bounds = { action: 'refill', network, contracts: [delegations.manager], maxUsd: 1 } as const
    for (const one of [wallet, wallet.session({ actions: [bounds] })])
      expect(await rejection(one.act(request))).toMatchObject({ code: 'configuration_invalid' })
    const own = { name: 'refill', plan: async () => Promise.reject(new Error('never')) }
    expect(() => open({ actions: [own] })).toThrow(/there is another refill/)
  })
})

describe('a delegation is refused', () => {
  const bad = (change: Partial<Delegation>) => ({ ...delegation, ...change })
  const period = () => delegation.caveats[1] as Delegation['caveats'][number]

  test.each<[string, () => Partial<Delegation>, RegExp]>([
    ['was handed on', () => ({ authority: `0x${'1'.repeat(64)}` }), /not one by an account itself/],
    ['is not signed', () => ({ signature: '0x' }), /not signed/],
    ['has no caveat', () => ({ caveats: [] }), /caveats are not usable/],
    ['has no cap', () => ({ caveats: delegation.caveats.slice(0, 1) }), /no erc20PeriodTransfer/],
    ['has two caps', () => ({ caveats: [period(), period()] }), /a caveat is there twice/],
    [
      'is held to it by another enforcer',
      () => ({ caveats: [{ ...period(), enforcer: stranger }] }),
      /no enforcer that is known/,
    ],
    [
      'has terms of another shape',
      () => ({ caveats: [{ ...period(), terms: `${period().terms}00` }] }),
      /not of its shape/,
    ],
    ['is to nobody', () => ({ delegate: '0x1' }), /its delegate is no address/],
    ['is to itself', () => ({ delegate: owner.address }), /to its own account/],
    ['has no salt', () => ({ salt: 'seven' }), /its salt is no number/],
  ])('that %s', (_what, change, reason) => {
    expect(() => refillOf({ delegation: bad(change()) })).toThrow(reason)
  })

  test.each<[string, Partial<RefillOptions>, RegExp]>([
    ['lets more be moved than its owner says', { periodAmount: '19' }, /lets 20 USDC be moved in 86400 seconds/],
    ['lets it be moved more often', { periodDuration: 604_800 }, /in 604800/],
    ['is of another token', { token: 'WETH' }, /the delegation is of 0x036C.*, and not of WETH/],
  ])('that %s', (_what, own, reason) => {
    expect(() => open({ own })).toThrow(reason)
  })

  test('that is to another wallet', async () => {
    await delegate({ to: stranger })
    const error = await rejection(open().refill())
    expect(error).toMatchObject({ code: 'configuration_invalid' })
    expect(String(error)).toContain(`the delegation is to ${stranger}`)
  })

  test('that somebody else has signed, by the simulation', async () => {
    const { signature } = await chain.delegate({ owner: payer, to: owner.address, amount: 20n * dollar })
    const wallet = open({ own: { delegation: { ...delegation, signature } } })
    expect(await rejection(wallet.refill())).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(await wallet.payments.list()).toEqual([])
  })

  test.each<[string, Partial<RefillOptions>, RegExp]>([
    ['no network', { network: 'eip155:43114' }, /no delegations on eip155:43114/],
    ['no token', { token: '' }, /names no token/],
    ['no duration', { periodDuration: 0.5 }, /periodDuration/],
  ])('along with options that have %s', (_what, own, reason) => {
    expect(() => refillOf(own)).toThrow(reason)
  })

  test.each<[string, () => AgentWallet, RegExp]>([
    ['more than it is topped up to', () => open({ own: { floor: '15' } }), /no more than its floor/],
    ['of one token twice', () => open({ refills: [refillOf(), refillOf()] }), /there are two of/],
    ['on a network without a chain', () => open({ chains: [] }), /no chain of eip155:84532/],
  ])('along with refills %s', (_what, make, reason) => {
    expect(make).toThrow(reason)
  })
})
