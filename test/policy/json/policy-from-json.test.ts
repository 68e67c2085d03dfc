import { afterEach, describe, expect, test } from 'vitest'
import {
  allowAnyHost,
  allowAssets,
  allowHosts,
  allowNetworks,
  allowPayees,
  ConfigurationError,
  createPolicyEngine,
  denyHosts,
  maxPayments,
  policyFromJSON,
  type Rule,
  spendingLimit,
  timeWindow,
} from '../../../src/index.js'
import { createRequest, outcome, payee, usdc } from '../../support/offers.ts'

const hosts = { type: 'allowHosts', hosts: ['api.example.com'] }
const limit = { type: 'spendingLimit', perPaymentUsd: '0.10', dailyLimitUsd: 5 }

/** The first line of what reading a policy throws. */
function problem(json: unknown): string {
  const error = outcome(() => policyFromJSON(json))
  expect(error).toBeInstanceOf(ConfigurationError)
  return String((error as Error).message).split('\n')[0] ?? ''
}

describe('a policy as data', () => {
  test.each<[string, unknown]>([
    ['a list', [hosts, limit]],
    ['an object with rules', { rules: [hosts, limit] }],
    ['the text of a list', JSON.stringify([hosts, limit])],
    ['the text of an object', ` \n${JSON.stringify({ rules: [hosts, limit] }, undefined, 2)}`],
  ])('is read from %s', async (_what, json) => {
    const verdict = await policyFromJSON(json).evaluate(createRequest())
    expect(verdict).toEqual({
      type: 'allow',
      limits: [
        expect.objectContaining({ name: 'per-payment limit', scope: 'wallet', max: 100_000n }),
        expect.objectContaining({ name: 'daily limit', scope: 'wallet', max: 5_000_000n }),
      ],
    })
    expect(policyFromJSON(json).evaluate(createRequest('https://evil.test/'))).toMatchObject({ type: 'deny' })
  })

  test('may be a single rule, and denies everything when it has none', () => {
    expect(policyFromJSON(hosts).evaluate(createRequest())).toMatchObject({ type: 'allow' })
    for (const nothing of [[], { rules: [] }, '[]']) {
      expect(policyFromJSON(nothing).evaluate(createRequest())).toMatchObject({ type: 'deny' })
    }
  })

  test('is what every rule is written as', () => {
    const asset = { network: usdc.network, address: usdc.address }
    const engine = createPolicyEngine([
      allowHosts(['API.example.com:8443', '*.example.com', 'http://127.0.0.1:*']),
      allowAnyHost(),
      denyHosts(['*.co.uk', 'localhost']),
      allowPayees([payee.toLowerCase(), `eip155:8453:${payee}`]),
      allowNetworks(['eip155:8453']),
      allowAssets(['USDC', asset, `eip155:8453/token:${usdc.address}`]),
      spendingLimit({ perPaymentUsd: '$0.1', monthlyLimitUsd: 20, scope: 'host', onExceed: 'approve' }),
      spendingLimit({ instantMaxUsd: 1, notifyMaxUsd: 10, delayMaxUsd: 100, delaySeconds: 300, calendar: 'UTC' }),
      maxPayments({ count: 3, per: 'week', scope: 'label:task' }),
      timeWindow({ days: ['fri', 'mon'], to: '17:00', timeZone: 'Europe/Berlin' }),
    ])
    const written = [
      { type: 'allowHosts', hosts: ['API.example.com:8443', '*.example.com', 'http://127.0.0.1:*'] },
      { type: 'allowAnyHost' },
      { type: 'denyHosts', hosts: ['*.co.uk', 'localhost'] },
      { type: 'allowPayees', payees: [payee, `eip155:8453:${payee}`] },
      { type: 'allowNetworks', networks: ['eip155:8453'] },
      {
        type: 'allowAssets',
        assets: ['USDC', `${usdc.network}/erc20:${usdc.address}`, `eip155:8453/erc20:${usdc.address}`],
      },
      { type: 'spendingLimit', perPaymentUsd: '0.10', monthlyLimitUsd: '20.00', scope: 'host', onExceed: 'approve' },
      {
        type: 'spendingLimit',
        instantMaxUsd: '1.00',
        notifyMaxUsd: '10.00',
        delayMaxUsd: '100.00',
        delaySeconds: 300,
        calendar: 'UTC',
      },
      { type: 'maxPayments', count: 3, per: 'week', scope: 'label:task' },
      { type: 'timeWindow', days: ['fri', 'mon'], from: '00:00', to: '17:00', timeZone: 'Europe/Berlin' },
    ]
    expect(JSON.parse(JSON.stringify(engine))).toEqual(written)
    expect(policyFromJSON(JSON.stringify(engine)).toJSON()).toEqual(written)
    expect(policyFromJSON({ rules: engine.toJSON() }).toJSON()).toEqual(written)
  })

  test('cannot be written of a rule of the owner, which is named', () => {
    const mine: Rule = { name: 'mine', judge: () => ({ type: 'allow' }) }
    const engine = createPolicyEngine([allowHosts(['api.example.com']), mine])
    expect(() => engine.toJSON()).toThrow(ConfigurationError)
    expect(() => JSON.stringify(engine)).toThrow(/the rule mine has no form as data/)
  })

  test('never writes a rule as what a copy of it with another judgement no longer is', () => {
    const real = allowHosts(['api.example.com'])
    const wider: Rule = { ...real, judge: () => ({ type: 'allow', grants: 'host' }) }
    expect(() => createPolicyEngine([wider]).toJSON()).toThrow(/allowHosts has no form as data/)
    expect(() => createPolicyEngine([new Proxy(real, {})]).toJSON()).toThrow(ConfigurationError)
  })

  test('does not see changes after it was read, nor lets what it wrote be changed', () => {
    const names = ['api.example.com']
    const json = [{ type: 'allowHosts', hosts: names }]
    const engine = policyFromJSON(json)
    names[0] = 'evil.test'
    json.length = 0
    expect(engine.evaluate(createRequest('https://evil.test/'))).toMatchObject({ type: 'deny' })
    const [written] = engine.toJSON()
    expect(() => Object.assign(written ?? {}, { hosts: ['evil.test'] })).toThrow(TypeError)
    expect(engine.toJSON()).toEqual([hosts])
  })

  test('reads a value once, so that it cannot be one thing when checked and another when used', () => {
    let reads = 0
    const shifty = {
      type: 'allowHosts',
      get hosts() {
        return reads++ === 0 ? ['api.example.com'] : ['evil.test']
      },
    }
    expect(policyFromJSON([shifty]).evaluate(createRequest('https://evil.test/'))).toMatchObject({ type: 'deny' })
    expect(reads).toBe(1)
  })
})

describe('a policy as data that is refused by its place', () => {
  test.each<[unknown, string]>([
    [undefined, 'policy: undefined is not JSON'],
    [null, 'policy: it is neither a list of rules nor a rule'],
    [7, 'policy: it is neither a list of rules nor a rule'],
    ['', 'policy: its text is not JSON'],
    ['allow', 'policy: its text is not JSON'],
    ['[1] [2]', 'policy: its text is not JSON'],
    [{}, 'policy.rules: it is not a list'],
    [{ rules: {} }, 'policy.rules: it is not a list'],
    [{ rules: [], version: 1 }, 'policy.version: it is not known; known are type, rules'],
    [[null], 'policy[0]: it is not an object'],
    [['allowHosts'], 'policy[0]: it is not an object'],
    [[hosts, {}], 'policy[1].type: it is not known'],
    [{ rules: [hosts, { type: 'allowhosts' }] }, 'policy.rules[1].type: it is not known'],
    [[{ type: 'toString' }], 'policy[0].type: it is not known'],
    [[{ type: ['allowHosts'] }], 'policy[0].type: it is not known'],
    [[{ type: 'allowHosts' }], 'policy[0].hosts: it is not a list'],
    [[{ type: 'allowHosts', host: ['a.example'] }], 'policy[0].host: it is not known; known are type, hosts'],
    [[{ type: 'allowHosts', hosts: 'api.example.com' }], 'policy[0].hosts: it is not a list'],
    [[{ type: 'allowHosts', hosts: [7] }], 'policy[0].hosts[0]: it is not a string'],
    [[{ type: 'allowHosts', hosts: [undefined] }], 'policy[0].hosts[0]: undefined is not JSON'],
    [[{ type: 'allowAnyHost', hosts: [] }], 'policy[0].hosts: it is not known; known are type'],
    [[{ ...limit, daily: 1 }], 'policy[0].daily: it is not known'],
    [[{ ...limit, 'daily limit': 1 }], 'policy[0]["daily limit"]: it is not known'],
    [[{ ...limit, dailyLimitUsd: null }], 'policy[0].dailyLimitUsd: it is not an amount in dollars'],
    [[{ ...limit, dailyLimitUsd: undefined }], 'policy[0].dailyLimitUsd: undefined is not JSON'],
    [[{ ...limit, dailyLimitUsd: 5n }], 'policy[0].dailyLimitUsd: bigint is not JSON'],
    [[{ ...limit, dailyLimitUsd: Number.NaN }], 'policy[0].dailyLimitUsd: number is not JSON'],
    [[{ ...limit, delaySeconds: 1.5 }], 'policy[0].delaySeconds: it is not a whole number'],
    [[{ ...limit, onExceed: 'allow' }], 'policy[0].onExceed: it is not one of deny, approve'],
    [[{ ...limit, scope: 7 }], 'policy[0].scope: it is not a scope'],
    [[{ type: 'maxPayments', count: 1, per: 'year' }], 'policy[0].per: it is not one of hour, day, week'],
    [[{ type: 'allowNetworks', networks: ['base'] }], 'policy[0].networks[0]: it is not a CAIP-2 id'],
    [[{ type: 'allowNetworks', networks: [8453] }], 'policy[0].networks[0]: it is not a CAIP-2 id'],
    [[{ type: 'allowAssets', assets: [{ network: 'eip155:1' }] }], 'policy[0].assets[0]: it is not a token'],
    [[new Map([['type', 'allowAnyHost']])], 'policy[0]: object is not JSON'],
    [[() => hosts], 'policy[0]: function is not JSON'],
    [[Object.create(hosts)], 'policy[0]: object is not JSON'],
    [[{ ...hosts, [Symbol('more')]: 1 }], 'policy[0]: it has a key that is a symbol'],
  ])('%o: %s', (json, expected) => {
    expect(problem(json)).toContain(`Failed to read ${expected}`)
  })

  test.each<[unknown, RegExp]>([
    [
      { ...limit, dailyLimitUsd: '-1' },
      /policy\[0\]: the rule[\s\S]*Failed to read dailyLimitUsd: -1 is not an amount/,
    ],
    [{ ...limit, dailyLimitUsd: 1e-7 }, /dailyLimitUsd: 1e-7 is not an amount/],
    [{ ...limit, scope: 'planet' }, /scope is not/],
    [{ ...limit, calendar: 'Mars/Olympus' }, /timeZone/],
    [{ type: 'spendingLimit' }, /it sets none of/],
    [{ type: 'allowHosts', hosts: [] }, /it names no host/],
    [{ type: 'allowHosts', hosts: ['*'] }, /it names every host/],
    [{ type: 'allowPayees', payees: ['agent.eth'] }, /"agent.eth" is not usable/],
    [{ type: 'maxPayments', count: -1, per: 'day' }, /-1 is not a number of payments/],
    [{ type: 'timeWindow', from: '9:00' }, /9:00 is not a time/],
  ])('and in the words of the rule: %o', (rule, expected) => {
    const error = outcome(() => policyFromJSON([rule]))
    expect(error).toMatchObject({ code: 'configuration_invalid', message: expect.stringMatching(expected) })
    expect(error).toMatchObject({ cause: { code: 'configuration_invalid' } })
  })
})

describe('a policy as text', () => {
  afterEach(() => {
    for (const key of ['perPaymentUsd', 'instant_max_usd', 'hosts']) Reflect.deleteProperty(Object.prototype, key)
  })

  test('with a key that comes twice is refused: readers differ on which of them counts', () => {
    const text = '[{"type":"spendingLimit","dailyLimitUsd":"1","dailyLimitUsd":"1000"}]'
    expect(problem(text)).toContain('has the key "dailyLimitUsd" twice in one object')
    expect(problem(text.replace('"dailyLimitUsd":"1"', String.raw`"\u0064ailyLimitUsd":"1"`))).toContain('twice')
  })

  test.each(['__proto__', 'constructor', 'prototype'])(
    'or as data with a key %s is refused and changes nothing',
    (key) => {
      const text = `[{"type":"allowAnyHost","${key}":{"polluted":true}}]`
      expect(problem(text)).toContain(`has a key "${key}"`)
      expect(problem(JSON.parse(text))).toContain(`has a key "${key}"`)
      expect(problem(JSON.parse(`{"rules":[],"${key}":{"polluted":true}}`))).toContain(`has a key "${key}"`)
      expect(Reflect.get({}, 'polluted')).toBeUndefined()
    },
  )

  test('or as data is bounded in length, depth and number', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    expect(problem(nested(100_000))).toContain('is nested too deeply')
    expect(problem(JSON.parse(nested(1000)))).toContain('it is nested too deeply')
    for (const read of [nested, (depth: number): unknown => JSON.parse(nested(depth))]) {
      expect(problem(read(9))).toContain('is nested too deeply')
      expect(problem(read(8))).toContain('policy[0]: it is not')
    }
    const loop: unknown[] = []
    loop.push(loop)
    expect(problem(loop)).toContain('it is nested too deeply')
    expect(problem(`"${'x'.repeat(1_048_576)}"`)).toContain('is longer than 1024 KiB')
    expect(problem([{ type: 'allowHosts', hosts: ['x'.repeat(2049)] }])).toContain('longer than 2048 characters')
    expect(problem([{ type: 'allowHosts', hosts: Array.from({ length: 20_001 }, () => 'a.example') }])).toContain(
      'it has more than 20000 values',
    )
    expect(problem([{ type: 'allowHosts', hosts: ['x'.repeat(2048)] }])).not.toContain('longer than')
    // The list, its rule, the rule's type and its list of hosts are values too.
    const mostHosts = (count: number): string =>
      problem([{ type: 'allowHosts', hosts: Array.from({ length: count }, () => 'a b') }])
    expect(mostHosts(19_996)).not.toContain('more than')
    expect(mostHosts(19_997)).toContain('it has more than 20000 values')
    const inObjects = Object.fromEntries(Array.from({ length: 20_001 }, (_, index) => [`k${index}`, index]))
    expect(problem(inObjects)).toContain('it has more than 20000 values')
    const many = Array.from({ length: 5000 }, (_, index) => `h${index}.example.com`)
    expect(policyFromJSON([{ type: 'allowHosts', hosts: many }]).toJSON()).toHaveLength(1)
  })

  test('gets nothing from a polluted prototype', () => {
    const pollution = { perPaymentUsd: 1000, instant_max_usd: 1000, hosts: ['evil.test'] }
    for (const [key, value] of Object.entries(pollution)) {
      Reflect.defineProperty(Object.prototype, key, { value, configurable: true, enumerable: true, writable: true })
    }
    const engine = policyFromJSON([
      { type: 'spendingLimit', dailyLimitUsd: 1 },
      { type: 'SPENDING_LIMIT', rules: { daily_limit_usd: 1 } },
    ])
    expect(engine.toJSON()).toEqual([
      { type: 'spendingLimit', dailyLimitUsd: '1.00' },
      { type: 'spendingLimit', dailyLimitUsd: '1.00' },
    ])
    expect(() => policyFromJSON([{ type: 'allowHosts' }])).toThrow(/hosts: it is not a list/)
  })
})
