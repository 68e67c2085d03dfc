import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allowHosts, maxPayments, spendingLimit } from '../../src/index.js'
import { callKey, paymentTools, type PaymentTools } from '../../src/tools/index.js'
import { setUpMarket, url } from '../support/market.ts'

const { sell, open, taken, signed } = setUpMarket()
const execute = (tools: PaymentTools, name: string, input: unknown, key?: string) =>
  tools[name as 'pay_fetch'].execute(input, { key })

describe('a model', () => {
  test('that calls thousands of times makes as many payments as it may (M7)', async () => {
    // Without the mock of the network, which alone would take most of a minute.
    const resource = sell({ priceUsd: '0.01' })
    const fetch: typeof globalThis.fetch = (input, init) => resource(new Request(input, init))
    const session = open({ fetch }).session({ maxPayments: 5 })
    const { pay_fetch } = paymentTools(session)
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          pay_fetch.execute({ url }, { key: callKey(`${round}`, `${index % 7}`) }),
        ),
      )
    }
    expect(signed()).toBeGreaterThan(0)
    expect(taken()).toBe(50_000n)
  }, 120_000)
})

describe('a yes to a call', () => {
  const asking = async () => {
    const scene = { now: Date.now() }
    const clock = (): number => scene.now
    sell({ priceUsd: '5', clock })
    sell({ priceUsd: '15', clock }, 'https://a.data.example/')
    const wallet = open({ clock })
    const session = wallet.session({})
    const { pay_fetch } = paymentTools(session)
    const call = { key: callKey('report') }
    expect(await pay_fetch.ask({ url }, call)).toMatchObject({ microUsd: 5_000_000n })
    const sayYesLate = async () => {
      scene.now += 2 * 3_600_000
      return pay_fetch.executeApproved({ url }, call, wallet.approvals)
    }
    scene.now += 23 * 3_600_000
    return { wallet, session, sayYesLate }
  }

  test('is none to what a sub-agent has filed under the same call, once what was shown is over', async () => {
    const { wallet, session, sayYesLate } = await asking()
    const [asked] = await wallet.approvals.list()
    const child = session.session({ labels: { toolCall: String(asked?.labels['toolCall']) } })
    await child.fetch('https://a.data.example/').catch(() => {})
    expect(await sayYesLate()).toMatchObject({ status: 'denied', code: 'payment_denied' })
    expect(await wallet.approvals.list()).toMatchObject([{ status: 'pending', microUsd: 15_000_000n }])
    await child.fetch('https://a.data.example/').catch(() => {})
    expect(signed()).toBe(0)
  })

  test('cannot be caught by a fetch that says it is that call', async () => {
    const { wallet, session, sayYesLate } = await asking()
    const [asked] = await wallet.approvals.list()
    const name = String(asked?.labels['toolCall'])
    const forged = session.fetch('https://a.data.example/', { payment: { labels: { toolCall: name } } })
    await expect(forged).rejects.toMatchObject({ code: 'configuration_invalid' })
    expect(await sayYesLate()).toMatchObject({ status: 'denied', code: 'payment_denied' })
    expect(await wallet.approvals.list()).toEqual([])
    expect(signed()).toBe(0)
  })
})

test('a model that was talked into anything spends nothing outside the policy, a thousand times over', async () => {
  sell({ priceUsd: '0.30' })
  sell({ priceUsd: '3' }, 'https://a.data.example/')
  const evil = sell({ priceUsd: '0.01' }, 'https://evil.example/')
  const policy = [
    allowHosts(['shop.example.com', '*.data.example']),
    spendingLimit({ instantMaxUsd: 1, dailyLimitUsd: 4 }),
    maxPayments({ count: 8, per: 'day' }),
  ]
  const wallet = open({ policy })
  const tools = paymentTools(wallet.session({ limits: { totalLimitUsd: '2.50' } }))
  const names = fc.constantFrom('pay_fetch', 'pay_fetch', 'pay_fetch', 'quote', 'budget', 'payments', 'approval_status')
  const property = fc.asyncProperty(
    names,
    fc.oneof(goodInput, hostileInput),
    fc.string({ maxLength: 2 }),
    async (name, input, call) => {
      const plain: unknown = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
      const result = await execute(tools, name, plain, callKey(call))
      expect(['ok', 'denied', 'waiting', 'unknown', 'failed']).toContain(result.status)
      expect(tools[name as 'pay_fetch'].outputSchema.safeParse(result).success).toBe(true)
    },
  )
  await fc.assert(property, { numRuns: 1000, seed: 402, endOnFailure: true })
  expect(taken()).toBeGreaterThan(0n)
  expect(taken()).toBeLessThanOrEqual(2_400_000n)
  expect(evil.payments).toHaveLength(0)
  const decided = (await wallet.approvals.list()).filter(({ status }) => status !== 'pending')
  expect(decided).toEqual([])
}, 120_000)

/** What it was meant to do. */
const goodInput = fc.record(
  {
    url: fc.constantFrom(url, 'https://a.data.example/'),
    maxUsd: fc.constantFrom('1', 0.3, 10),
    key: fc.constantFrom('k', 'l', 'm'),
  },
  { requiredKeys: ['url'] },
)

/** What an injected prompt may make a model try. */
const hostileValue = fc.oneof(
  fc.string(),
  fc.double(),
  fc.constantFrom(
    null,
    undefined,
    true,
    '$1',
    '0.5',
    1,
    0.01,
    1e99,
    -1,
    'unlimited',
    url,
    `${url}?x=1`,
    'https://evil.example/',
    [],
    {},
  ),
)

const hostileInput = fc.record(
  {
    url: fc.constantFrom(
      url,
      `${url}#a`,
      `${url}?q=1`,
      'https://a.data.example/',
      'https://evil.example/',
      'http://127.0.0.1/',
      'x',
    ),
    method: fc.constantFrom('GET', 'POST', 'DELETE', 'get', 'CONNECT'),
    headers: fc.dictionary(
      fc.constantFrom('x-a', 'x-payment', 'host', 'accept', '__proto__'),
      fc.string({ maxLength: 5 }),
    ),
    body: fc.string({ maxLength: 20 }),
    maxUsd: hostileValue,
    key: fc.oneof(fc.constantFrom('k', 'call_0', 'a b', '../x'), fc.string({ maxLength: 5 })),
    approval: hostileValue,
    payTo: hostileValue,
  },
  { requiredKeys: ['url'] },
)
