import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  allowHosts,
  allowNetworks,
  allowPayees,
  ConfigurationError,
  createPolicyEngine,
  type Limit,
  type Rule,
  spendingLimit,
} from '../../src/index.js'
import { createRequest } from '../support/offers.ts'

const hosts = allowHosts(['api.example.com'])
const no: Rule = { name: 'no', judge: () => ({ type: 'deny', reason: 'never' }) }
const limit: Limit = { name: 'of mine', scope: 'wallet', window: { type: 'lifetime' }, measure: 'microUsd', max: 5n }

const pin = { name: 'price', key: 'price:api', value: '7', onDiffer: 'deny' }

/** A rule that answers whatever it is given, as JavaScript lets it. */
function answering(answer: unknown): Rule {
  return { name: 'mine', judge: (() => answer) as Rule['judge'] }
}

function judge(...rules: readonly Rule[]) {
  return createPolicyEngine(rules).evaluate(createRequest())
}

describe('a policy of rules', () => {
  afterEach(() => vi.restoreAllMocks())

  test('denies everything when it has no rules, and says what to add', () => {
    const reason = expect.stringContaining('add allowHosts([')
    expect(judge()).toEqual({ type: 'deny', refusals: [{ rule: 'policy', reason }] })
  })

  test('denies when no rule gives leave to pay the host, whatever else is allowed', () => {
    const verdict = judge(
      allowNetworks(['eip155:84532']),
      spendingLimit({ perPaymentUsd: 1 }),
      answering({ type: 'allow' }),
    )
    expect(verdict).toMatchObject({ type: 'deny', refusals: [{ rule: 'policy' }] })
  })

  test('allows when one rule gives leave and none objects, under the limits of all', () => {
    const verdict = judge(hosts, spendingLimit({ perPaymentUsd: 1 }), answering({ type: 'allow', limits: [limit] }))
    expect(verdict).toMatchObject({ type: 'allow', limits: [{ name: 'per-payment limit', max: 1_000_000n }, limit] })
  })

  test('denies when one rule objects, and tells what each that objects has to say', () => {
    const verdict = judge(
      hosts,
      no,
      allowPayees(['0x0000000000000000000000000000000000000001']),
      allowNetworks(['eip155:1']),
    )
    expect(verdict).toEqual({
      type: 'deny',
      refusals: [
        { rule: 'no', reason: 'never' },
        { rule: 'allowPayees', reason: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C is not an allowed payee' },
        { rule: 'allowNetworks', reason: 'eip155:84532 is not an allowed network' },
      ],
    })
  })

  test('does not say that a host rule is missing when another rule objects', () => {
    expect(judge(no)).toEqual({ type: 'deny', refusals: [{ rule: 'no', reason: 'never' }] })
  })

  test('keeps what a rule threw as the cause and out of the words', async () => {
    const cause = new Error('secret 0xkey')
    const fails: Rule = {
      name: 'fails',
      judge: () => {
        throw cause
      },
    }
    const verdict = judge(hosts, no, fails)
    expect(verdict).toMatchObject({ type: 'deny', cause, refusals: [{ rule: 'no' }, { rule: 'fails' }] })
    expect(JSON.stringify({ ...(await verdict), cause: undefined })).not.toContain('secret')
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['true', true],
    ['the string "allow"', 'allow'],
    ['an empty object', {}],
    ['an unknown type', { type: 'ask' }],
    ['a list', [{ type: 'allow', grants: 'host' }]],
    ['a function', () => ({ type: 'allow' })],
    ['a promise', Promise.resolve({ type: 'allow', grants: 'host' })],
    // oxlint-disable-next-line unicorn/no-thenable -- what a rule of JavaScript may answer
    ['a thenable', { type: 'allow', grants: 'host', then: () => {} }],
    ['a field that we do not know', { type: 'allow', grants: 'host', ask: true }],
    ['a symbol that we do not know', { type: 'allow', [Symbol('ask')]: true }],
    ['leave for something else', { type: 'allow', grants: 'everything' }],
    ['an inherited decision', Object.create({ type: 'allow', grants: 'host' })],
    ['limits that are no list', { type: 'allow', limits: { 0: limit, length: 1 } }],
    ['limits with a hole', { type: 'allow', limits: Object.assign([], { 1: limit }) }],
    ['a limit that is null', { type: 'allow', limits: [null] }],
    ['a limit in floating point', { type: 'allow', limits: [{ ...limit, max: 5 }] }],
    ['a negative limit', { type: 'allow', limits: [{ ...limit, max: -1n }] }],
    ['a limit without a name', { type: 'allow', limits: [{ ...limit, name: '' }] }],
    ['a limit without a scope', { type: 'allow', limits: [{ ...limit, scope: undefined }] }],
    ['a limit on something else', { type: 'allow', limits: [{ ...limit, measure: 'usd' }] }],
    ['a limit with a condition', { type: 'allow', limits: [{ ...limit, unless: 'monday' }] }],
    ['a limit without a window', { type: 'allow', limits: [{ ...limit, window: undefined }] }],
    ['a limit over no time', { type: 'allow', limits: [{ ...limit, window: { type: 'rolling', seconds: 0 } }] }],
    ['a limit over NaN', { type: 'allow', limits: [{ ...limit, window: { type: 'rolling', seconds: Number.NaN } }] }],
    ['a limit over "60"', { type: 'allow', limits: [{ ...limit, window: { type: 'rolling', seconds: '60' } }] }],
    [
      'a limit in no time zone',
      { type: 'allow', limits: [{ ...limit, window: { type: 'calendar', period: 'day', timeZone: '' } }] },
    ],
    [
      'a limit over a year',
      { type: 'allow', limits: [{ ...limit, window: { type: 'calendar', period: 'year', timeZone: 'UTC' } }] },
    ],
    ['a window with more in it', { type: 'allow', limits: [{ ...limit, window: { type: 'payment', seconds: 1 } }] }],
    ...[
      { type: 'rolling', seconds: 60, from: 1 },
      { type: 'lifetime', period: 'day' },
      { type: 'calendar', period: 'day', timeZone: 'UTC', seconds: 1 },
    ].map((window): [string, unknown] => [
      `a window of ${window.type} with more in it`,
      { type: 'allow', limits: [{ ...limit, window }] },
    ]),
    ['a hold without a reason', { type: 'allow', hold: { kind: 'approval', reason: '' } }],
    ['a hold with more in it', { type: 'allow', hold: { kind: 'approval', reason: 'ask', seconds: 1 } }],
    ['a delay with more in it', { type: 'allow', hold: { kind: 'delay', reason: 'later', seconds: 1, until: 2 } }],
    ['a delay of no time', { type: 'allow', hold: { kind: 'delay', reason: 'later', seconds: 0 } }],
    ...[
      { ...pin, name: '' },
      { ...pin, key: '' },
      { ...pin, value: '' },
      { ...pin, onDiffer: 'ask' },
      { ...pin, unless: 'monday' },
      { ...pin, maxRisePercent: -1 },
      { ...pin, maxRisePercent: 0.5 },
      { ...pin, maxRisePercent: 1, value: 'x1' },
      { ...pin, maxRisePercent: 1, value: '1'.repeat(79) },
    ].map((wrong): [string, unknown] => [`a pin ${JSON.stringify(wrong)}`, { type: 'allow', pins: [wrong] }]),
  ])('denies when a rule answers %s', (_what, answer) => {
    const verdict = judge(hosts, answering(answer))
    expect(verdict).toMatchObject({ type: 'deny', refusals: [{ rule: 'mine' }] })
    expect(JSON.stringify(verdict)).toContain('failed to judge')
  })

  test('takes every measure there is, and pins of all kinds', () => {
    const limits = (['microUsd', 'count', 'open', 'unknown'] as const).map((measure) => ({ ...limit, measure }))
    const most = { ...pin, maxRisePercent: 100, value: '1'.repeat(78), onDiffer: 'approve' }
    const pins = [pin, { ...pin, maxRisePercent: 0 }, most]
    expect(judge(hosts, answering({ type: 'allow', limits, pins }))).toEqual({ type: 'allow', limits, pins })
  })

  test('takes every window there is', () => {
    const windows = [
      { type: 'payment' },
      { type: 'lifetime' },
      { type: 'rolling', seconds: 60 },
      { type: 'calendar', period: 'month', timeZone: 'Europe/Berlin' },
    ] as const
    const limits = windows.map((window) => ({ ...limit, window }))
    expect(judge(hosts, answering({ type: 'allow', limits }))).toEqual({ type: 'allow', limits })
  })

  test('denies in its own words when a deny has none', () => {
    for (const reason of [undefined, '', 7]) {
      expect(judge(answering({ type: 'deny', reason }))).toEqual({
        type: 'deny',
        refusals: [{ rule: 'mine', reason: 'denied' }],
      })
    }
  })

  test('leaves no rejection behind when a rule answers a promise that fails', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    await judge(hosts, answering(Promise.reject(new Error('late'))))
    await new Promise((resolve) => setTimeout(resolve, 5))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  test('does not see changes to the list, a rule or a decision after it was made', () => {
    const limits = [{ ...limit }]
    const mutable = { name: 'mine', judge: (): ReturnType<Rule['judge']> => ({ type: 'allow', limits }) }
    const rules = [hosts, mutable, no]
    const engine = createPolicyEngine(rules)
    rules.length = 1
    mutable.judge = () => ({ type: 'allow', grants: 'host' })
    mutable.name = 'somebody else'
    expect(engine.evaluate(createRequest())).toMatchObject({ type: 'deny', refusals: [{ rule: 'no' }] })
    const verdict = createPolicyEngine([hosts, { name: 'mine', judge: () => ({ type: 'allow', limits }) }]).evaluate(
      createRequest(),
    )
    limits[0] = { ...limit, max: 10n ** 12n }
    expect(verdict).toMatchObject({ type: 'allow', limits: [{ max: 5n }] })
    expect(Object.isFrozen(engine)).toBe(true)
  })

  test('reads a limit once, so that it cannot be one thing when checked and another when enforced', () => {
    let reads = 0
    const shifty = {
      ...limit,
      get max() {
        return reads++ === 0 ? 5n : 10n ** 12n
      },
    }
    const verdict = judge(hosts, answering({ type: 'allow', limits: [shifty] }))
    expect(verdict).toMatchObject({ limits: [{ max: 5n }] })
    expect(reads).toBe(1)
  })

  test('judges by a class, with its own this', () => {
    class Cap {
      readonly name = 'cap'
      readonly #max = 1n
      judge(): ReturnType<Rule['judge']> {
        return { type: 'allow', limits: [{ ...limit, max: this.#max }] }
      }
    }
    expect(judge(hosts, new Cap())).toMatchObject({ type: 'allow', limits: [{ max: 1n }] })
  })

  test('shows rules a request that none of them can change, though its offer came frozen on its surface only', () => {
    const request = createRequest()
    const shallow = { ...request, offer: Object.freeze({ ...request.offer, extra: { name: 'USDC' } }) }
    const meddling: Rule = {
      name: 'meddling',
      judge: ({ offer, resource }) => {
        Object.assign(offer.extra, { name: 'evil' })
        Object.assign(resource, { url: 'https://evil.test/' })
        return { type: 'allow' }
      },
    }
    expect(createPolicyEngine([hosts, meddling]).evaluate(shallow)).toMatchObject({
      type: 'deny',
      refusals: [{ rule: 'meddling' }],
    })
    expect(shallow.offer.extra).toEqual({ name: 'USDC' })
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['one rule', hosts],
    ['a rule that was not called', [allowHosts]],
    ['an empty place', [hosts, undefined]],
    ['a rule without a name', [{ judge: hosts.judge }]],
    ['a rule that cannot judge', [{ name: 'mine' }]],
    ['limits that are data', [{ name: 'mine', judge: hosts.judge, limits: [] }]],
  ])('cannot be made of %s', (_what, rules) => {
    expect(() => createPolicyEngine(rules as readonly Rule[])).toThrow(ConfigurationError)
  })
})
