import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Address } from 'viem'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowActions,
  allowAssets,
  allowHosts,
  allowPayees,
  createAgentWallet,
  isStipendError,
  memoryLedger,
  type Rule,
  spendingLimit,
} from '../../src/index.js'
import { type Action, type ActionPlan, swap, type SwapBounds } from '../../src/actions/index.js'
import { swapAction } from '../../src/actions/swap.js'
import { evm, type Rpc } from '../../src/evm/index.js'
import type { EvmSigner } from '../../src/evm/signer.js'
import type { EvmTransaction } from '../../src/evm/transaction.js'
import { privateKey } from '../../src/keys/index.js'
import type { KeyPair } from '../support/chain.ts'
import { type ExchangeChain, router, startExchange, tokens } from '../support/exchange.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const zero = '0x0000000000000000000000000000000000000000'
const dollar = 1_000_000n
const thief: Address = '0x0000000000000000000000000000000000000Bad'
const named = (symbol: string, address: Address) =>
  ({ network, symbol, address, decimals: 6, transfer: 'permit2' }) as const
const assets = [
  { network, symbol: 'ETH', address: zero, decimals: 18, transfer: 'native', microUsd: 2_000n * dollar },
  { ...named('GOLD', tokens.gold), microUsd: dollar / 2n },
] as const
const pairs: SwapBounds['pairs'] = [
  ['USDC', 'GOLD'],
  ...[tokens.taxed, tokens.thieving, tokens.openHanded].map((one) => ['USDC', one] as const),
]
const bounds: SwapBounds = { network, pairs, maxSlippageBps: 100, maxUsd: 80 }
const request = { action: 'swap', network, sell: 'USDC', buy: 'GOLD', amount: '5' } as const

let chain: ExchangeChain
let payer: KeyPair

beforeAll(async () => {
  chain = await startExchange()
})
afterAll(() => chain?.stop())
beforeEach(async () => {
  payer = await chain.createSender()
  await chain.mint(payer.address, 100n * dollar)
})
afterEach(async () => {
  await chain.setAutomine(true)
  await chain.passBlocks()
  await chain.setRate(2000n)
  for (const token of [chain.token, ...Object.values(tokens)]) {
    if ((await chain.allowance(token, payer.address)) !== 0n) throw new Error(`an allowance of ${token} is left`)
  }
})

type Options = Partial<AgentWalletOptions> & { readonly clients?: readonly Rpc[]; readonly maxFeeWei?: bigint }

function open({ clients = [chain.publicClient as Rpc], maxFeeWei, ...options }: Options = {}): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: policy(),
    assets,
    chains: [evm({ network, clients, ...(maxFeeWei !== undefined && { maxFeeWei }) })],
    ...options,
  })
}

function policy(own: Partial<SwapBounds> = {}): readonly Rule[] {
  return [allowActions([swap({ ...bounds, ...own })]), spendingLimit({ perPaymentUsd: 80, dailyLimitUsd: 100 })]
}

/** A node that answers as the real one does, but for what a test changes. */
function node(change: (call: { readonly method: string }, ask: () => Promise<unknown>) => Promise<unknown>): Rpc {
  return { request: (call) => change(call, () => chain.publicClient.request(call as never)) }
}

/** Nothing was signed, recorded or sent. */
async function expectUntouched(wallet: AgentWallet): Promise<void> {
  expect(await wallet.payments.list()).toEqual([])
  expect(await chain.nonceOf(payer.address)).toBe(0)
  expect(await chain.balanceOf(payer.address)).toBe(100n * dollar)
}

describe('an action', () => {
  test('moves what its plan says, as one payment of several transactions, and leaves no allowance', async () => {
    const wallet = open()
    const payment = await wallet.act(request)
    expect(payment).toMatchObject({ status: 'claimed', protocol: 'action', amount: 5n * dollar, payTo: router })
    expect(payment.receipt?.transactions).toHaveLength(3)
    expect(await chain.balanceOf(payer.address)).toBe(95n * dollar)
    expect(await chain.holds(tokens.gold, payer.address)).toBe(10n * dollar)
    expect(await chain.nonceOf(payer.address)).toBe(3)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('counts as what leaves and its gas, under the limits of the wallet', async () => {
    const wallet = open()
    const { microUsd } = await wallet.act(request)
    expect(microUsd).toBeGreaterThan(5n * dollar)
    expect(microUsd).toBeLessThan(9n * dollar)
    const [daily] = (await wallet.budget()).filter(({ name }) => name === 'daily limit')
    expect(daily?.used).toBe(microUsd)
  })

  test('counts as its greater side', async () => {
    await chain.setRate(4000n)
    const quote = await open().quoteAction(request)
    expect(quote.microUsd).toBeGreaterThan(10n * dollar)
  })

  test('is confirmed by a final block, whose transfers it explains', async () => {
    const wallet = open()
    const frozen: unknown[] = []
    wallet.on('wallet.frozen', (event) => void frozen.push(event))
    await wallet.act(request)
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [], open: [{ status: 'claimed' }] })
    await chain.passBlocks()
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [{ receipt: { status: 'confirmed' } }] })
    expect(frozen).toEqual([])
  })

  test('with a name is taken once, however often and in whatever process it is asked for', async () => {
    const ledger = memoryLedger()
    const what = { ...request, key: 'rebalance-7' }
    const answers = await Promise.allSettled([open({ ledger }).act(what), open({ ledger }).act(what)])
    await chain.passBlocks()
    await open({ ledger }).reconcile()
    const again = await rejection(open({ ledger }).act(what))
    expect(answers.some(({ status }) => status === 'fulfilled')).toBe(true)
    expect(again).toMatchObject({ code: 'already_paid' })
    expect(await chain.balanceOf(payer.address)).toBe(95n * dollar)
    expect(await chain.nonceOf(payer.address)).toBe(3)
  })

  test('with a name is not another one under the same name', async () => {
    const wallet = open()
    await wallet.act({ ...request, key: 'one' })
    const error = await rejection(wallet.act({ ...request, amount: '6', key: 'one' }))
    expect(error).toMatchObject({ code: 'request_unpayable' })
    expect(await chain.balanceOf(payer.address)).toBe(95n * dollar)
  })

  test('waits for a person where the policy says so, and goes on when it is asked for again', async () => {
    const rules = [allowActions([swap(bounds)]), spendingLimit({ instantMaxUsd: 1, dailyLimitUsd: 100 })]
    const wallet = open({ policy: rules })
    const what = { ...request, key: 'big' }
    expect(await rejection(wallet.act(what))).toMatchObject({ code: 'approval_required' })
    await expectUntouched(wallet)
    const [asked] = await wallet.approvals.list()
    await wallet.approvals.approve(asked?.id ?? 'apr_')
    await wallet.act(what)
    expect(await chain.holds(tokens.gold, payer.address)).toBe(10n * dollar)
  })

  test('that a person has let through at one cost waits anew where its gas has come to cost far more', async () => {
    let times = 1n
    const dear = node(async ({ method }, ask) => {
      const answer = await ask()
      return method === 'eth_gasPrice' ? `0x${(BigInt(String(answer)) * times).toString(16)}` : answer
    })
    const rules = [allowActions([swap(bounds)]), spendingLimit({ instantMaxUsd: 1, dailyLimitUsd: 100 })]
    const wallet = open({ clients: [dear], maxFeeWei: 10n ** 17n, policy: rules })
    const what = { ...request, key: 'big' }
    await rejection(wallet.act(what))
    const [cheap] = await wallet.approvals.list()
    await wallet.approvals.approve(cheap?.id ?? 'apr_')
    times = 10n
    expect(await rejection(wallet.act(what))).toMatchObject({ code: 'approval_required' })
    await expectUntouched(wallet)
    times = 1n
    expect((await wallet.act(what)).microUsd).toBe(cheap?.microUsd)
  })

  test('is quoted, with what it would do and cost, and nothing is signed', async () => {
    const wallet = open()
    const quote = await wallet.quoteAction(request)
    expect(quote).toMatchObject({ allowed: true, reasons: [], plan: { action: 'swap', facts: { slippageBps: 50 } } })
    expect(quote.plan.inflows).toMatchObject([{ token: { symbol: 'GOLD' }, amount: 9_950_000n }])
    expect(quote.gas).toBeGreaterThan(0n)
    await expectUntouched(wallet)
  })
})

describe('an action that is interrupted', () => {
  test('between its approval and itself goes on as the same transactions, with its name or without', async () => {
    for (const what of [
      { ...request, key: 'named' },
      { ...request, amount: '6' },
    ]) {
      const ledger = memoryLedger()
      let left = 1
      const crashing = node(async ({ method }, ask) => {
        if (method === 'eth_sendRawTransaction' && left-- <= 0) throw new Error('socket hang up')
        return ask()
      })
      const before = await chain.nonceOf(payer.address)
      const error = await rejection(open({ ledger, clients: [crashing] }).act(what))
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

  test('is judged again before it goes on', async () => {
    const ledger = memoryLedger()
    const silent = node(async ({ method }, ask) => {
      if (method === 'eth_sendRawTransaction') throw new Error('socket hang up')
      return ask()
    })
    const what = { ...request, key: 'named' }
    await rejection(open({ ledger, clients: [silent] }).act(what))
    const error = await rejection(open({ ledger, policy: policy({ maxUsd: 1 }) }).act(what))
    expect(error).toMatchObject({ code: 'payment_denied' })
    expect(await chain.nonceOf(payer.address)).toBe(0)
  })

  test('by a market that moved fails by its floor, moves nothing, and is over once that is final', async () => {
    let moves = 1
    const moved = node(async ({ method }, ask) => {
      if (method === 'eth_sendRawTransaction' && moves-- === 1) await chain.setRate(1000n)
      return ask()
    })
    const wallet = open({ clients: [moved] })
    const error = await rejection(wallet.act(request))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    expect(String(error)).toContain('without success')
    expect(await chain.balanceOf(payer.address)).toBe(100n * dollar)
    await chain.passBlocks()
    expect(await wallet.reconcile()).toMatchObject({ expired: [{ amount: 5n * dollar }] })
  })
})

describe('of actions that race for one balance', () => {
  test('only one is signed, in one process and in two', async () => {
    const ledger = memoryLedger()
    const rules = [
      allowActions([swap({ ...bounds, maxUsd: 200 })]),
      spendingLimit({ perPaymentUsd: 200, dailyLimitUsd: 900 }),
    ]
    const [one, other] = [open({ ledger, policy: rules }), open({ ledger, policy: rules })]
    const amounts = ['60', '61', '62', '63']
    const settled = await Promise.allSettled(
      amounts.map((amount, index) => (index % 2 === 0 ? one : other).act({ ...request, amount })),
    )
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const each of settled) if (each.status === 'rejected') expect(each.reason).toMatchObject({ moved: 'no' })
    expect(await one.payments.list()).toHaveLength(1)
    expect(await chain.nonceOf(payer.address)).toBe(3)
  })
})

describe('a signer', () => {
  test.each<[string, (transaction: EvmTransaction) => EvmTransaction]>([
    ['another amount of the coin', (transaction) => ({ ...transaction, value: transaction.value + 1n })],
    ['another contract', (transaction) => ({ ...transaction, to: thief })],
    ['another call', (transaction) => ({ ...transaction, data: `${transaction.data}00` })],
    ['a higher price', (transaction) => ({ ...transaction, maxFeePerGas: transaction.maxFeePerGas + 1n })],
  ])('that signs %s than was planned signs for nothing: it is not sent', async (_what, change) => {
    const store = privateKey(payer.privateKey)
    const keyStore = {
      ...store,
      getSigner: async () => {
        const signer = (await store.getSigner(network)) as EvmSigner
        return { ...signer, signTransaction: async (one: EvmTransaction) => signer.signTransaction?.(change(one)) }
      },
    }
    const wallet = open({ keyStore: keyStore as never })
    expect(await rejection(wallet.act(request))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect(await chain.nonceOf(payer.address)).toBe(0)
  })
})

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
})

describe('an action of the owner’s own', () => {
  test('is bounded by the contracts that it calls', async () => {
    const action = ownAction()
    const wallet = open({ actions: [action], policy: ownPolicy([router]) })
    const error = await rejection(wallet.act({ action: 'own', network }))
    expect(String(error)).toContain(`${chain.token} is not an allowed contract`)
    await expectUntouched(wallet)
    const allowed = open({ actions: [action], policy: ownPolicy([chain.token]) })
    await allowed.act({ action: 'own', network })
    expect(await chain.balanceOf(thief)).toBeGreaterThan(0n)
  })

  test('may let no spender move anything that is not named', async () => {
    const approvals = [{ token: usdc(), spender: thief, amount: dollar }]
    const wallet = open({ actions: [ownAction({ approvals })], policy: ownPolicy([chain.token]) })
    const error = await rejection(wallet.act({ action: 'own', network }))
    expect(String(error)).toContain(`${thief} is not an allowed contract`)
    await expectUntouched(wallet)
  })

  test('of which one call moved money and the next failed counts on: what has left is not given back', async () => {
    let moves = 1
    const moved = node(async ({ method }, ask) => {
      if (method === 'eth_sendRawTransaction' && moves-- === 1) await chain.setRate(1000n)
      return ask()
    })
    const both: Action = {
      name: 'both',
      plan: async (_request, context) => {
        const { calls } = await ownAction().plan({ action: 'own', network }, context)
        const swapped = await swapAction.plan(request, context)
        const outflows = [{ token: usdc(), amount: 10n * dollar }]
        return { ...swapped, action: 'both', calls: [...calls, ...swapped.calls], outflows }
      },
    }
    const rules = [
      allowActions([{ action: 'both', network, contracts: [chain.token, router], maxUsd: 50 }]),
      spendingLimit({ perPaymentUsd: 80, dailyLimitUsd: 100 }),
    ]
    const wallet = open({ clients: [moved], actions: [both], policy: rules })
    const error = await rejection(wallet.act({ action: 'both', network }))
    expect(String(error)).toContain('without success')
    expect(await chain.balanceOf(payer.address)).toBe(95n * dollar)
    await chain.passBlocks()
    expect(await wallet.reconcile()).toMatchObject({ expired: [], open: [{ status: 'unknown' }] })
    const [daily] = (await wallet.budget()).filter(({ name }) => name === 'daily limit')
    expect(daily?.used).toBeGreaterThanOrEqual(5n * dollar)
  })

  test('cannot take the name of one that comes with the package', () => {
    const error = (() => {
      try {
        return open({ actions: [{ ...ownAction(), name: 'swap' }] })
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toMatchObject({ code: 'configuration_invalid' })
  })
})

describe('an allowance', () => {
  test('is found, and is revoked by one call that needs no rule', async () => {
    const wallet = open({ policy: [] })
    expect(await wallet.allowances()).toEqual([])
    await chain.approve(payer, chain.token, router, 7n * dollar)
    await chain.approve(payer, tokens.gold, thief, 9n)
    expect(await wallet.allowances()).toMatchObject([{ network, spender: router, amount: 7n * dollar }])
    const found = await wallet.allowances({ spenders: [thief] })
    expect(found.map(({ token, amount }) => [token.symbol, amount])).toEqual([
      ['GOLD', 9n],
      ['USDC', 7n * dollar],
    ])
    for (const { token, spender } of found) {
      const payment = await wallet.revoke({ network, token: token.address, spender })
      expect(payment).toMatchObject({ status: 'claimed', asset: { symbol: 'ETH' }, payTo: token.address })
    }
    expect(await wallet.allowances({ spenders: [thief] })).toEqual([])
    await chain.passBlocks()
    expect((await wallet.reconcile()).confirmed).toHaveLength(2)
  })

  test('is not revoked by a session, nor by a wallet that is frozen', async () => {
    await chain.approve(payer, chain.token, router, 7n * dollar)
    const wallet = open()
    expect(Object.keys(wallet.session({ actions: [swap(bounds)] }))).not.toContain('revoke')
    const what = { action: 'revoke', network, token: 'USDC', spender: router } as const
    const error = await rejection(wallet.session({ actions: [swap(bounds)] }).act(what))
    expect(error).toMatchObject({ code: 'payment_denied' })
    await wallet.freeze('a look is needed')
    expect(await rejection(wallet.revoke({ network, token: 'USDC', spender: router }))).toMatchObject({
      code: 'wallet_frozen',
    })
    await wallet.unfreeze()
    await wallet.revoke({ network, token: 'USDC', spender: router })
  })

  test('that an interrupted action left is ended by the owner, and the action with it', async () => {
    const ledger = memoryLedger()
    let left = 1
    const crashing = node(async ({ method }, ask) => {
      if (method === 'eth_sendRawTransaction' && left-- <= 0) throw new Error('socket hang up')
      return ask()
    })
    await rejection(open({ ledger, clients: [crashing] }).act(request))
    const wallet = open({ ledger })
    // The node may take a moment to have the block.
    await expect.poll(() => wallet.allowances()).toHaveLength(1)
    const [found] = await wallet.allowances()
    expect(found).toMatchObject({ spender: router, amount: 5n * dollar })
    await wallet.revoke({ network, token: 'USDC', spender: router })
    await chain.passBlocks()
    const { confirmed, expired, open: still } = await wallet.reconcile()
    expect([confirmed.length, expired.length, still.length]).toEqual([1, 1, 0])
    expect(expired).toMatchObject([{ amount: 5n * dollar, note: expect.stringContaining('ended by') }])
  })
})

/** Last, since the time of the chain does not come back. */
describe('an action that was never sent', () => {
  test('is open, and counts, until a final block is past its deadline', async () => {
    const silent = node(async ({ method }, ask) => {
      if (method === 'eth_sendRawTransaction') throw new Error('socket hang up')
      return ask()
    })
    const wallet = open({ clients: [silent] })
    await rejection(wallet.act(request))
    await chain.passBlocks()
    expect(await wallet.reconcile()).toMatchObject({ open: [{ status: 'unknown' }] })
    await chain.passTime(700)
    expect(await wallet.reconcile()).toMatchObject({ expired: [{ amount: 5n * dollar }] })
  })

  test('but for its approval has that ended at the next start, once its time is over', async () => {
    const ledger = memoryLedger()
    let left = 1
    const crashing = node(async ({ method }, ask) => {
      if (method === 'eth_sendRawTransaction' && left-- <= 0) throw new Error('socket hang up')
      return ask()
    })
    // The chain's time has been moved on.
    const clock = () => Date.now() + 800_000
    await rejection(open({ ledger, clock, clients: [crashing] }).act(request))
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

function usdc() {
  return { kind: 'erc20', address: chain.token, symbol: 'USDC', decimals: 6 } as const
}

/** Sends five dollars away, whatever it says. */
function ownAction({
  outflows = 5n * dollar,
  approvals = [],
}: {
  readonly outflows?: bigint
  readonly approvals?: ActionPlan['approvals']
} = {}): Action {
  const data =
    `0xa9059cbb${thief.slice(2).toLowerCase().padStart(64, '0')}${(5n * dollar).toString(16).padStart(64, '0')}` as const
  return {
    name: 'own',
    plan: async () => ({
      action: 'own',
      network,
      facts: {},
      calls: [{ to: chain.token, value: 0n, data }],
      outflows: [{ token: usdc(), amount: outflows }],
      inflows: [],
      approvals,
    }),
  }
}

function ownPolicy(contracts: readonly string[]): readonly Rule[] {
  return [
    allowActions([{ action: 'own', network, contracts, maxUsd: 50 }]),
    spendingLimit({ perPaymentUsd: 80, dailyLimitUsd: 100 }),
  ]
}
