/** How to test an agent that pays, without a chain and without a server: msw answers, and checks every signature. */
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { http } from 'msw'
import { setupServer } from 'msw/node'
import { allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { paidResource, testKeyStore } from 'stipend/testing'
import { planTrip } from './agent.ts'

const network = setupServer()
before(() => network.listen({ onUnhandledFrame: 'error' }))
afterEach(() => network.resetHandlers())
after(() => network.close())

/** A forecast that is sold, by a server that verifies payments as real ones do. */
function sell(options: Parameters<typeof paidResource>[0]): ReturnType<typeof paidResource> {
  const forecast = paidResource(options)
  network.use(http.all('https://weather.example.com/forecast', ({ request }) => forecast(request)))
  return forecast
}

function createWallet(): {
  readonly wallet: ReturnType<typeof createAgentWallet>
  readonly keyStore: ReturnType<typeof testKeyStore>
} {
  const keyStore = testKeyStore()
  const policy = [allowHosts(['weather.example.com']), spendingLimit({ dailyLimitUsd: '0.10' })]
  return { keyStore, wallet: createAgentWallet({ keyStore, policy }) }
}

test('the agent pays for a forecast, and uses it', async () => {
  const forecast = sell({ priceUsd: '$0.02', respond: () => Response.json({ sky: 'rain' }) })
  const { wallet } = createWallet()
  assert.equal(await planTrip('Ghent', wallet.fetch), 'Take an umbrella to Ghent.')
  assert.equal(forecast.settled, 20_000n)
  assert.equal(forecast.requests.length, 2)
})

test('the agent pays no more than it set itself, whatever the shop asks', async () => {
  const forecast = sell({ priceUsd: '$0.06' })
  const { wallet, keyStore } = createWallet()
  assert.equal(await planTrip('Ghent', wallet.fetch), 'No forecast for Ghent: payment_denied.')
  assert.deepEqual([forecast.settled, keyStore.signed.length], [0n, 0])
})

test('the agent stops when the day’s budget is spent', async () => {
  const forecast = sell({ priceUsd: '$0.04' })
  const { wallet } = createWallet()
  const answers = []
  for (const city of ['Ghent', 'Bruges', 'Ypres']) answers.push(await planTrip(city, wallet.fetch))
  assert.equal(answers.at(-1), 'No forecast for Ypres: limit_exceeded.')
  assert.equal(forecast.settled, 80_000n)
})

test('the agent survives a shop that takes the money and fails', async () => {
  sell({ priceUsd: '$0.02', fault: 'settle-then-500' })
  const { wallet, keyStore } = createWallet()
  assert.equal(await planTrip('Ghent', wallet.fetch), 'No forecast for Ghent: the shop answered 500.')
  const [payment] = await wallet.payments.list()
  assert.deepEqual([payment?.status, keyStore.signed.length], ['unknown', 1])
})
