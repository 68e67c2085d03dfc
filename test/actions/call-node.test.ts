import { parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { beforeEach, describe, expect, test } from 'vitest'
import { type AgentWallet, allowActions, createAgentWallet, type Rule, spendingLimit } from '../../src/index.js'
import { type Action, call, type CallOptions } from '../../src/actions/index.js'
import { evm, type Rpc } from '../../src/evm/index.js'
import { privateKey } from '../../src/keys/index.js'
import { ether } from '../support/ether.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const dollar = 1_000_000n
const key = `0x${'11'.repeat(32)}` as const
const payer = privateKeyToAccount(key).address
const usdc = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
const vault = '0x0000000000000000000000000000000000004626'
const friend = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const other = '0xe01A59F80FcD8D0c5CE0eAd4B2Ba84d6bDaAA4fe'.toLowerCase()
const thief = '0x0000000000000000000000000000000000000bad'
const bounds = { action: 'own', network, contracts: [usdc, vault], maxUsd: 10 } as const
const abi = parseAbi([
  'function transfer(address to, uint256 amount)',
  'function share(address[2] to, uint256 amount)',
  'function sell(uint256 amount, uint256 least)',
])
const tip = {
  name: 'own',
  network,
  to: usdc,
  abi,
  function: 'transfer',
  addresses: [friend, other],
  outflows: [{ token: 'USDC', atMost: '10', argument: 'amount' }],
} as const satisfies CallOptions
const sale = {
  ...tip,
  to: vault,
  function: 'sell',
  outflows: [{ token: vault, atMost: 100n, argument: 'amount' }],
  inflows: [{ token: 'USDC', atLeast: 1n }],
} as const satisfies CallOptions

/** What a balance is after the calls; it is a hundred dollars before. */
let after: Readonly<Record<string, bigint>>
let sent: readonly string[]

beforeEach(() => {
  after = {}
  sent = []
})

const circle: unknown[] = []
circle.push(circle)
const word = (number: bigint) => `0x${number.toString(16).padStart(64, '0')}`

/** A node that simulates what a test says, and takes every transaction. */
const node: Rpc = {
  request: async ({ method, params }) => {
    if (method === 'eth_chainId') return '0x14a34'
    if (method === 'eth_getBlockByNumber') return { number: '0x10', hash: word(5n), timestamp: '0x6a000000' }
    if (method === 'eth_getTransactionCount') return '0x0'
    if (method === 'eth_getBalance') return word(10n ** 18n)
    if (method === 'eth_gasPrice' || method === 'eth_maxPriorityFeePerGas') return '0x1'
    if (method === 'eth_getTransactionReceipt') return { status: '0x1' }
    if (method === 'eth_simulateV1') return [{ calls: simulate(Object(params)[0].blockStateCalls[0].calls) }]
    if (method !== 'eth_sendRawTransaction') throw new Error(`execution reverted: ${method}`)
    sent = [...sent, String(Object(params)[0])]
    return word(7n)
  },
}

function simulate(calls: readonly { readonly from: string; readonly to: string; readonly data: string }[]): unknown {
  const seen = new Set<string>()
  return calls.map(({ from, to, data }) => {
    if (from.toLowerCase() === payer.toLowerCase()) return { status: '0x1', gasUsed: '0x5208', logs: [] }
    const isAfter = seen.has(to + data)
    seen.add(to + data)
    const held = isAfter ? (after[to.toLowerCase()] ?? 100n * dollar) : 100n * dollar
    return { status: '0x1', gasUsed: '0x0', logs: [], returnData: word(data.startsWith('0xdd62ed3e') ? 0n : held) }
  })
}

function open(action: Action, rules: readonly Rule[] = []): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(key),
    actions: [action],
    policy: [allowActions([bounds]), spendingLimit({ perPaymentUsd: 80, dailyLimitUsd: 100 }), ...rules],
    assets: [ether],
    chains: [evm({ network, clients: [node] })],
  })
}

describe('the arguments of a call', () => {
  test('are what was looked at, whatever a list of them answers later', async () => {
    const list = [friend, friend]
    const encoded = { argument: friend, hex: thief.slice(2).padStart(64, '0'), isDynamic: false }
    Object.assign(list, { map: () => [encoded, encoded] })
    const session = open(call({ ...tip, function: 'share' })).session({ actions: [bounds] })
    const error = await session.act({ action: 'own', network, args: [list, dollar] }).catch(String)
    expect(sent.join().toLowerCase(), String(error)).not.toContain(thief.slice(2))
  })

  test.each<[string, () => unknown]>([
    [
      'say that they are written otherwise',
      () => Object.assign([other, dollar], { toJSON: () => [friend, '1000000n'] }),
    ],
    [
      'answer otherwise at every look',
      () => {
        let looks = 0
        const get = () => (looks++ === 1 ? other : friend)
        return Object.defineProperty({ amount: dollar }, 'to', { enumerable: true, get })
      },
    ],
  ])('that a person has let through are no others that %s', async (_what, lie) => {
    const wallet = open(call(tip), [spendingLimit({ instantMaxUsd: '0.50' })])
    const session = wallet.session({ actions: [bounds] })
    const honest = Array.isArray(lie()) ? [friend, dollar] : { amount: dollar, to: friend }
    const asked = { action: 'own', network, key: 'tip', args: honest } as const
    expect(await rejection(session.act(asked))).toMatchObject({ code: 'approval_required' })
    const [waiting] = await wallet.approvals.list()
    await wallet.approvals.approve(waiting?.id ?? 'apr_')
    const error = await session.act({ ...asked, args: lie() as never }).catch(String)
    expect(sent.join().toLowerCase(), String(error)).not.toContain(other.slice(2))
  })

  test.each<[string, unknown]>([
    ['code', [() => friend, dollar]],
    ['a map', new Map([['to', friend]])],
    ['what contains itself', circle],
  ])('are data, and not %s', async (_what, args) => {
    const error = await rejection(open(call(tip)).act({ action: 'own', network, args }))
    expect(error).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
    expect(String(error)).toContain('plain data')
  })

  test('are shown to whoever is asked', async () => {
    const wallet = open(call(tip), [spendingLimit({ instantMaxUsd: '0.50' })])
    await rejection(wallet.act({ action: 'own', network, args: [friend, dollar] }))
    const [waiting] = await wallet.approvals.list()
    expect(waiting?.reason).toContain(`function: transfer(address,uint256), to: ${usdc}, args: ["${friend}","1000000"]`)
  })
})

describe('what a call counts as', () => {
  test('is what comes by it, where that alone has a price, and not the least that has to', async () => {
    after = { [vault]: 100n * dollar - 50n, [usdc.toLowerCase()]: 150n * dollar }
    const wallet = open(call(sale))
    const what = { action: 'own', network, args: [50n, 1n] } as const
    const quote = await wallet.quoteAction(what)
    expect(quote.microUsd).toBeGreaterThanOrEqual(50n * dollar)
    expect(String(await rejection(wallet.act(what)))).toContain('$10.00 at most')
    expect(sent).toEqual([])
  })

  test('is no less than the part of what leaves that has a price', async () => {
    const both = [...sale.outflows, { token: 'USDC', atMost: '20' }] as const
    const coin = [{ token: ether.address, atLeast: 1n }] as const
    after = { '0x00000000000000000000000000000000000b41a0': 100n * dollar + 1n }
    const quote = await open(call({ ...sale, outflows: both, inflows: coin })).quoteAction({
      action: 'own',
      network,
      args: [50n, 1n],
    })
    expect(quote.microUsd).toBeGreaterThanOrEqual(20n * dollar)
  })

  test('has what may leave by rounding in it', async () => {
    const token = { kind: 'erc20', address: usdc, symbol: 'USDC', decimals: 6 } as const
    const plan = call(tip).plan({ action: 'own', network, args: [friend, dollar] }, {
      payer,
      findToken: () => token,
    } as never)
    const rounded = async (rounding: bigint) => ({
      ...(await plan),
      outflows: [{ token: { ...token, rounding }, amount: dollar }],
    })
    const counts = async (rounding: bigint) => {
      const wallet = open({ name: 'own', plan: () => rounded(rounding) })
      return (await wallet.quoteAction({ action: 'own', network })).microUsd
    }
    expect((await counts(2n)) - (await counts(0n))).toBe(2n)
  })

  test('cannot come to less than its owner said because an argument says so to the contract', async () => {
    const floor = [{ token: 'USDC', atLeast: '5', argument: 'least' }] as const
    after = { [vault]: 100n * dollar - 50n, [usdc.toLowerCase()]: 106n * dollar }
    const wallet = open(call({ ...sale, inflows: floor }))
    const error = await rejection(wallet.act({ action: 'own', network, args: [50n, 1n] }))
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(String(error)).toContain('5 USDC has to come by it at least')
    expect(await wallet.quoteAction({ action: 'own', network, args: [50n, 5n * dollar] })).toMatchObject({
      allowed: true,
    })
  })
})
