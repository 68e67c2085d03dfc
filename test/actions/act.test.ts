import { describe, expect, test } from 'vitest'
import { allowActions, memoryLedger, spendingLimit } from '../../src/index.js'
import { type Action, swap } from '../../src/actions/index.js'
import { swapAction } from '../../src/actions/swap.js'
import type { EvmSigner } from '../../src/evm/signer.js'
import type { EvmTransaction } from '../../src/evm/transaction.js'
import { privateKey } from '../../src/keys/index.js'
import { router, tokens } from '../support/exchange.ts'
import { rejection } from '../support/wallets.ts'
import {
  setUpExchange,
  open,
  request,
  dollar,
  chain,
  payer,
  bounds,
  expectUntouched,
  node,
  thief,
  network,
  ownAction,
  ownPolicy,
  usdc,
  moving,
} from '../support/acting.ts'

setUpExchange()

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
    const wallet = open({ clients: [moving()], actions: [both], policy: rules })
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
