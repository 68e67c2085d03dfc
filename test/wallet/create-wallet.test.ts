import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type AgentWalletOptions,
  allowHosts,
  createAgentWallet,
  getPayment,
  memoryLedger,
  spendingLimit,
  wrapFetch,
} from '../../src/index.js'
import { privateKey } from '../../src/keys/index.js'
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

describe('a wallet', () => {
  test.each<[string, Partial<AgentWalletOptions>]>([
    ['without a policy', {}],
    ['with no rules', { policy: [] }],
    ['with limits but no host', { policy: [spendingLimit({ perPaymentUsd: 5 })] }],
    [
      'with a rule that throws',
      {
        policy: [
          allowed,
          {
            name: 'mine',
            judge: () => {
              throw new Error('boom')
            },
          },
        ],
      },
    ],
    [
      'with an engine that throws',
      {
        policy: {
          evaluate: () => {
            throw new Error('boom')
          },
        },
      },
    ],
    ['with an engine that rejects', { policy: { evaluate: () => Promise.reject(new Error('boom')) } }],
    ['with an engine that answers a word', { policy: { evaluate: () => 'allow' as never } }],
    ['with an engine that answers nothing', { policy: { evaluate: () => undefined as never } }],
    ['with an engine that forgets its limits', { policy: { evaluate: () => ({ type: 'allow' }) as never } }],
  ])('%s signs nothing', async (_what, options) => {
    sell(paidResource({}))
    const keyStore = testKeyStore()
    const wallet = createAgentWallet({ keyStore, ...options })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(keyStore.signed).toHaveLength(0)
    expect(await wallet.payments.list()).toHaveLength(0)
  })

  test('quotes what a request would cost, offer by offer, and signs nothing', async () => {
    const resource = paidResource({
      accepts: (offer) => [{ ...Object(offer), amount: '2000000' }, offer, { ...Object(offer), network: 'eip155:9' }],
    })
    sell(resource)
    const keyStore = testKeyStore()
    const wallet = createAgentWallet({ keyStore, policy: [allowed] })
    const quote = await wallet.quote(url)
    expect(quote?.offers.map(({ microUsd, allowed, reasons }) => [microUsd, allowed, reasons])).toEqual([
      [2_000_000n, false, ['built-in per-payment limit of $1.00: $2.00 asked']],
      [10_000n, true, []],
    ])
    expect(quote?.payable?.microUsd).toBe(10_000n)
    expect(keyStore.signed).toHaveLength(0)
    expect(resource.requests).toHaveLength(1)
    network.use(http.get(url, () => HttpResponse.text('free')))
    expect(await wallet.quote(url)).toBeUndefined()
    sell(resource, 'https://elsewhere.example/')
    expect((await wallet.quote('https://elsewhere.example/'))?.offers[1]?.reasons).toEqual([
      'allowHosts: elsewhere.example is not an allowed host',
    ])
  })

  test('remembers what it paid, without query or signature, and tells its listeners', async () => {
    sell(paidResource({}))
    const wallet = createAgentWallet({ keyStore: testKeyStore(), policy: [allowed] })
    const heard: string[] = []
    wallet.on('payment.authorized', ({ payment }) => heard.push(`authorized ${payment.status}`))
    const stop = wallet.on('payment.settled', ({ payment }) => heard.push(`settled ${payment.status}`))
    wallet.on('payment.settled', () => {
      throw new Error('a listener that throws')
    })
    wallet.on('payment.settled', async () => {
      throw new Error('a listener that rejects')
    })
    wallet.on('payment.denied', ({ error }) => heard.push(`denied ${error.code}`))
    const response = await wallet.fetch(`${url}?token=secret`, { payment: { labels: { task: '42' } } })
    const payment = await wallet.payments.get(getPayment(response)?.id ?? 'pay_')
    expect(payment).toMatchObject({
      status: 'claimed',
      microUsd: 10_000n,
      labels: { task: '42' },
      resource: { url, host: 'api.example.com' },
    })
    const text = JSON.stringify(payment, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
    expect(text).not.toContain('secret')
    expect(text).not.toMatch(/0x[0-9a-f]{130}/)
    expect(await wallet.payments.list({ labels: { task: '42' }, host: 'api.example.com', status: 'claimed' })).toEqual([
      payment,
    ])
    expect(await wallet.payments.list({ labels: { task: '43' } })).toEqual([])
    await rejection(wallet.fetch(url, { payment: { maxUsd: 0 } }))
    stop()
    await wallet.fetch(url)
    expect(heard).toEqual([
      'authorized authorized',
      'settled claimed',
      'denied payment_denied',
      'authorized authorized',
    ])
  })

  test('tells nobody the query of what it does not pay', async () => {
    sell(paidResource({ clock: () => Date.now() - 60_000 }))
    const wallet = createAgentWallet({ keyStore: testKeyStore(), policy: [] })
    const heard: string[] = []
    wallet.on('payment.denied', ({ resource }) => heard.push(resource.url))
    wallet.on('clock.skewed', ({ resource }) => heard.push(resource.url))
    await rejection(wallet.fetch(`${url}?token=secret`))
    expect(heard).toEqual([url, url])
  })

  test('writes what it paid for bookkeeping, in rows that add up', async () => {
    sell(paidResource({ amount: 333_333n }))
    const wallet = createAgentWallet({ keyStore: testKeyStore(), policy: [allowed] })
    for (const task of ['=1+1', 'a "b", c', 'plain'])
      await wallet.fetch(url, { payment: { labels: { task }, key: task } })
    const rows = JSON.parse(await wallet.payments.export('json')) as readonly { readonly usd: string }[]
    const shared = { usd: '0.333333', spent: true, host: 'api.example.com', url }
    expect(rows).toMatchObject([
      { ...shared, labels: { task: '=1+1' } },
      { ...shared, labels: { task: 'a "b", c' } },
      { ...shared, labels: { task: 'plain' } },
    ])
    const csv = await wallet.payments.export('csv', { labels: { task: '=1+1' } })
    const [head, line, end] = csv.split('\r\n')
    expect(head).toMatch(/^id,createdAt,status,spent,usd,amount,symbol,.*,method,host,url,/)
    expect(line).toMatch(/,claimed,true,0\.333333,0\.333333,USDC,.*,'=1\+1,"\{""task"":""=1\+1""\}",,,,$/)
    expect(end).toBe('')
    const used = (await wallet.budget())[1]?.used
    expect(rows.reduce((sum, { usd }) => sum + BigInt(usd.replace('.', '')), 0n)).toBe(used)
  })

  test('does not sign when its ledger fails', async () => {
    sell(paidResource({}))
    const keyStore = testKeyStore()
    const ledger = { ...memoryLedger(), reserve: () => Promise.reject(new Error('disk full')) }
    const wallet = createAgentWallet({ keyStore, policy: [allowed], ledger })
    expect(await rejection(wallet.fetch(url))).toMatchObject({
      code: 'ledger_unavailable',
      moved: 'no',
      retryable: true,
    })
    expect(keyStore.signed).toHaveLength(0)
  })

  test('hands over a paid answer even when its ledger fails afterwards', async () => {
    sell(paidResource({}))
    const ledger = { ...memoryLedger(), update: () => Promise.reject(new Error('disk full')) }
    const wallet = createAgentWallet({ keyStore: testKeyStore(), policy: [allowed], ledger })
    const response = await wallet.fetch(url)
    expect(await response.json()).toEqual({ ok: true })
    expect(getPayment(response)?.status).toBe('claimed')
  })

  test('owes nothing when its own key threw, and counts as spent what another key may have signed', async () => {
    sell(paidResource({}))
    const { address } = testKeyStore()
    const fails = (throwsUnsigned: boolean | ((error: unknown) => boolean)) => ({
      getSigner: async () => ({
        namespace: 'eip155' as const,
        address,
        throwsUnsigned,
        signTypedData: () => Promise.reject(new Error('hsm')),
      }),
    })
    const own = createAgentWallet({ keyStore: fails(true), policy: [allowed] })
    expect(await rejection(own.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'no' })
    expect((await own.payments.list())[0]?.status).toBe('released')
    expect((await own.budget())[1]?.used).toBe(0n)
    const remote = createAgentWallet({ keyStore: fails(false), policy: [allowed] })
    expect(await rejection(remote.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect((await remote.budget())[1]?.used).toBe(10_000n)
  })

  test('counts as spent what its signer fails to say of a throw', async () => {
    sell(paidResource({}))
    const signer = { namespace: 'eip155', address: testKeyStore().address } as const
    const answers: readonly (() => never)[] = [
      () => {
        throw new Error('not known')
      },
      () => 'yes' as never,
    ]
    for (const throwsUnsigned of answers) {
      const signTypedData = (): Promise<never> => Promise.reject(new Error('hsm'))
      const keyStore = { getSigner: async () => ({ ...signer, throwsUnsigned, signTypedData }) }
      const wallet = createAgentWallet({ keyStore, policy: [allowed] })
      expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
      expect((await wallet.budget())[1]?.used).toBe(10_000n)
    }
  })

  test('sends nothing that its signer signed for other bytes', async () => {
    const resource = paidResource({})
    sell(resource)
    const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
    const lying = {
      address: account.address,
      signTypedData: (data: { message: Record<string, unknown> }) =>
        account.signTypedData({ ...data, message: { ...data.message, value: 999n } } as never),
    }
    const wallet = createAgentWallet({ keyStore: privateKey(lying as never), policy: [allowed] })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect(resource.requests).toHaveLength(1)
  })

  test('pays from a viem account, from hex with or without 0x, and from bytes', async () => {
    const key = `0x${'42'.repeat(32)}` as const
    const { address } = privateKeyToAccount(key)
    for (const keyStore of [
      privateKey(key),
      privateKey(key.slice(2)),
      privateKey(new Uint8Array(32).fill(0x42)),
      privateKey(privateKeyToAccount(key)),
    ]) {
      const resource = paidResource({})
      sell(resource)
      const wallet = createAgentWallet({ keyStore, policy: [allowed] })
      expect((await wallet.fetch(url)).status).toBe(200)
      expect(resource.payments[0]?.from).toBe(address)
    }
  })
})

describe('the global fetch', () => {
  test('can be replaced by one that pays, and the wallet under it still reaches the network', async () => {
    const resource = paidResource({})
    sell(resource)
    const original = globalThis.fetch
    const wallet = createAgentWallet({ keyStore: testKeyStore(), policy: [allowed] })
    try {
      globalThis.fetch = wrapFetch(fetch, wallet)
      expect((await fetch(url)).status).toBe(200)
      globalThis.fetch = wallet.fetch
      expect((await fetch(url)).status).toBe(200)
      expect((await wallet.fetch(url)).status).toBe(200)
      expect(resource.settled).toBe(30_000n)
    } finally {
      globalThis.fetch = original
    }
  })
})
