/** How to test an agent that pays, without a chain and without a server: msw answers, and checks every signature. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { http } from 'msw'
import { setupServer } from 'msw/node'
import { allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { expectNothingPaid, expectPaid, mock402, mockHandlers, testKeyStore } from 'stipend/testing'
import { planTrip } from './agent.ts'

const shop = 'https://weather.example.com'
const rain = mock402({ price: '$0.02', respond: () => Response.json({ sky: 'rain' }) })
const broken = { price: '$0.02', faults: ['settle-then-500'] } as const
const network = setupServer(
  ...mockHandlers(http, { [`${shop}/ghent`]: rain, [`${shop}/bruges`]: { price: '$0.06' }, [`${shop}/ypres`]: broken }),
)
before(() => network.listen({ onUnhandledFrame: 'error' }))
after(() => network.close())

const createWallet = () =>
  createAgentWallet({
    keyStore: testKeyStore(),
    policy: [allowHosts(['weather.example.com']), spendingLimit({ dailyLimitUsd: '0.05' })],
  })

test('the agent pays for a forecast, and uses it', async () => {
  const wallet = createWallet()
  assert.equal(await planTrip('ghent', wallet.fetch), 'Take an umbrella to ghent.')
  await expectPaid(wallet, { times: 1, totalUsd: '0.02' })
  assert.equal(rain.settled, 20_000n)
})

test('the agent pays no more than it set itself, whatever the shop asks', async () => {
  const wallet = createWallet()
  assert.equal(await planTrip('bruges', wallet.fetch), 'No forecast for bruges: payment_denied.')
  await expectNothingPaid(wallet)
})

test('the agent stops when the day’s budget is spent', async () => {
  const wallet = createWallet()
  for (const day of [1, 2]) await planTrip(`ghent?day=${day}`, wallet.fetch)
  assert.equal(await planTrip('ghent?day=3', wallet.fetch), 'No forecast for ghent?day=3: limit_exceeded.')
  await expectPaid(wallet, { totalUsd: '0.04' })
})

test('the agent survives a shop that takes the money and fails', async () => {
  const wallet = createWallet()
  assert.equal(await planTrip('ypres', wallet.fetch), 'No forecast for ypres: the shop answered 500.')
  await expectPaid(wallet, { times: 1, status: 'unknown' })
})
