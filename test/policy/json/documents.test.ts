import { describe, expect, test } from 'vitest'
import { createAgentWallet, policyFromJSON } from '../../../src/index.js'
import { paidResource, testKeyStore } from '../../../src/testing/index.js'
import { createOffer, createRequest, outcome, payee } from '../../support/offers.ts'
import { rejection } from '../../support/wallets.ts'

const domains = {
  type: 'X402_ALLOWED_DOMAINS',
  rules: { domains: ['api.openai.com', '*.anthropic.com', 'premium-data.com'] },
}
const spending = {
  type: 'SPENDING_LIMIT',
  rules: { instant_max_usd: 1, notify_max_usd: 10, delay_max_usd: 100, delay_seconds: 300, daily_limit_usd: 200 },
}
const url = 'https://premium-data.com/report'
const cent = 10_000n
const usd = (dollars: number): bigint => BigInt(Math.round(dollars * 100)) * cent

/** A wallet under the two documents, at shops whose price and clock the test sets. */
function setUp(policy: unknown = [domains, spending]) {
  const scene = { now: Date.UTC(2026, 0, 1), price: usd(1) }
  const keyStore = testKeyStore()
  const clock = (): number => scene.now
  const told: bigint[] = []
  const shops = new Map<bigint, ReturnType<typeof paidResource>>()
  const fetch: typeof globalThis.fetch = (input, init) => {
    const shop = shops.get(scene.price) ?? paidResource({ amount: scene.price, clock })
    shops.set(scene.price, shop)
    return shop(new Request(input, init))
  }
  const wallet = createAgentWallet({ keyStore, policy: policyFromJSON(policy), clock, fetch })
  wallet.on('payment.notified', ({ payment }) => told.push(payment.microUsd))
  const buy = (price: number, at = url) => {
    scene.price = usd(price)
    return wallet.fetch(at, { payment: { key: `${price} ${at}` } })
  }
  return { scene, keyStore, told, wallet, buy }
}

describe('two policy documents', () => {
  test.each<[string, unknown]>([
    ['a list', [domains, spending]],
    ['a list the other way round', [spending, domains]],
    ['an object with rules', { rules: [domains, spending] }],
    ['text', JSON.stringify([domains, spending])],
  ])('as %s pay at once up to $1, tell up to $10, wait up to $100, and ask beyond', async (_what, policy) => {
    const { scene, keyStore, told, buy } = setUp(policy)
    expect((await buy(1)).status).toBe(200)
    expect(told).toEqual([])
    expect((await buy(1.01)).status).toBe(200)
    expect((await buy(10)).status).toBe(200)
    expect(told).toEqual([usd(1.01), usd(10)])
    expect(await rejection(buy(10.01))).toMatchObject({
      code: 'payment_delayed',
      moved: 'no',
      executableAt: scene.now + 300_000,
    })
    expect(await rejection(buy(100))).toMatchObject({ code: 'payment_delayed' })
    expect(await rejection(buy(100.01))).toMatchObject({ code: 'approval_required', moved: 'no' })
    expect(keyStore.signed).toHaveLength(3)
    scene.now += 300_000
    expect((await buy(10.01)).status).toBe(200)
    expect(keyStore.signed).toHaveLength(4)
    expect(told).toHaveLength(2)
  })

  test('stop at $200 a day to the cent, whatever a person approves, and go on when the day is over', async () => {
    const { scene, keyStore, wallet, buy } = setUp()
    await rejection(buy(150))
    const [waiting] = await wallet.approvals.list()
    await wallet.approvals.approve(waiting?.id ?? 'apr_')
    expect((await buy(150)).status).toBe(200)
    for (const price of [10, 9.99, 9.98, 9.97, 9.96]) expect((await buy(price)).status).toBe(200)
    const error = await rejection(buy(0.11))
    expect(error).toMatchObject({ code: 'limit_exceeded', limit: { name: 'daily limit' }, used: usd(199.9) })
    expect(String(error)).toMatch(/daily limit of \$200\.00: \$199\.90 spent, \$0\.11 asked/)
    expect(await rejection(buy(100.02))).toMatchObject({ code: 'limit_exceeded' })
    expect((await buy(0.1)).status).toBe(200)
    expect(await rejection(buy(0.01))).toMatchObject({ code: 'limit_exceeded' })
    expect(keyStore.signed).toHaveLength(7)
    scene.now += 25 * 3_600_000
    expect((await buy(0.01)).status).toBe(200)
  })

  test('pay their domains only: a wildcard at any depth below, and not the name itself', async () => {
    const { buy, keyStore } = setUp()
    for (const allowed of ['https://api.openai.com/', 'https://api.anthropic.com/', 'https://a.b.anthropic.com/']) {
      expect((await buy(0.01, allowed)).status).toBe(200)
    }
    const denied = [
      'https://anthropic.com/',
      'https://openai.com/',
      'https://a.premium-data.com/',
      'https://premium-data.com:8443/',
      'http://premium-data.com/',
      'https://premium-data.com.evil.test/',
      'https://evilanthropic.com/',
    ]
    for (const one of denied) expect(await rejection(buy(0.01, one))).toMatchObject({ code: 'payment_denied' })
    expect(keyStore.signed).toHaveLength(3)
  })

  test.each<[string, unknown, string]>([
    ['domains alone', domains, 'built-in per-payment limit'],
    ['one of them in a list', [domains], 'built-in per-payment limit'],
  ])('are held to $1 a payment where they are %s', async (_what, policy, name) => {
    const { buy } = setUp(policy)
    expect((await buy(1)).status).toBe(200)
    expect(await rejection(buy(1.01))).toMatchObject({ code: 'limit_exceeded', limit: { name } })
  })

  test('pay nothing where only the limit is given', async () => {
    expect(await rejection(setUp(spending).buy(0.01))).toMatchObject({ code: 'payment_denied' })
  })
})

describe('a policy document', () => {
  const judge = (rule: unknown, different: Parameters<typeof createRequest>[1] = {}) =>
    policyFromJSON([{ type: 'allowAnyHost' }, rule]).evaluate(createRequest('https://a.example/', different))
  const other = `0x${'1'.repeat(40)}`

  test('of payees, tokens and networks allows those and no others', () => {
    const offer = createOffer()
    for (const [rule, stranger] of [
      [{ type: 'WHITELIST', rules: { allowed_addresses: [payee] } }, { payTo: other }],
      [{ type: 'ALLOWED_TOKENS', rules: { tokens: ['USDC'] } }, { asset: { ...offer.asset, symbol: 'EURC' } }],
      [
        { type: 'ALLOWED_TOKENS', rules: { tokens: [{ network: offer.network, address: offer.asset.address }] } },
        { asset: { ...offer.asset, address: other } },
      ],
      [{ type: 'ALLOWED_NETWORKS', rules: { networks: ['eip155:84532'] } }, { network: 'eip155:8453' as const }],
    ] as const) {
      expect(judge(rule)).toMatchObject({ type: 'allow' })
      expect(judge(rule, { offer: createOffer(stranger) })).toMatchObject({ type: 'deny' })
    }
  })

  test('of a rate counts payments', async () => {
    const rate = { type: 'RATE_LIMIT', rules: { max_payments: 2, period: 'hourly' } }
    const { buy, scene } = setUp([domains, spending, rate])
    await buy(0.01)
    await buy(0.02)
    const error = await rejection(buy(0.03))
    expect(error).toMatchObject({ code: 'limit_exceeded', limit: { measure: 'count', max: 2n } })
    scene.now += 2 * 3_600_000
    expect((await buy(0.03)).status).toBe(200)
    const written = ['daily', 'weekly', 'monthly'].map((period) =>
      policyFromJSON({ ...rate, rules: { max_payments: 2, period } }).toJSON(),
    )
    expect(written).toMatchObject([[{ per: 'day' }], [{ per: 'week' }], [{ per: 'month' }]])
  })

  test('of times opens at the first hour and closes at the last, on days that count from Sunday', () => {
    const time = {
      type: 'TIME_RESTRICTION',
      rules: { allowed_hours: { start: 9, end: 17 }, allowed_days: [1, 2, 3, 4, 5], timezone: 'UTC' },
    }
    const at = (now: string) => judge(time, { now: Date.parse(now) })
    expect(at('2026-01-02T09:00:00Z')).toMatchObject({ type: 'allow' })
    expect(at('2026-01-02T08:59:59Z')).toMatchObject({ type: 'deny' })
    expect(at('2026-01-02T17:00:00Z')).toMatchObject({ type: 'deny' })
    expect(at('2026-01-03T12:00:00Z')).toMatchObject({ type: 'deny' })
    expect(at('2026-01-04T12:00:00Z')).toMatchObject({ type: 'deny' })
    expect(at('2026-01-05T12:00:00Z')).toMatchObject({ type: 'allow' })
  })

  test('carries the bookkeeping of a server, which changes no verdict', async () => {
    const stamp = { id: '0198', walletId: 'wallet-1', enabled: true, priority: 7 }
    const documents = [
      { ...domains, ...stamp },
      { ...spending, ...stamp, walletId: null, priority: -1 },
    ]
    const [plain, stamped] = [[domains, spending], documents].map((json) => policyFromJSON(json))
    expect(stamped?.toJSON()).toEqual(plain?.toJSON())
    expect(stamped?.evaluate(createRequest(url))).toEqual(plain?.evaluate(createRequest(url)))
  })

  test.each<[string, unknown, string]>([
    [
      'a key that is misspelt',
      [domains, { ...spending, rules: { daily_limt_usd: 200 } }],
      'policy[1].rules.daily_limt_usd: it is not known; known are instant_max_usd',
    ],
    [
      'amounts in units that it does not have',
      [{ ...spending, rules: { instant_max: '1000000' } }],
      'policy[0].rules.instant_max: it is not known',
    ],
    ['no rules', [{ type: 'SPENDING_LIMIT' }], 'policy[0].rules: it is not an object'],
    ['rules as text', { ...domains, rules: '{}' }, 'policy.rules: it is not an object'],
    ['rules beside it', { ...domains, domains: [] }, 'policy.domains: it is not known'],
    ['a network of its own', [{ ...spending, network: 'eip155:1' }], 'policy[0].network: it is not known'],
    ['a limit that is null', [{ ...spending, rules: { daily_limit_usd: null } }], 'policy[0].rules.daily_limit_usd'],
    ['an hour that is none', [hours({ start: 9, end: 25 })], 'policy[0].rules.allowed_hours.end: it is no hour'],
    ['half an hour', [hours({ start: 9.5, end: 17 })], 'policy[0].rules.allowed_hours.start: it is not a whole hour'],
    ['more in its hours', [hours({ start: 9, end: 17, to: 1 })], 'policy[0].rules.allowed_hours.to: it is not known'],
    ['one hour left out', [hours({ start: 9 })], 'policy[0].rules.allowed_hours.end'],
    ['a type in small letters', [{ ...domains, type: 'x402_allowed_domains' }], 'policy[0].type: it is not known'],
    ['a priority in words', [{ ...domains, priority: 'high' }], 'policy[0].priority: it is not a number'],
    ['a number for an id', [{ ...domains, id: 7 }], 'policy[0].id: it is not a string'],
  ])('with %s is refused by its place', (_what, json, expected) => {
    const error = outcome(() => policyFromJSON(json))
    expect(error).toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringContaining(`Failed to read ${expected}`),
    })
  })

  test.each([domains, spending])('that is not enabled is refused, since without it more would be paid: %o', (one) => {
    for (const enabled of [false, null, 'true', 0]) {
      const error = outcome(() => policyFromJSON([domains, spending, { ...one, enabled }]))
      expect(error).toMatchObject({ message: expect.stringContaining('policy[2].enabled: to leave a restriction out') })
    }
  })
})

function hours(allowed_hours: Readonly<Record<string, number>>): unknown {
  return { type: 'TIME_RESTRICTION', rules: { allowed_hours } }
}
