/**
 * An agent buys looks at a price and, when the price is low, the thing itself: by a session that may pay one host and swap
 * one pair. What goes beyond is refused before anything is signed, and at the end its books are the chain's, to the unit.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AgentWallet,
  allowActions,
  allowHosts,
  createAgentWallet,
  formatUsd,
  isStipendError,
  type Session,
  spendingLimit,
} from 'stipend'
import { swap } from 'stipend/actions'
import { evm } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import { sqliteLedger } from 'stipend/sqlite'
import { box } from '../support/draw.ts'
import { gold, withExchange } from '../support/exchange.ts'
import { openMarket } from '../support/market.ts'
import { play } from '../support/play.ts'

const network = 'eip155:84532'
const purse = 50_000_000n
const looks = 40

let tick = 0
/** What the feed answers: a price that wanders, the same in every run. */
const feed = { toJSON: () => ({ pair: 'TIN/USD', price: 33 + Math.round(40 * Math.sin(tick++ / 3)) / 10 }) }

const bounds = { network, pairs: [['USDC', 'TIN']], maxSlippageBps: 50, maxUsd: 8 } as const
const buy = { action: 'swap', network, sell: 'USDC', buy: 'TIN', amount: '4' } as const

play(
  'an agent follows a price, and buys when it is low',
  async () => {
    const market = await openMarket({ feed: { price: '$0.001', goods: feed } }, { purse })
    const folder = mkdtempSync(join(tmpdir(), 'stipend-trading-'))
    const ledger = sqliteLedger(join(folder, 'agent.db'))
    try {
      const { feed: shop } = market.shops
      const chain = await withExchange(market.chain)
      await chain.giveCoin(market.agent.address)
      const wallet = createAgentWallet({
        keyStore: privateKey(market.agent.privateKey),
        policy: [
          allowHosts([shop.url]),
          allowActions([swap(bounds)]),
          spendingLimit({ perPaymentUsd: 10, dailyLimitUsd: 40 }),
        ],
        ledger,
        chains: [evm({ network, clients: [chain.publicClient] })],
        assets: [
          // What its gas is worth counts too.
          {
            network,
            symbol: 'ETH',
            address: `0x${'0'.repeat(40)}`,
            decimals: 18,
            transfer: 'native',
            microUsd: 2_000_000_000n,
          },
          { network, symbol: 'TIN', address: gold, decimals: 6, transfer: 'permit2', microUsd: 500_000n },
        ],
      })
      const session = wallet.session({ allowHosts: [shop.url], actions: [swap(bounds)], limits: { totalLimitUsd: 30 } })

      const { prices, bought } = await trade(session, `${shop.url}/paid`)
      assert.ok(bought > 1, 'it buys when the price is low')
      const refusals = await overreach(session)

      await chain.passBlocks()
      await wallet.reconcile()
      const books = await total(wallet)
      assert.equal(books.open, 0, 'a final block shows every payment')
      assert.equal(await chain.balanceOf(market.agent.address), purse - books.spent, 'the books are the chain’s')
      assert.equal(books.spent, BigInt(looks) * 1000n + BigInt(bought) * 4_000_000n)
      const tin = await chain.holds(gold, market.agent.address)
      assert.equal(tin, BigInt(bought) * 8_000_000n)
      assert.deepEqual(await wallet.allowances(), [], 'nobody may move anything of it')

      console.log(
        `\n${box('What it did within its bounds', [
          ['price', draw(prices)],
          ['looks', `${looks} at $0.001`],
          ['bought', `${bought} times 4 USDC of TIN: ${formatUsd(books.spent)} spent in all, as the chain says`],
          ...refusals.map((refusal) => ['refused', refusal] as [string, string]),
        ])}`,
      )
    } finally {
      ledger.close()
      rmSync(folder, { recursive: true })
      await market.close()
    }
  },
  'It bought within its bounds, was refused beyond them, and its books match the chain to the unit.',
)

/** Looks, and buys whenever the price is low and has been higher since it bought last. */
async function trade(
  session: Session,
  url: string,
): Promise<{ readonly prices: readonly number[]; readonly bought: number }> {
  const prices: number[] = []
  let bought = 0
  let isWaiting = false
  for (let look = 1; look <= looks; look++) {
    const response = await session.fetch(url, { payment: { key: `look-${look}` } })
    const { price } = (await response.json()) as { readonly price: number }
    prices.push(price)
    if (price > 34) isWaiting = true
    if (price > 30 || !isWaiting) continue
    await session.act({ ...buy, key: `buy-${look}` })
    bought += 1
    isWaiting = false
  }
  return { prices, bought }
}

/** Asks for what is beyond its bounds, each in another way. */
async function overreach(session: Session): Promise<readonly string[]> {
  const beyond = [
    ['more at once', { ...buy, amount: '9' }],
    ['more slippage', { ...buy, maxSlippageBps: 300 }],
    ['another pair', { ...buy, buy: 'WETH' }],
  ] as const
  const refusals: string[] = []
  for (const [what, request] of beyond) {
    const error: unknown = await session.act(request).catch((thrown: unknown) => thrown)
    assert(
      isStipendError(error) && error.code === 'payment_denied' && error.moved === 'no',
      `${what}: ${String(error)}`,
    )
    refusals.push(`${what}: ${error.code}`)
  }
  return refusals
}

/** What the ledger says was spent, in atomic units of USDC. */
async function total(wallet: AgentWallet): Promise<{ readonly spent: bigint; readonly open: number }> {
  const payments = await wallet.payments.list()
  const open = payments.filter(({ status }) => status !== 'confirmed').length
  return { spent: payments.reduce((sum, { amount }) => sum + amount, 0n), open }
}

function draw(prices: readonly number[]): string {
  const [low, high] = [Math.min(...prices), Math.max(...prices)]
  const bar = (price: number): string => '▁▂▃▄▅▆▇█'[Math.floor(((price - low) / (high - low || 1)) * 7.99)] ?? ''
  return prices.map(bar).join('')
}
