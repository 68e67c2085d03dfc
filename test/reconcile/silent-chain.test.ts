import { describe, expect, test } from 'vitest'
import { allowPayees, spendingLimit } from '../../src/index.js'
import type { Chain } from '../../src/ports/chain.js'
import { openShop } from '../support/shop.ts'
import { hurry, never } from '../support/time.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const network = 'eip155:84532'
const payee = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'

describe('a chain that does not answer', () => {
  test('leaves what it was asked about open, and what left the account unwatched', async () => {
    const chain: Chain = { network, examine: never, outgoing: never, time: never }
    const { open } = openShop()
    const wallet = open({ chains: [chain] })
    const unwatched: string[] = []
    wallet.on('transfers.unwatched', ({ reason }) => unwatched.push(reason))
    await wallet.fetch(url)
    const { open: left, ...rest } = await hurry(() => wallet.reconcile())
    expect(left).toMatchObject([{ status: 'claimed' }])
    expect(Object.values(rest).flat()).toEqual([])
    expect(unwatched).toHaveLength(1)
  })

  test('ends the question for balances', async () => {
    const chain: Chain = { network, examine: never, balances: never }
    const { open } = openShop()
    const error = await hurry(() => rejection(open({ chains: [chain] }).balances()))
    expect(error).toMatchObject({ code: 'chain_unavailable', retryable: true })
  })

  test.each(['prepare', 'send'] as const)('ends a transfer that it has to %s', async (step) => {
    const transfers: Chain['transfers'] = {
      prepare: async () => ({ scheme: 'exact', extra: {} }),
      name: () => undefined,
      send: async () => '0x',
      [step]: never,
    }
    const { open, ledger } = openShop()
    const wallet = open({
      chains: [{ network, examine: never, transfers }],
      policy: [allowPayees([payee]), spendingLimit({ dailyLimitUsd: 1 })],
    })
    const error = await hurry(() => rejection(wallet.transfer({ to: payee, amount: '0.01', asset: 'USDC', network })))
    expect(error).toMatchObject({ moved: step === 'send' ? 'maybe' : 'no' })
    expect((await ledger.list()).map(({ status }) => status)).toEqual(step === 'send' ? ['unknown'] : [])
  })
})
