import { http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { allowAnyHost, allowHosts, createAgentWallet, maxPayments, spendingLimit } from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

const url = 'https://api.example.com/report'
const network = setupServer()

const sell = (resource: (request: Request) => Promise<Response>, at = url): void => {
  network.use(http.all(at, ({ request }) => resource(request)))
}
const allowed = allowHosts(['api.example.com', '*.data.example'])

beforeAll(() => network.listen({ onUnhandledFrame: 'error' }))

afterEach(() => network.resetHandlers())

afterAll(() => network.close())

describe('what a wallet spends', () => {
  test('is held to $1 a payment and $10 a day until its owner says otherwise', async () => {
    const resource = paidResource({ amount: 1_000_000n })
    sell(resource)
    const wallet = createAgentWallet({ keyStore: testKeyStore(), policy: [allowed] })
    for (let bought = 0; bought < 10; bought += 1) await wallet.fetch(url)
    expect(await rejection(wallet.fetch(url))).toMatchObject({
      code: 'limit_exceeded',
      limit: { name: 'built-in daily limit' },
      used: 10_000_000n,
    })
    expect(resource.settled).toBe(10_000_000n)

    sell(paidResource({ amount: 1_000_001n }))
    const other = createAgentWallet({ keyStore: testKeyStore(), policy: [allowed] })
    expect(await rejection(other.fetch(url))).toMatchObject({
      code: 'limit_exceeded',
      limit: { name: 'built-in per-payment limit' },
    })
    const raised = createAgentWallet({
      keyStore: testKeyStore(),
      policy: [allowed, spendingLimit({ perPaymentUsd: 2 })],
    })
    expect((await raised.fetch(url)).status).toBe(200)
  })

  test('signs exactly ten of a hundred requests in parallel when its budget is for ten', async () => {
    const resource = paidResource({ amount: 100_000n })
    sell(resource)
    const keyStore = testKeyStore()
    const wallet = createAgentWallet({ keyStore, policy: [allowed, spendingLimit({ dailyLimitUsd: 1 })] })
    const settled = await Promise.allSettled(Array.from({ length: 100 }, () => wallet.fetch(url)))
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    expect(keyStore.signed).toHaveLength(10)
    expect(resource.settled).toBe(1_000_000n)
    expect(
      settled.filter((one) => one.status === 'rejected').every((one) => one.reason.code === 'limit_exceeded'),
    ).toBe(true)
  })

  test('says in words when a limit has room again, and has it then', async () => {
    let now = Date.parse('2026-03-08T12:00:00Z')
    const resource = paidResource({ amount: 600_000n, clock: () => now })
    sell(resource)
    const policy = [allowed, spendingLimit({ hourlyLimitUsd: 1 })]
    const wallet = createAgentWallet({ keyStore: testKeyStore(), policy, clock: () => now })
    await wallet.fetch(url)
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'limit_exceeded', retryable: true })
    expect(String(error)).toMatch(
      /hourly limit of \$1\.00: \$0\.60 spent, \$0\.60 asked; fits again at 2026-03-08T13:03Z/,
    )
    const { fitsAt = 0 } = error as { fitsAt?: number }
    now = fitsAt - 1
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'limit_exceeded' })
    now = fitsAt
    expect((await wallet.fetch(url)).status).toBe(200)
    now = Date.parse('2026-03-08T11:00:00Z')
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'limit_exceeded' })
  })

  test('counts each host for itself where a limit says so, and all of them together as well', async () => {
    const policy = [
      allowAnyHost(),
      spendingLimit({ dailyLimitUsd: 0.01, scope: 'host' }),
      maxPayments({ count: 3, per: 'day' }),
    ]
    const wallet = createAgentWallet({ keyStore: testKeyStore(), policy })
    const resource = paidResource({})
    sell(resource, 'https://:host.data.example/')
    for (const host of ['a', 'b', 'c']) expect((await wallet.fetch(`https://${host}.data.example/`)).status).toBe(200)
    expect(await rejection(wallet.fetch('https://a.data.example/'))).toMatchObject({
      limit: { scope: 'host:a.data.example' },
    })
    expect(await rejection(wallet.fetch('https://d.data.example/'))).toMatchObject({
      limit: { measure: 'count', scope: 'wallet' },
    })
    const lines = await wallet.budget('https://a.data.example/')
    expect(lines.map(({ name, scope, left }) => [name, scope, left])).toEqual([
      ['daily limit for a.data.example', 'host:a.data.example', 0n],
      ['limit on payments per day', 'wallet', 0n],
      ['built-in per-payment limit', 'wallet', 1_000_000n],
      ['built-in daily limit', 'wallet', 9_970_000n],
      ['built-in limit on payments under way for data.example', 'domain:data.example', 100n],
    ])
  })
})
