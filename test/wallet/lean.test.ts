import { http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet, memoryLedger, spendingLimit } from '../../src/index.js'
import { createLeanWallet, type LeanWalletOptions } from '../../src/wallet/lean.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

const url = 'https://api.example.com/report'
const network = setupServer()
const policy = [allowHosts(['api.example.com']), spendingLimit({ perPaymentUsd: 0.05, dailyLimitUsd: 0.05 })]

const sell = (resource: (request: Request) => Promise<Response>): void => {
  network.use(http.all('https://api.example.com/*', ({ request }) => resource(request)))
}

beforeAll(() => network.listen({ onUnhandledFrame: 'error' }))
afterEach(() => network.resetHandlers())
afterAll(() => network.close())

describe('a lean wallet', () => {
  test('pays within its limits and no further, and records what it pays', async () => {
    const resource = paidResource({ amount: 30_000n })
    sell(resource)
    const keyStore = testKeyStore()
    const wallet = createLeanWallet({ keyStore, policy })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(await rejection(wallet.fetch(`${url}?page=2`))).toMatchObject({ code: 'limit_exceeded', moved: 'no' })
    expect(keyStore.signed).toHaveLength(1)
    const [payment, ...others] = await wallet.payments.list()
    expect(others).toEqual([])
    expect(payment).toMatchObject({ status: 'claimed', amount: 30_000n, microUsd: 30_000n })
    expect(payment && (await wallet.payments.history(payment.id)).map((entry) => entry.payment.status)).toEqual([
      'authorized',
      'claimed',
    ])
    const daily = (await wallet.budget()).find(({ name }) => name === 'daily limit')
    expect(daily).toMatchObject({ used: 30_000n, left: 20_000n })
  })

  test('pays a purchase once that a whole wallet of the same key and ledger has paid', async () => {
    const resource = paidResource({ amount: 10_000n })
    sell(resource)
    const [keyStore, ledger] = [testKeyStore(), memoryLedger()]
    const whole = createAgentWallet({ keyStore, policy, ledger })
    const lean = createLeanWallet({ keyStore, policy, ledger })
    await whole.fetch(url, { payment: { key: 'report-42' } })
    expect(await rejection(lean.fetch(url, { payment: { key: 'report-42' } }))).toMatchObject({ code: 'already_paid' })
    expect(new Set(keyStore.signed.map(({ message }) => message['nonce'])).size).toBe(1)
  })

  test('goes on from a payment whose outcome is not known, instead of paying again', async () => {
    const resource = paidResource({ amount: 10_000n, fault: 'settle-then-500' })
    sell(resource)
    const keyStore = testKeyStore()
    const wallet = createLeanWallet({ keyStore, policy })
    expect((await wallet.fetch(url)).status).toBe(500)
    await wallet.fetch(url).catch(() => undefined)
    const sent = resource.requests.flatMap(({ headers }) => headers['payment-signature'] ?? [])
    expect(sent).toHaveLength(2)
    expect(new Set(sent).size).toBe(1)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('signs nothing while it is frozen', async () => {
    sell(paidResource({}))
    const keyStore = testKeyStore()
    const wallet = createLeanWallet({ keyStore, policy })
    await wallet.freeze('stop')
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'wallet_frozen', moved: 'no' })
    expect(keyStore.signed).toHaveLength(0)
  })

  test('hands back a 402 of the first version of x402 unpaid, unless it is given that', async () => {
    sell(paidResource({ version: 1 }))
    const keyStore = testKeyStore()
    expect((await createLeanWallet({ keyStore, policy }).fetch(url)).status).toBe(402)
    expect(keyStore.signed).toHaveLength(0)
  })

  test.each(['chains', 'actions', 'reconcileEverySeconds', 'sessionTokenPrefix'])(
    'refuses %s, which only a whole wallet does something with',
    (name) => {
      const options = { keyStore: testKeyStore(), policy, [name]: [] } as unknown as LeanWalletOptions
      expect(() => createLeanWallet(options)).toThrow(`createLeanWallet: it has no option ${name}`)
    },
  )
})
