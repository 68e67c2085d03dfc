import { describe, expect, test } from 'vitest'
import { allowHosts, memoryLedger, spendingLimit } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
import { swap } from '../../src/actions/index.js'
import { router, tokens } from '../support/exchange.ts'
import { rejection } from '../support/wallets.ts'
import {
  setUpExchange,
  open,
  chain,
  payer,
  dollar,
  thief,
  network,
  bounds,
  goneAfter,
  request,
} from '../support/acting.ts'

setUpExchange()

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

  test('is revoked at once while servers keep the wallet waiting for as many answers as it may wait for', async () => {
    await chain.approve(payer, chain.token, router, 7n * dollar)
    const shop = paidResource({ amount: 10_000n })
    let isPaid = false
    const wallet = open({
      policy: [allowHosts(['shop.example.com']), spendingLimit({ perPaymentUsd: 1, dailyLimitUsd: 1 })],
      maxInFlight: 1,
      fetch: async (input, init) => {
        const request = new Request(input, init)
        isPaid = request.headers.has('payment-signature')
        return isPaid ? new Promise(() => {}) : shop(request)
      },
    })
    void wallet.fetch('https://shop.example.com/report')
    await expect.poll(() => isPaid).toBe(true)
    const payment = await wallet.revoke({ network, token: 'USDC', spender: router })
    expect(payment).toMatchObject({ status: 'claimed' })
    expect(await wallet.allowances()).toEqual([])
  })

  test('that an interrupted action left is ended by the owner, and the action with it', async () => {
    const ledger = memoryLedger()
    await rejection(open({ ledger, clients: [goneAfter(1)] }).act(request))
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
