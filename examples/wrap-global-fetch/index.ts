/** Code that knows nothing of payments buys a report, since the global fetch has learned to pay. */
import assert from 'node:assert/strict'
import { allowHosts, createAgentWallet, formatUsd, getPayment, isStipendError, spendingLimit, wrapFetch } from 'stipend'
import { privateKey } from 'stipend/keys'
import { box } from '../support/draw.ts'
import { openMarket } from '../support/market.ts'
import { play } from '../support/play.ts'

/** Somebody else's library. */
async function download(url: string): Promise<Response> {
  return fetch(url, { headers: { accept: 'application/json' } })
}

play(
  'a global fetch that pays',
  async () => {
    const market = await openMarket({
      report: { price: '$0.01', goods: { report: 'Tides' } },
      stranger: { price: '$0.01', goods: {} },
    })
    const bare = globalThis.fetch
    try {
      const { report, stranger } = market.shops
      const unpaid = await download(`${report.url}/paid`)
      assert.equal(unpaid.status, 402)

      const wallet = createAgentWallet({
        keyStore: privateKey(market.agent.privateKey),
        policy: [allowHosts([report.url]), spendingLimit({ perPaymentUsd: 0.05, dailyLimitUsd: 1 })],
      })
      // A session, so that nothing that finds the fetch finds the wallet.
      globalThis.fetch = wrapFetch(fetch, wallet.session({ maxPayments: 3 }))

      const paid = await download(`${report.url}/paid`)
      const payment = getPayment(paid)
      assert.equal(paid.status, 200)
      assert.equal(await market.chain.balanceOf(report.payTo), 10_000n)
      const refused = await download(`${stranger.url}/paid`).catch((error: unknown) => error)
      assert(isStipendError(refused) && refused.code === 'payment_denied')
      assert.equal(await market.chain.balanceOf(stranger.payTo), 0n)
      const free = await download(`${report.url}/free`)
      assert.equal(getPayment(free), undefined)

      console.log(
        `\n${box('What the same call answered', [
          ['before', `${unpaid.status} Payment Required`],
          [
            'wrapped',
            `${paid.status} ${JSON.stringify(await paid.json())}, for ${formatUsd(payment?.microUsd ?? 0n)}`,
            'good',
          ],
          ['on chain', payment?.receipt?.transaction ?? ''],
          ['stranger', `refused: ${refused.code}`, 'bad'],
          ['free', `${free.status}, untouched`],
        ])}`,
      )
    } finally {
      globalThis.fetch = bare
      await market.close()
    }
  },
  'One transfer on the chain; the stranger got nothing.',
)
