import { http } from 'msw'
import { setupServer } from 'msw/node'
import { afterEach, describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet } from '../../../src/index.js'
import { expectPaid, mock402, mockHandlers, testKeyStore } from '../../../src/testing/index.js'

const url = 'https://shop.example/report'
const createWallet = () =>
  createAgentWallet({ keyStore: testKeyStore(), policy: [allowHosts(['shop.example', 'other.example'])] })
let stop = (): void => {}
afterEach(() => stop())

function start(...handlers: Parameters<typeof setupServer>): void {
  const network = setupServer(...handlers)
  network.listen({ onUnhandledFrame: 'error' })
  stop = () => network.close()
}

describe('the handlers of msw', () => {
  test('sell at their URLs', async () => {
    const shop = mock402({ price: '$0.02' })
    start(...mockHandlers(http, { [url]: shop, 'https://other.example/feed': { price: '$0.03' } }))
    const wallet = createWallet()
    expect((await wallet.fetch(url)).status).toBe(200)
    expect((await wallet.fetch('https://other.example/feed')).status).toBe(200)
    await expectPaid(wallet, { times: 2, totalUsd: '$0.05' })
    expect(shop.settled).toBe(20_000n)
  })

  test('fail as a network does when the connection is dropped', async () => {
    start(...mockHandlers(http, { [url]: { faults: ['settle-then-drop'] } }))
    const wallet = createWallet()
    await expect(wallet.fetch(url)).rejects.toMatchObject({ code: 'payment_outcome_unknown' })
    await expectPaid(wallet, { times: 1, status: 'unknown' })
  })
})
