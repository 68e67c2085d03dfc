import { parseAbi } from 'viem'
import { describe, expect, test } from 'vitest'
import { type Action, call, type CallOptions } from '../../src/actions/index.js'
import type { AgentWallet } from '../../src/index.js'
import { paymentTools } from '../../src/tools/index.js'
import {
  chain,
  dollar,
  expectUntouched,
  network,
  open,
  ownAction,
  ownPolicy,
  payer,
  setUpExchange,
  thief,
} from '../support/acting.ts'
import { router } from '../support/exchange.ts'
import { rejection } from '../support/wallets.ts'

const friend = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const token = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
const tip = {
  name: 'own',
  network,
  to: token,
  abi: parseAbi(['function transfer(address to, uint256 amount)', 'function approve(address spender, uint256 amount)']),
  function: 'transfer',
  addresses: [friend],
  outflows: [{ token: 'USDC', atMost: '10', argument: 'amount' }],
} as const satisfies CallOptions
const request = { action: 'own', network, args: [friend, 5n * dollar] } as const
function writeDigits(this: bigint): string {
  return this.toString()
}

setUpExchange()

function openWith(...actions: readonly Action[]): AgentWallet {
  return open({ actions, policy: ownPolicy([token]) })
}

describe('a call', () => {
  test('moves what its arguments say, counted as that', async () => {
    const wallet = openWith(call(tip))
    const before = await chain.balanceOf(friend)
    const { microUsd } = await wallet.act(request)
    expect(microUsd).toBeGreaterThan(5n * dollar)
    expect(await chain.balanceOf(friend)).toBe(before + 5n * dollar)
    const session = wallet.session({ actions: [{ action: 'own', network, contracts: [token], maxUsd: 20 }] })
    expect(Object.keys(paymentTools(session, { actions: true }))).not.toContain('own')
  })

  test.each<[string, Partial<CallOptions>, object, string]>([
    ['an address that is not named', {}, { args: [thief, 5n * dollar] }, `${thief} is not an allowed address`],
    ['an address where none is', { addresses: [] }, {}, 'is not an allowed address'],
    ['more than was declared', {}, { args: [friend, 10n * dollar + 1n] }, '10 USDC may leave by it at most'],
    [
      'more than it says',
      { outflows: [{ token: 'USDC', atMost: '4' }] },
      {},
      '5 USDC would leave, and the plan lets 4',
    ],
    ['what it says nothing of', { outflows: [] }, {}, '5 USDC would leave, and the plan lets 0'],
    ['less than has to come', { inflows: [{ token: 'GOLD', atLeast: '1' }] }, {}, '0 GOLD would come'],
    [
      'an allowance to others',
      { function: 'approve', outflows: [], addresses: [router] },
      { args: [router, 1n] },
      'no such spender',
    ],
  ])('with %s is not signed', async (_what, declared, asked, reason) => {
    const wallet = openWith(call({ ...tip, ...declared }))
    const error = await rejection(wallet.act({ ...request, ...asked }))
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(String(error)).toContain(reason)
    await expectUntouched(wallet)
  })

  test('is taken by no wallet whose policy does not have it', async () => {
    const wallet = open({ actions: [call(tip)] })
    const error = await rejection(wallet.act(request))
    expect(String(error)).toContain('own on eip155:84532 is not an allowed action')
    const elsewhere = open({ actions: [call(tip)], policy: ownPolicy([router]) })
    expect(String(await rejection(elsewhere.act(request)))).toContain(`${token} is not an allowed contract`)
    await expectUntouched(wallet)
    expect(payer.address).not.toBe(friend)
  })

  test('is another action than one of other arguments under the same name', async () => {
    const wallet = openWith(call(tip))
    await wallet.act({ ...request, key: 'tip' })
    const error = await rejection(wallet.act({ ...request, args: [friend, 1n], key: 'tip' }))
    expect(error).toMatchObject({ code: 'request_unpayable', moved: 'no' })
  })

  test.each<[string, object, object]>([
    ['another text that reads as the same number', { args: ['1.10'] }, { args: ['1.1'] }],
    ['the name of a token for its address', { args: ['USDC'] }, { args: [token] }],
    ['the same text in a part of its own', { version: '1.0' }, { version: '1' }],
    ['as many atomic units as tokens', { amount: '5' }, { amount: 5n }],
  ])('is another action than one with %s', async (_what, first, second) => {
    const wallet = openWith(ownAction())
    await wallet.act({ action: 'own', network, ...first, key: 'one' })
    // As many programs have it, to write bigints as JSON.
    Reflect.defineProperty(BigInt.prototype, 'toJSON', { value: writeDigits, configurable: true })
    const again = wallet.act({ action: 'own', network, ...second, key: 'one' })
    const error = await rejection(again).finally(() => Reflect.deleteProperty(BigInt.prototype, 'toJSON'))
    expect(error).toMatchObject({ code: 'request_unpayable', moved: 'no' })
  })
})

describe('the declaration of a call', () => {
  const twice = parseAbi(['function f(uint256 a)', 'function f(address a)'])
  test.each<[string, object, RegExp]>([
    ['without a name', { name: '' }, /its name/],
    ['on a chain of another family', { network: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp' }, /no EVM chain/],
    ['of no contract', { to: 'USDC' }, /no address/],
    ['of a function that is not there', { function: 'mint' }, /no function mint/],
    ['of one of two', { abi: twice, function: 'f' }, /several f/],
    ['that takes bytes', { abi: parseAbi(['function f(bytes data)']), function: 'f' }, /type bytes/],
    [
      'with a parameter that is not there',
      { outflows: [{ token: 'USDC', atMost: '1', argument: 'value' }] },
      /parameter value/,
    ],
    [
      'with a parameter that is no number',
      { outflows: [{ token: 'USDC', atMost: '1', argument: 'to' }] },
      /parameter to/,
    ],
    ['with the coin for what takes none', { maxValue: 1n }, /takes none of the coin/],
    ['with a spender that is none', { outflows: [{ token: 'USDC', atMost: '1', spender: 'me' }] }, /no address/],
    ['misspelt', { inflow: [] }, /inflow/],
  ])('%s is refused', (_what, different, reason) => {
    expect(() => call({ ...tip, ...different } as CallOptions)).toThrow(reason)
  })

  test('names one of several functions by its signature, and an amount in a struct by its path', async () => {
    const abi = parseAbi([
      'function f(uint256 a)',
      'function f((address to, uint256 amount) params, uint8 b)',
      'function g(bytes data)',
    ])
    const { plan } = call({
      ...tip,
      abi,
      function: 'f((address,uint256),uint8)',
      outflows: [{ token: 'USDC', atMost: '10', argument: 'params.amount', spender: token }],
    })
    const usdc = { kind: 'erc20', address: token, symbol: 'USDC', decimals: 6 } as const
    const context = { payer: thief, now: 0, findTokenOn: () => undefined, findToken: () => usdc, view: {} as never }
    const args = [{ to: friend, amount: '7' }, 1n]
    const planned = await plan({ action: 'own', network, args }, context)
    expect(planned.outflows).toEqual([{ token: usdc, amount: 7n }])
    expect(planned.approvals).toEqual([{ token: usdc, spender: token, amount: 7n }])
    expect(planned.facts['args']).toBe(JSON.stringify([[friend, '7'], '1']))
  })
})
