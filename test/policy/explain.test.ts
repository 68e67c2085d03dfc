import { describe, expect, test } from 'vitest'
import {
  allowHosts,
  ConfigurationError,
  createAgentWallet,
  denyHosts,
  explain,
  maxPayments,
  type PaymentRequest,
  pinPayee,
  type PolicyEngine,
  policyFromJSON,
  type Rule,
  spendingLimit,
} from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { createOffer, createRequest, payee } from '../support/offers.ts'
import { rejection } from '../support/wallets.ts'

const domains = { type: 'X402_ALLOWED_DOMAINS', rules: { domains: ['api.example.com'] } }
const spending = {
  type: 'SPENDING_LIMIT',
  rules: { instant_max_usd: 1, notify_max_usd: 10, delay_max_usd: 100, delay_seconds: 300, daily_limit_usd: 200 },
}
const tiers = policyFromJSON([domains, spending])
const hosts = allowHosts(['api.example.com'])

function priced(dollars: number, url?: string): PaymentRequest {
  const microUsd = BigInt(Math.round(dollars * 1_000_000))
  return createRequest(url, { offer: createOffer({ microUsd, amount: microUsd }) })
}

describe('an explanation', () => {
  test.each([
    [1, 'instant', 'allowHosts', 'is paid at once.'],
    [1.01, 'notify', 'spendingLimit', 'is paid at once, and the owner is told.'],
    [10.01, 'delay', 'spendingLimit', 'is paid after 300 s unless it is cancelled.'],
    [100.01, 'approval', 'spendingLimit', 'is paid once a person approves it.'],
    [200.01, 'deny', 'spendingLimit', 'is not paid.'],
  ] as const)('of $%d by policy documents says %s, by %s', async (price, outcome, rule, words) => {
    const told = await explain(tiers, priced(price))
    expect(told).toMatchObject({ outcome, decidedBy: [{ rule }] })
    expect(told.text).toContain(words)
  })

  test.each([1, 1.01, 10.01, 100.01, 200.01])('of $%d is what the wallet then does', async (price) => {
    const request = priced(price)
    const clock = () => request.now
    const shop = paidResource({ amount: request.offer.amount, clock })
    const fetch: typeof globalThis.fetch = (input, init) => shop(new Request(input, init))
    const wallet = createAgentWallet({ keyStore: testKeyStore(), policy: tiers, clock, fetch })
    let notified = false
    wallet.on('payment.notified', () => {
      notified = true
    })
    const done = await rejection(wallet.fetch(request.resource.url)).catch(() => ({ code: undefined }))
    const { outcome } = await explain(tiers, request)
    const codes = { instant: undefined, notify: undefined, delay: 'payment_delayed', approval: 'approval_required' }
    expect(done).toMatchObject({ code: outcome === 'deny' ? 'limit_exceeded' : codes[outcome] })
    expect(notified).toBe(outcome === 'notify')
  })

  test('tells it rule by rule and limit by limit, as data and in words', async () => {
    const rules = [
      hosts,
      spendingLimit({ perPaymentUsd: 2, scope: 'host' }),
      spendingLimit({ monthlyLimitUsd: 50, calendar: 'Europe/Berlin', onExceed: 'approve' }),
      maxPayments({ count: 3, per: 'hour' }),
      maxPayments({ count: 9, per: 'week' }),
      maxPayments({ count: 99, per: 'lifetime', scope: 'label:task' }),
    ]
    const told = await explain(rules, priced(0.5))
    expect(told.rules.map(({ rule, type, grants }) => [rule, type, grants])).toEqual([
      ['allowHosts', 'allow', true],
      ...['spendingLimit', 'spendingLimit', 'maxPayments', 'maxPayments', 'maxPayments'].map((rule) => [
        rule,
        'allow',
        false,
      ]),
    ])
    expect(told.limits.map(({ name, scope }) => [name, scope])).toEqual([
      ['per-payment limit for api.example.com', 'host:api.example.com'],
      ['monthly limit', 'wallet'],
      ['limit on payments per hour', 'wallet'],
      ['limit on payments per week', 'wallet'],
      ['limit on payments for task without a value', 'label:task='],
      ['built-in limit on payments under way for example.com', 'domain:example.com'],
    ])
    expect(told.text).toBe(
      [
        '$0.50 in USDC on eip155:84532 to api.example.com is paid at once.',
        'Decided by allowHosts: it gives permission to pay, and no rule objects.',
        'Rules:',
        '- allowHosts gives permission to pay',
        '- spendingLimit does not object, sets per-payment limit for api.example.com',
        '- spendingLimit does not object, sets monthly limit',
        '- maxPayments does not object, sets limit on payments per hour',
        '- maxPayments does not object, sets limit on payments per week',
        '- maxPayments does not object, sets limit on payments for task without a value',
        'Limits, of which some may be used already:',
        '- per-payment limit for api.example.com: $2.00 a payment, counted by host:api.example.com',
        '- monthly limit: $50.00 a month by the calendar of Europe/Berlin, counted by wallet; beyond it a person is asked',
        '- limit on payments per hour: 3 payments in any 60 minutes, counted by wallet',
        '- limit on payments per week: 9 payments in any 7 days, counted by wallet',
        '- limit on payments for task without a value: 99 payments for as long as the ledger lives, counted by label:task=',
        '- built-in limit on payments under way for example.com: 100 open payments at once, counted by domain:example.com',
      ].join('\n'),
    )
  })

  test('names every rule that objects, beside those that do not', async () => {
    const told = await explain(
      [hosts, denyHosts(['*.test']), denyHosts(['evil.test'])],
      priced(1, 'https://evil.test/'),
    )
    expect(told).toMatchObject({
      outcome: 'deny',
      decidedBy: [
        { rule: 'allowHosts', reason: 'evil.test is not an allowed host' },
        { rule: 'denyHosts', reason: 'evil.test is a denied host' },
        { rule: 'denyHosts', reason: 'evil.test is a denied host' },
      ],
      limits: [],
    })
    expect(told.text).toContain('- denyHosts denies: evil.test is a denied host')
    const objection = { type: 'deny', grants: false, limits: [], notify: false, pins: [] }
    const reason = 'evil.test is a denied host'
    expect(told.rules.slice(1)).toEqual([
      { rule: 'denyHosts', reason, ...objection },
      { rule: 'denyHosts', reason, ...objection },
    ])
  })

  test('says when a built-in limit decides, and how many payments there are when there are none', async () => {
    expect(await explain([hosts], priced(1.5))).toMatchObject({
      outcome: 'deny',
      decidedBy: [{ rule: 'built-in limits', reason: 'built-in per-payment limit of $1.00: $1.50 asked' }],
    })
    expect(await explain([hosts, maxPayments({ count: 0, per: 'day' })], priced(0.5))).toMatchObject({
      outcome: 'deny',
      decidedBy: [{ rule: 'maxPayments', reason: 'limit on payments per day of 0: 1 asked' }],
    })
  })

  test('claims nothing of what is spent, which it does not know', async () => {
    const { text } = await explain([hosts, spendingLimit({ dailyLimitUsd: 1, perPaymentUsd: 9 })], priced(2))
    expect(text).toContain('Decided by spendingLimit: daily limit of $1.00: $2.00 asked.')
    expect(text).not.toContain('spent')
  })

  test('takes the strictest hold, and a person for more than a delay', async () => {
    const holding = (name: string, hold: object): Rule => ({
      name,
      judge: () => ({ type: 'allow', hold: hold as never }),
    })
    const short = holding('short', { kind: 'delay', seconds: 5, reason: 'new' })
    const long = holding('long', { kind: 'delay', seconds: 50, reason: 'newer' })
    const person = holding('person', { kind: 'approval', reason: 'always' })
    expect(await explain([hosts, short, long], priced(0.5))).toMatchObject({
      outcome: 'delay',
      decidedBy: [{ rule: 'long', reason: 'newer' }],
      hold: { seconds: 50 },
    })
    expect(await explain([hosts, person, long], priced(0.5))).toMatchObject({
      outcome: 'approval',
      decidedBy: [{ rule: 'person', reason: 'always' }],
    })
    const asking = spendingLimit({ instantMaxUsd: 0.1 })
    const both = await explain([hosts, person, long, asking], priced(0.5))
    expect(both).toMatchObject({ outcome: 'approval', decidedBy: [{ rule: 'spendingLimit' }, { rule: 'person' }] })
    expect(both.text).toContain('is paid once a person approves it')
    const other: Rule = { ...person, name: 'other' }
    expect(await explain([hosts, person, other], priced(0.5))).toMatchObject({
      decidedBy: [{ rule: 'person' }, { rule: 'other' }],
    })
    expect(both.text).toContain('- long does not object, asks for a delay of 50 s')
  })

  test('of an engine of the owner says what it answered, in the name of the policy', async () => {
    const engine: PolicyEngine = { evaluate: async () => ({ type: 'allow', limits: [] }) }
    expect(await explain(engine, priced(1))).toMatchObject({
      outcome: 'instant',
      decidedBy: [{ rule: 'policy' }],
      rules: [],
    })
    expect(await explain(engine, priced(1.01))).toMatchObject({ outcome: 'deny', decidedBy: [{ rule: 'policy' }] })
    expect((await explain(engine, priced(1))).text).not.toMatch(/Rules:/)
    const asks: PolicyEngine = {
      evaluate: async () => ({ type: 'allow', limits: [], hold: { kind: 'approval', reason: 'it is night' } }),
    }
    const held = { outcome: 'approval', decidedBy: [{ rule: 'policy', reason: 'it is night' }] }
    expect(await explain(asks, priced(1))).toMatchObject(held)
    const fails: PolicyEngine = {
      evaluate: () => {
        throw new Error('secret 0xkey')
      },
    }
    const failed = await explain(fails, priced(1))
    expect(failed).toMatchObject({ outcome: 'deny', decidedBy: [{ rule: 'policy', reason: 'the policy threw' }] })
    expect(JSON.stringify(failed)).not.toContain('secret')
  })

  test('tells what a rule remembers', async () => {
    const told = await explain([hosts, pinPayee()], priced(0.5))
    expect(told.rules[1]?.pins).toMatchObject([{ key: 'payee:https://api.example.com', value: payee }])
    expect(told.text).toContain('- pinPayee does not object, holds it to the payee of https://api.example.com')
  })

  test('keeps a query out of its words', async () => {
    const { text } = await explain([hosts], priced(0.5, 'https://api.example.com/report?token=secret'))
    expect(text).not.toContain('secret')
  })

  test.each([undefined, { url: 'https://api.example.com/report' }])(
    'of %s, which has no offer, is refused',
    async (asked) => {
      const error = await rejection(explain([hosts], asked as unknown as PaymentRequest))
      expect(error).toBeInstanceOf(ConfigurationError)
      expect(String(error)).toContain('expected { resource, offer, labels, now }, with an offer of wallet.quote(url)')
    },
  )

  test('of neither rules nor an engine is refused', async () => {
    await expect(explain({} as PolicyEngine, priced(1))).rejects.toThrow(ConfigurationError)
  })
})
