import { describe, expect, test } from 'vitest'
import { allowHosts, allowPayees, spendingLimit } from 'stipend'
import { spentBy } from '../support/agent.ts'
import { schemeFor, solanaStore } from '../support/solana-agent.ts'
import { addressOf, startShop } from '../support/solana-shop.ts'
import { createSolanaKeyPair, devnetUsdc, signAnew } from '../support/solana/index.ts'
import { rejection } from '../support/wallets.ts'
import {
  setUpTransfers,
  open,
  chain,
  toPayee,
  chainOf,
  payer,
  sol,
  payee,
  network,
} from '../support/solana-transfers.ts'

setUpTransfers()

describe('a transfer on Solana is not made', () => {
  test('to who has no account for the token, and nobody pays for one', async () => {
    const to = createSolanaKeyPair().address
    const wallet = open({ policy: [allowPayees([to]), spendingLimit({ perPaymentUsd: 50 })] })
    const account = await chain.tokenAccount(to, devnetUsdc)
    expect(await rejection(wallet.transfer({ ...toPayee(), to }))).toMatchObject({
      code: 'payee_account_missing',
      moved: 'no',
      account,
    })
    expect(await wallet.payments.list()).toEqual([])
  })

  test('when its fee would be more than the owner allows, whatever a node says others pay', async () => {
    chain.lie('getRecentPrioritizationFees', () => [{ slot: 1, prioritizationFee: 4_750_001 }])
    const wallet = open()
    expect(await rejection(wallet.transfer(toPayee()))).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
    expect(await wallet.payments.list()).toEqual([])
    const chains = [chainOf({ maxFeeLamports: 100_001n })]
    const before = chain.lamportsOf(payer.address)
    await open({ chains }).transfer(toPayee())
    expect(before - chain.lamportsOf(payer.address)).toBe(100_001n)
  })

  test.each<readonly [string, (transaction: Uint8Array) => unknown]>([
    ['nothing', () => undefined],
    ['a signature of something else', () => signAnew(new Uint8Array(9), payer)],
    ['too few bytes', () => new Uint8Array(63)],
  ])('of what a signer answers with %s', async (_what, answer) => {
    const keyStore = solanaStore(payer, answer)
    const wallet = open({ keyStore })
    expect(await rejection(wallet.transfer(toPayee()))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect(chain.landed()).toEqual([])
    expect(await spentBy(wallet)).toBe(1_000_000n)
  })

  test.each<readonly [string, () => string]>([
    ['a program', () => 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'],
    ['nobody’s key', () => addressOf(0)],
    ['itself', () => payer.address],
  ])('to %s', async (_what, to) => {
    const wallet = open({ policy: [allowPayees([to()]), spendingLimit({ perPaymentUsd: 50 })] })
    for (const asset of ['USDC', 'SOL']) {
      const error = await rejection(wallet.transfer({ ...toPayee(), asset, amount: '0.1', to: to() }))
      expect(error).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    }
  })

  test('of a token that was called the chain’s coin by mistake', async () => {
    const wrong = { ...sol, symbol: 'WSOL', address: 'So11111111111111111111111111111111111111112' }
    const error = await rejection(open({ assets: [wrong] }).transfer({ ...toPayee(), amount: '0.1', asset: 'WSOL' }))
    expect(error).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
  })

  test('when no rule names the payee, or a limit is in the way; nodes are not even asked', async () => {
    const cases = [
      [[spendingLimit({ perPaymentUsd: 50 })], 'payment_denied'],
      [[allowHosts(['api.example.com'])], 'payment_denied'],
      [[], 'payment_denied'],
    ] as const
    for (const [policy, code] of cases) {
      expect(await rejection(open({ policy }).transfer(toPayee()))).toMatchObject({ code, moved: 'no' })
    }
    expect(chain.counts()).toEqual({})
    const policy = [allowPayees([payee]), spendingLimit({ perPaymentUsd: 0.5 })]
    expect(await rejection(open({ policy }).transfer(toPayee()))).toMatchObject({ code: 'limit_exceeded' })
    expect(chain.landed()).toEqual([])
  })

  test.each(['transfer', 'exact'])('for a server that asks for it as %s', async (scheme) => {
    const entry = {
      scheme,
      network,
      amount: '1',
      payTo: payee,
      maxTimeoutSeconds: 60,
      extra: { feePayer: payer.address },
    }
    const shop = await startShop([
      { ...entry, asset: devnetUsdc },
      { ...entry, asset: sol.address },
    ])
    try {
      const policy = [allowHosts(['http://127.0.0.1:*']), allowPayees([payee]), spendingLimit({ perPaymentUsd: 50 })]
      const keyStore = solanaStore(payer)
      const wallet = open({ keyStore, policy, schemes: [schemeFor(chain)] })
      expect(await rejection(wallet.fetch(shop.url))).toMatchObject({ code: 'no_payable_offer' })
      expect(keyStore.signed).toEqual([])
    } finally {
      await shop.close()
    }
  })
})
