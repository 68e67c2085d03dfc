/**
 * An agent follows a price that costs a tenth of a cent a look, as fast as it can, until its budget is spent: to the
 * last look and not one more, on the record and on the chain, also when it is started again.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AgentWallet, allowHosts, createAgentWallet, formatUsd, isStipendError, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import { sqliteLedger } from 'stipend/sqlite'
import { box } from '../support/draw.ts'
import { openMarket } from '../support/market.ts'
import { play } from '../support/play.ts'

const budgetUsd = '0.06'
const looks = 60
const atOnce = 10

let tick = 0
/** What the feed answers: a price that wanders, the same in every run. */
const feed = { toJSON: () => ({ pair: 'TIN/USD', price: 33 + Math.round(40 * Math.sin(tick++ / 7)) / 10 }) }

play(
  'an agent follows a price until its budget is spent',
  async () => {
    const market = await openMarket({ feed: { price: '$0.001', goods: feed } })
    const folder = mkdtempSync(join(tmpdir(), 'stipend-trading-'))
    const ledger = sqliteLedger(join(folder, 'agent.db'))
    try {
      const { feed: shop } = market.shops
      const policy = [allowHosts([shop.url]), spendingLimit({ perPaymentUsd: '0.001', dailyLimitUsd: budgetUsd })]
      const open = (): AgentWallet =>
        createAgentWallet({ keyStore: privateKey(market.agent.privateKey), policy, ledger })

      const prices = await follow(open(), `${shop.url}/paid`)
      const [line] = (await open().budget()).filter(({ name }) => name === 'daily limit')
      assert.equal(prices.length, looks, 'it looks as often as its budget allows')
      assert.equal(shop.sales(), looks)
      assert.equal(await market.chain.balanceOf(shop.payTo), BigInt(looks) * 1000n, 'the shop has exactly the budget')
      assert.equal(line?.left, 0n)

      const restarted = await follow(open(), `${shop.url}/paid`)
      assert.deepEqual(restarted, [], 'a restart buys nothing more: the budget is of the ledger, not of the process')

      console.log(
        `\n${box('What it saw for its money', [
          ['price', draw(prices)],
          ['looks', `${prices.length} in bursts of ${atOnce}, then refused: limit_exceeded`],
          ['spent', `${formatUsd(line?.used ?? 0n)} of $${budgetUsd} in a day; ${formatUsd(line?.left ?? 0n)} left`],
          ['restart', 'refused at once'],
        ])}`,
      )
    } finally {
      ledger.close()
      rmSync(folder, { recursive: true })
      await market.close()
    }
  },
  'Sixty looks were paid for, and not one more: counted at the shop, in the ledger and on the chain.',
)

/** Buys the same thing again and again, so each call is a purchase of its own, until the wallet says no. */
async function follow(wallet: AgentWallet, url: string): Promise<readonly number[]> {
  const prices: number[] = []
  for (;;) {
    const calls = Array.from({ length: atOnce }, () => wallet.fetch(url, { payment: { repeatable: true } }))
    const settled = await Promise.allSettled(calls)
    for (const one of settled) {
      if (one.status === 'fulfilled') prices.push(((await one.value.json()) as { price: number }).price)
      else assert(isStipendError(one.reason) && one.reason.code === 'limit_exceeded', String(one.reason))
    }
    if (settled.some(({ status }) => status === 'rejected')) return prices
  }
}

function draw(prices: readonly number[]): string {
  const [low, high] = [Math.min(...prices), Math.max(...prices)]
  const bar = (price: number): string => '▁▂▃▄▅▆▇█'[Math.floor(((price - low) / (high - low || 1)) * 7.99)] ?? ''
  return prices.map(bar).join('')
}
