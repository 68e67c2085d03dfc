import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type AgentWalletOptions,
  allowHosts,
  createAgentWallet,
  denyHosts,
  memoryLedger,
  type PolicyEngine,
  policyFromJSON,
  type Rule,
  spendingLimit,
} from '../../src/index.js'
import { guardPolicy } from '../../src/policy/engine.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { createOffer, createRequest, payee } from '../support/offers.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://api.example.com/report'
const hosts = allowHosts(['api.example.com'])

/** A wallet under some policy, at a shop that sells for a cent. */
function setUp(policy: unknown) {
  const keyStore = testKeyStore()
  const shop = paidResource({ amount: 10_000n, payTo: payee })
  const ledger = memoryLedger()
  const fetch: typeof globalThis.fetch = (input, init) => shop(new Request(input, init))
  const wallet = createAgentWallet({ keyStore, policy: policy as AgentWalletOptions['policy'], ledger, fetch })
  return { keyStore, shop, ledger, wallet }
}

/** Expects that a wallet pays nothing, uses no key and records nothing. */
async function expectUnpaid({ keyStore, shop, ledger, wallet }: ReturnType<typeof setUp>): Promise<void> {
  expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_denied', moved: 'no' })
  expect([keyStore.signed, shop.payments, await ledger.list()]).toEqual([[], [], []])
}

const engine = (answer: unknown): PolicyEngine => ({ evaluate: (() => answer) as PolicyEngine['evaluate'] })
const rule = (answer: unknown): readonly Rule[] => [hosts, { name: 'mine', judge: (() => answer) as Rule['judge'] }]
const failing = () => {
  throw new Error('down')
}

describe('a wallet', () => {
  test('under a policy that allows pays', async () => {
    const { wallet, keyStore, ledger } = setUp([hosts])
    expect((await wallet.fetch(url)).status).toBe(200)
    expect([keyStore.signed.length, (await ledger.list()).length]).toEqual([1, 1])
  })

  test.each<[string, unknown]>([
    ['no policy', undefined],
    ['an empty policy', []],
    ['an empty policy as data', policyFromJSON([])],
    ['an engine that throws', { evaluate: failing }],
    ['an engine that fails later', { evaluate: async () => failing() }],
    ['an engine that answers nothing', engine(undefined)],
    ['an engine that answers "allow"', engine('allow')],
    ['an engine that answers true', engine(true)],
    ['an engine that answers more than it may', engine({ type: 'allow', limits: [], unless: 'sunday' })],
    ['an engine that answers with an unreadable limit', engine({ type: 'allow', limits: [{ max: 1 }] })],
    ['a rule that throws', [hosts, { name: 'mine', judge: failing }]],
    ['a rule that answers nothing', rule(undefined)],
    ['a rule that answers "allow"', rule('allow')],
    ['a rule that answers a promise', rule(Promise.resolve({ type: 'allow' }))],
    ['a rule that answers more than it may', rule({ type: 'allow', unless: 'sunday' })],
  ])('under %s pays nothing', async (_what, policy) => {
    await expectUnpaid(setUp(policy))
  })

  test('pays nothing where one rule allows and another denies, in whatever order', async () => {
    const rules = [hosts, denyHosts(['api.example.com']), spendingLimit({ dailyLimitUsd: 5 })]
    for (const policy of [rules, rules.toReversed()]) await expectUnpaid(setUp(policy))
  })

  test('is not moved by changes to its policy after it was made', async () => {
    const no: Rule = { name: 'no', judge: () => ({ type: 'deny', reason: 'never' }) }
    const mutable = { name: 'mine', judge: no.judge }
    const rules: Rule[] = [hosts, mutable]
    const byRules = setUp(rules)
    const own = { evaluate: () => ({ type: 'deny', refusals: [{ rule: 'mine', reason: 'never' }] }) as unknown }
    const byEngine = setUp(own)
    const data = [{ type: 'allowHosts', hosts: ['other.example'] }]
    const byData = setUp(policyFromJSON(data))
    rules.length = 1
    mutable.judge = () => ({ type: 'allow' })
    own.evaluate = () => ({ type: 'allow', limits: [] })
    data[0]?.hosts.push('api.example.com')
    for (const wallet of [byRules, byEngine, byData]) await expectUnpaid(wallet)
  })

  test('signs what was offered, whatever a policy does to the offer that it is shown', async () => {
    const thief = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'
    const meddle = (target: object, changes: object): void => {
      for (const [key, value] of Object.entries(changes)) {
        Reflect.set(target, key, value)
        Reflect.defineProperty(target, key, { value })
        Reflect.deleteProperty(target, key)
      }
      Reflect.setPrototypeOf(target, changes)
    }
    const meddling: PolicyEngine = {
      evaluate: ({ offer, resource, labels }) => {
        meddle(offer, { payTo: thief, amount: 5n, microUsd: 0n })
        meddle(offer.asset, { address: thief, decimals: 0 })
        meddle(offer.extra, { name: 'evil' })
        meddle(resource, { url: 'https://evil.test/', host: 'evil.test' })
        meddle(labels, { task: 'stolen' })
        return { type: 'allow', limits: [] }
      },
    }
    const { wallet, shop, ledger } = setUp(meddling)
    expect((await wallet.fetch(url, { payment: { labels: { task: '1' } } })).status).toBe(200)
    expect(shop.payments).toMatchObject([{ to: payee, value: 10_000n }])
    expect(await ledger.list()).toMatchObject([
      { payTo: payee, amount: 10_000n, resource: { url }, labels: { task: '1' } },
    ])
  })
})

describe('a wallet in a program whose Object.prototype is polluted', () => {
  const pollution = {
    allow: true,
    type: 'allow',
    grants: 'host',
    enabled: true,
    hosts: ['api.example.com'],
    judge: () => ({ type: 'allow', grants: 'host' }),
  }
  const keys = Object.keys(pollution)

  beforeEach(() => {
    for (const [key, value] of Object.entries(pollution)) {
      Reflect.defineProperty(Object.prototype, key, { value, configurable: true, writable: true })
    }
  })
  afterEach(() => {
    for (const key of keys) Reflect.deleteProperty(Object.prototype, key)
  })

  test('pays nothing that it would not pay without', async () => {
    const policies = [undefined, [], [spendingLimit({ dailyLimitUsd: 1 })], engine({}), rule({}), policyFromJSON([])]
    const outcomes = await Promise.all(
      policies.map(async (policy) => {
        const { wallet, keyStore } = setUp(policy)
        const { code } = (await rejection(wallet.fetch(url))) as { readonly code: string }
        return [code, keyStore.signed.length]
      }),
    )
    for (const key of keys) Reflect.deleteProperty(Object.prototype, key)
    expect(outcomes).toEqual(policies.map(() => ['payment_denied', 0]))
  })

  test('reads no policy out of it', () => {
    const read = [{}, [{}], { rules: [{}] }].map((json) => {
      try {
        return policyFromJSON(json)
      } catch (error) {
        return error
      }
    })
    for (const key of keys) Reflect.deleteProperty(Object.prototype, key)
    for (const error of read) expect(error).toMatchObject({ code: 'configuration_invalid' })
  })
})

describe('a wallet whose engine never answers', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('pays nothing, and says so in the end', async () => {
    const unpaid = expectUnpaid(setUp(engine(new Promise(() => {}))))
    await vi.advanceTimersByTimeAsync(10_000)
    await unpaid
  })
})

/** Documents, each of which can only take away. */
const document = fc.constantFrom(
  { type: 'X402_ALLOWED_DOMAINS', rules: { domains: ['*.example.com'] } },
  { type: 'X402_ALLOWED_DOMAINS', rules: { domains: ['api.example.com', 'shop.test.org'] } },
  { type: 'WHITELIST', rules: { allowed_addresses: [payee] } },
  { type: 'WHITELIST', rules: { allowed_addresses: [`0x${'1'.repeat(40)}`] } },
  { type: 'ALLOWED_TOKENS', rules: { tokens: ['USDC'] } },
  { type: 'ALLOWED_NETWORKS', rules: { networks: ['eip155:84532'] } },
  { type: 'RATE_LIMIT', rules: { max_payments: 0, period: 'daily' } },
  { type: 'TIME_RESTRICTION', rules: { allowed_hours: { start: 9, end: 17 } } },
  { type: 'denyHosts', hosts: ['api.example.com'] },
  { type: 'allowAnyHost' },
)
const amount = fc.constantFrom('0', '0.01', '1', '2.5', '100')
const asked = fc
  .record({
    at: fc.constantFrom(url, 'https://shop.test.org/', 'https://a.b.example.com/', 'https://evil.test/'),
    microUsd: fc.constantFrom(1n, 10_000n, 1_000_001n, 3_000_000n),
    hour: fc.nat(23),
  })
  .map(({ at, microUsd, hour }) =>
    createRequest(at, { offer: createOffer({ microUsd, amount: microUsd }), now: Date.UTC(2026, 0, 1, hour) }),
  )

describe('policy documents', () => {
  const anyHost = { type: 'allowAnyHost' }
  const limits = { type: 'SPENDING_LIMIT', rules: { instant_max_usd: 2, daily_limit_usd: 5 } }
  /** Whether it would be paid at once by an empty ledger. */
  async function isPaid(documents: readonly unknown[], request: ReturnType<typeof createRequest>): Promise<boolean> {
    const verdict = await guardPolicy(policyFromJSON(documents)).evaluate(request)
    if (verdict.type === 'deny' || verdict.hold) return false
    return verdict.limits.every(({ measure, max }) => (measure === 'count' ? 1n : request.offer.microUsd) <= max)
  }

  test('say the same in whatever order', async () => {
    const shuffled = fc
      .array(document, { maxLength: 5 })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })))
    await fc.assert(
      fc.asyncProperty(shuffled, asked, async ([one, other], request) => {
        const [first, second] = await Promise.all(
          [one, other].map((list) => guardPolicy(policyFromJSON([...list, limits])).evaluate(request)),
        )
        expect(first?.type).toBe(second?.type)
        expect(await isPaid([...one, limits], request)).toBe(await isPaid([limits, ...other], request))
      }),
      { numRuns: 300 },
    )
  })

  test('never allow more because there is one more, nor because an amount is lower', async () => {
    const all = { base: fc.array(document, { maxLength: 3 }), added: document, low: amount, high: amount }
    const paid = { once: 0 }
    await fc.assert(
      fc.asyncProperty(fc.record(all), asked, async ({ base, added, low, high }, request) => {
        const before = await isPaid([anyHost, ...base, limits], request)
        if (before) paid.once += 1
        if (!before) expect(await isPaid([anyHost, ...base, limits, added], request)).toBe(false)
        const [less, more] = Number(low) < Number(high) ? [low, high] : [high, low]
        const under = (daily_limit_usd: string) =>
          isPaid([anyHost, ...base, { type: 'SPENDING_LIMIT', rules: { daily_limit_usd } }], request)
        if (!(await under(more))) expect(await under(less)).toBe(false)
      }),
      { numRuns: 500 },
    )
    expect(paid.once).toBeGreaterThan(0)
  })
})
