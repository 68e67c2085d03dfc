import { describe, expect, test } from 'vitest'
import type { Address } from 'viem'
import { allowAssets, allowHosts, allowPayees, isStipendError, type Rule, spendingLimit } from '../../src/index.js'
import type { Rpc } from '../../src/evm/index.js'
import { router, tokens } from '../support/exchange.ts'
import { rejection } from '../support/wallets.ts'
import {
  setUpExchange,
  policy,
  open,
  request,
  expectUntouched,
  node,
  chain,
  payer,
  dollar,
  ownAction,
  ownPolicy,
  network,
  usdc,
} from '../support/acting.ts'

setUpExchange()

describe('an action is refused, and nothing is signed', () => {
  test.each<[string, () => readonly Rule[], object, string]>([
    ['no rule allows any', () => [spendingLimit({ perPaymentUsd: 50 })], {}, 'no rule allows any action'],
    [
      'rules allow hosts and payees only',
      () => [allowHosts(['a.example']), allowPayees([router])],
      {},
      'no rule allows',
    ],
    ['its pair is not named', () => policy({ pairs: [['GOLD', 'USDC']] }), {}, 'not an allowed pair'],
    ['its pool is not named', () => policy(), { fee: 3000 }, 'not an allowed pair'],
    ['its slippage is over the cap', () => policy(), { maxSlippageBps: 101 }, '101 are asked'],
    ['it moves more than one may', () => policy({ maxUsd: 5 }), {}, '$5.00 at most'],
    ['it moves more than the call allows', () => policy(), { maxUsd: 5 }, '$5.00 at most'],
    ['another rule denies its asset', () => [...policy(), allowAssets(['GOLD'])], {}, 'not an allowed asset'],
    ['it is beyond a limit', () => [...policy(), spendingLimit({ perPaymentUsd: 4 })], {}, 'would exceed a limit'],
  ])('when %s', async (_why, rules, different, reason) => {
    const wallet = open({ policy: rules() })
    const error = await rejection(wallet.act({ ...request, ...different }))
    expect(isStipendError(error) && error.moved).toBe('no')
    expect(String(error)).toContain(reason)
    await expectUntouched(wallet)
  })

  test.each<[string, object, string]>([
    ['an unknown action', { action: 'stake' }, 'there is no action stake'],
    ['a part that it does not have', { slippage: 3 }, 'maxSlippageBps'],
    ['an amount that is none', { amount: '1e3' }, 'amount'],
    ['nothing', { amount: 0n }, 'nothing'],
    ['a token for itself', { buy: 'USDC' }, 'one token'],
    ['an unknown token', { buy: 'DOGE' }, 'no known token'],
    ['whole tokens of what nobody described', { sell: tokens.taxed }, 'decimals'],
    ['a network without a chain', { network: 'eip155:8453' }, 'no chain'],
  ])('of %s', async (_what, different, reason) => {
    const wallet = open()
    const error = await rejection(wallet.act({ ...request, ...different }))
    expect(error).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
    expect(String(error)).toContain(reason)
    await expectUntouched(wallet)
  })

  test('when neither side has a price', async () => {
    const wallet = open({ policy: policy({ pairs: [[tokens.taxed, tokens.thieving]] }) })
    const error = await rejection(wallet.act({ ...request, sell: tokens.taxed, buy: tokens.thieving, amount: 5n }))
    expect(String(error)).toContain('has a price')
  })

  test('when its gas has no price', async () => {
    const wallet = open({ assets: [] })
    expect(String(await rejection(wallet.act(request)))).toContain('has no price')
  })

  test('when its gas costs more than the owner allows, whatever a node says', async () => {
    const wallet = open({ maxFeeWei: 1_000_000n })
    expect(await rejection(wallet.act(request))).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
    await expectUntouched(wallet)
  })

  test('when the wallet has no node', async () => {
    const wallet = open({ clients: [node(async () => Promise.reject(new Error('socket hang up')))] })
    expect(await rejection(wallet.act(request))).toMatchObject({ code: 'chain_unavailable', moved: 'no' })
    await expectUntouched(wallet)
  })

  test('when the wallet is frozen', async () => {
    const wallet = open()
    await wallet.freeze('a look is needed')
    expect(await rejection(wallet.act(request))).toMatchObject({ code: 'wallet_frozen' })
  })
})

describe('what the chain simulates', () => {
  const cases: readonly [string, Address, string][] = [
    ['gives less than it says, because it taxes', tokens.taxed, '9 0'],
    ['takes what it was once let take', tokens.thieving, '12 USDC would leave, and the plan lets 5 USDC leave'],
    ['lets somebody else move it', tokens.openHanded, 'no such spender'],
  ]

  test.each(cases)('denies a token that %s', async (_what, token, reason) => {
    if (token === tokens.thieving) await chain.approve(payer, chain.token, token, 50n * dollar)
    const before = await chain.nonceOf(payer.address)
    const wallet = open()
    const error = await rejection(wallet.act({ ...request, buy: token }))
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(String(error)).toContain('simulation')
    expect(String(error)).toContain(token === tokens.taxed ? 'would come, and the plan needs' : reason)
    expect(await wallet.payments.list()).toEqual([])
    expect(await chain.nonceOf(payer.address)).toBe(before)
  })

  test('denies what comes to less than was quoted and allowed to slip', async () => {
    await chain.setRate(1900n, 2000n)
    const wallet = open()
    const quote = await wallet.quoteAction(request)
    expect(quote).toMatchObject({ allowed: false, reasons: ['simulation: the chain would not execute call 2 of 3'] })
    expect(await rejection(wallet.act(request))).toMatchObject({ code: 'payment_denied', moved: 'no' })
    await expectUntouched(wallet)
  })

  test('denies a plan whose token rounds by more than the last units of a balance', async () => {
    const { outflows: _, ...others } = await ownAction().plan({ action: 'own', network }, {} as never)
    const rounded = (rounding: bigint, amount: bigint) => ({
      name: 'own',
      plan: async () => ({ ...others, outflows: [{ token: { ...usdc(), rounding }, amount }] }),
    })
    for (const [rounding, amount] of [
      [3n, 5n * dollar],
      [5n * dollar, 1n],
      [-1n, 5n * dollar],
      [2n, 5n * dollar - 3n],
    ] as const) {
      const wallet = open({ actions: [rounded(rounding, amount)], policy: ownPolicy([chain.token]) })
      const error = await rejection(wallet.act({ action: 'own', network }))
      expect(String(error)).toMatch(/not well-formed|would leave, and the plan/)
      await expectUntouched(wallet)
    }
    const wallet = open({ actions: [rounded(2n, 5n * dollar - 2n)], policy: ownPolicy([chain.token]) })
    expect(await wallet.quoteAction({ action: 'own', network })).toMatchObject({ allowed: true })
  })

  test('denies a plan that says less than it does, with both numbers', async () => {
    const wallet = open({ actions: [ownAction({ outflows: 1n * dollar })], policy: ownPolicy([chain.token]) })
    const error = await rejection(wallet.act({ action: 'own', network }))
    expect(String(error)).toContain('5 USDC would leave, and the plan lets 1 USDC leave')
    await expectUntouched(wallet)
  })

  test('is believed of a quorum only: one node that lies keeps the wallet from acting', async () => {
    const liar = node(async ({ method }, ask) => {
      const answer = await ask()
      return method === 'eth_simulateV1'
        ? JSON.parse(JSON.stringify(answer).replaceAll(`${'0'.repeat(56)}05a995c0`, `${'0'.repeat(56)}05f5e100`))
        : answer
    })
    const honest = chain.publicClient as Rpc
    const wallet = open({ clients: [honest, liar] })
    expect(await rejection(wallet.act(request))).toMatchObject({ code: 'chain_unavailable', moved: 'no' })
    await expectUntouched(wallet)
    const outvoted = open({ clients: [liar, honest, node((_call, ask) => ask())] })
    await outvoted.act(request)
    expect(await chain.balanceOf(payer.address)).toBe(95n * dollar)
  })

  test('is of a quote that a quorum agrees on: one node that quotes too little cannot lower the floor', async () => {
    const low = node(async ({ method }, ask) => (method === 'eth_call' ? `0x${'1'.padStart(64, '0')}` : ask()))
    const wallet = open({ clients: [chain.publicClient as Rpc, low] })
    expect(await rejection(wallet.act(request))).toMatchObject({ code: 'chain_unavailable', moved: 'no' })
    await expectUntouched(wallet)
  })

  test('is none by a node that knows no simulation of several calls', async () => {
    const old = node(async ({ method }, ask) => {
      if (method === 'eth_simulateV1') throw Object.assign(new Error('method not found'), { code: -32_601 })
      return ask()
    })
    const wallet = open({ clients: [old] })
    expect(await rejection(wallet.act(request))).toMatchObject({ code: 'chain_unavailable', moved: 'no' })
    await expectUntouched(wallet)
  })
})
