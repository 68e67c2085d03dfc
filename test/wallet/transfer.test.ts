import { describe, expect, test } from 'vitest'
import { type AgentWalletOptions, allowPayees, createAgentWallet, spendingLimit } from '../../src/index.js'
import { testKeyStore } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const to = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const usdc = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'

/** A chain that takes what is sent, and whose first answer is lost on its way. */
function openWallet() {
  const sent: string[] = []
  const chain = {
    network,
    examine: async () => ({ type: 'open', reason: 'not yet' }),
    transfers: {
      prepare: async () => ({ scheme: 'exact', extra: {} }),
      name: () => undefined,
      send: async ({ terms }: { readonly terms: { readonly nonce: string } }) => {
        sent.push(terms.nonce)
        if (sent.length === 1) throw new Error('socket hang up')
        return `0x${'ab'.repeat(32)}`
      },
    },
  }
  const wallet = createAgentWallet({
    keyStore: testKeyStore(),
    chains: [Object(chain)] as NonNullable<AgentWalletOptions['chains']>,
    policy: [allowPayees([to]), spendingLimit({ perPaymentUsd: 10, dailyLimitUsd: 50 })],
  })
  return { wallet, sent }
}

const what = { network, to, asset: 'USDC', amount: '1' } as const
const spellings = {
  'as it was': {},
  'with its payee in small letters': { to: to.toLowerCase() },
  'with its payee in capitals': { to: `0x${to.slice(2).toUpperCase()}` },
  'with more digits': { amount: '1.000000' },
  'in atomic units': { amount: 1_000_000n },
  'with the address of its token': { asset: usdc },
  'with the address of its token in small letters': { asset: usdc.toLowerCase() },
}

describe('a transfer that is asked for again after a lost answer', () => {
  test.each(Object.entries(spellings))('%s moves no more money', async (_how, spelling) => {
    const { wallet, sent } = openWallet()
    expect(await rejection(wallet.transfer(what))).toMatchObject({ code: 'payment_outcome_unknown' })
    expect(await wallet.transfer({ ...what, ...spelling })).toMatchObject({ status: 'claimed', amount: 1_000_000n })
    expect(sent).toHaveLength(2)
    expect(new Set(sent).size).toBe(1)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test.each(Object.entries(spellings))('%s under a key is the same transfer', async (_how, spelling) => {
    const { wallet, sent } = openWallet()
    await rejection(wallet.transfer({ ...what, key: 'rent' }))
    await wallet.transfer({ ...what, ...spelling, key: 'rent' })
    expect(new Set(sent).size).toBe(1)
  })

  test('of another amount is another one', async () => {
    const { wallet, sent } = openWallet()
    await rejection(wallet.transfer(what))
    await wallet.transfer({ ...what, amount: '2' })
    expect(new Set(sent).size).toBe(2)
  })
})
