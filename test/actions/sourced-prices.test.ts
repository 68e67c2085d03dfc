import { describe, expect, test } from 'vitest'
import type { AgentWallet, AssetInput } from '../../src/index.js'
import {
  assets,
  chain,
  dollar,
  network,
  open,
  ownAction,
  ownPolicy,
  request,
  setUpExchange,
} from '../support/acting.ts'
import { router, tokens } from '../support/exchange.ts'
import { rejection } from '../support/wallets.ts'

setUpExchange()

type Price = AssetInput['microUsd']

const zero = '0x0000000000000000000000000000000000000000'
const bitcoin = {
  network: 'bip122:000000000019d6689c085ae165831e93',
  ...{ symbol: 'BTC', address: 'BTC', decimals: 11, transfer: 'lightning' },
} as const
const gold = { kind: 'erc20', address: tokens.gold, symbol: 'GOLD', decimals: 6 } as const

/** A wallet whose coin and gold are priced so; it has bitcoins too, as one that pays over Lightning. */
function priced(ofCoin: Price, ofGold: Price, ofBitcoin: Price = 60_000n * dollar): AgentWallet {
  const own = ownAction()
  /** Lets five pieces of gold leave besides. */
  const plan: typeof own.plan = async (...asked) => {
    const planned = await own.plan(...asked)
    return { ...planned, outflows: [...planned.outflows, { token: gold, amount: 5n * dollar }] }
  }
  return open({
    assets: [
      { network, symbol: 'ETH', address: zero, decimals: 18, transfer: 'native', microUsd: ofCoin },
      { network, symbol: 'GOLD', address: tokens.gold, decimals: 6, transfer: 'permit2', microUsd: ofGold },
      { ...bitcoin, microUsd: ofBitcoin },
    ],
    actions: [{ ...own, plan }],
    policy: ownPolicy([chain.token]),
  })
}

const fixed = () => priced(2_000n * dollar, 8n * dollar)
const own = { action: 'own', network } as const
const none = () => {
  throw new TypeError('no price')
}

describe('an action of a wallet that asks what a token is worth', () => {
  test('counts as all that leaves, at the prices of now', async () => {
    const wallet = priced(
      async () => 2_000n * dollar,
      async () => 8n * dollar,
    )
    const { microUsd } = await wallet.quoteAction(own)
    expect(microUsd).toBe((await fixed().quoteAction(own)).microUsd)
    expect(microUsd).toBeGreaterThan(45n * dollar)
  })

  test('is not made where they are beyond what may leave', async () => {
    const wallet = priced(2_000n * dollar, async () => 10n * dollar)
    expect(await rejection(wallet.act(own))).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(await wallet.payments.list()).toEqual([])
  })

  test('is priced, and recorded, by no other token than those that it moves', async () => {
    const asking = priced(2_000n * dollar, dollar, async () => 60_000n * dollar)
    const quote = await priced(2_000n * dollar, dollar).quoteAction(own)
    expect((await asking.quoteAction(own)).microUsd).toBe(quote.microUsd)
    const swapping = open({ assets: [...assets, { ...bitcoin, microUsd: async () => 60_000n * dollar }] })
    expect(await swapping.act(request)).toMatchObject({
      status: 'claimed',
      asset: { symbol: 'USDC', microUsd: dollar },
    })
  })

  test.each<[string, () => AgentWallet]>([
    ['its coin', () => priced(none, dollar)],
    ['what leaves', () => priced(2_000n * dollar, none)],
  ])('is not made where nobody says what %s is worth', async (_, make) => {
    const wallet = make()
    expect(await rejection(wallet.act(own))).toMatchObject({ code: 'configuration_invalid' })
    expect(await wallet.payments.list()).toEqual([])
  })

  test('is made where nothing but the coin leaves, as for the end of an approval', async () => {
    const wallet = priced(async () => 2_000n * dollar, dollar)
    const payment = await wallet.revoke({ network, token: 'USDC', spender: router })
    expect(payment).toMatchObject({ status: 'claimed', asset: { symbol: 'ETH', microUsd: 2_000n * dollar } })
    expect(payment.microUsd).toBeGreaterThan(0n)
  })
})
