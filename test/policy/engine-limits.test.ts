import { describe, expect, test } from 'vitest'
import {
  allowHosts,
  ConfigurationError,
  createPolicyEngine,
  type Limit,
  type Rule,
  spendingLimit,
} from '../../src/index.js'
import { guardPolicy } from '../../src/policy/engine.js'
import { createRequest, resourceAt } from '../support/offers.ts'

const hosts = allowHosts(['api.example.com'])
const limit: Limit = { name: 'of mine', scope: 'wallet', window: { type: 'lifetime' }, measure: 'microUsd', max: 5n }

/** A rule that answers whatever it is given, as JavaScript lets it. */
function answering(answer: unknown): Rule {
  return { name: 'mine', judge: (() => answer) as Rule['judge'] }
}

function judge(...rules: readonly Rule[]) {
  return createPolicyEngine(rules).evaluate(createRequest())
}

describe('a polluted Object.prototype', () => {
  const pollution = {
    type: 'allow',
    allow: true,
    grants: 'host',
    limits: [],
    max: 10n ** 12n,
    reason: 'none',
    perPaymentUsd: 1000,
  }

  function polluted<value>(work: () => value): value {
    for (const [key, value] of Object.entries(pollution)) {
      Reflect.defineProperty(Object.prototype, key, { value, configurable: true, writable: true })
    }
    try {
      return work()
    } finally {
      for (const key of Object.keys(pollution)) Reflect.deleteProperty(Object.prototype, key)
    }
  }

  test('grants nothing', async () => {
    const answers = [{}, { type: 'allow' }, undefined, Object.create(null)]
    const verdicts = polluted(() => answers.map((answer) => judge(answering(answer))))
    for (const verdict of verdicts) expect(await verdict).toMatchObject({ type: 'deny' })
  })

  test('takes nothing away', async () => {
    const verdict = polluted(() => judge(hosts, spendingLimit({ perPaymentUsd: 1 }), answering({ type: 'allow' })))
    expect(await verdict).toMatchObject({ type: 'allow', limits: [{ max: 1_000_000n }] })
  })

  test('completes no limit', async () => {
    const { max: _max, ...open } = limit
    expect(await polluted(() => judge(hosts, answering({ type: 'allow', limits: [open] })))).toMatchObject({
      type: 'deny',
    })
  })

  test('sets no option of a rule', () => {
    expect(() => polluted(() => spendingLimit({}))).toThrow(ConfigurationError)
    const limits = polluted(() => spendingLimit({ dailyLimitUsd: 1 }).limits?.(undefined))
    expect(limits?.map(({ name }) => name)).toEqual(['daily limit'])
  })
})

describe('the limits that a policy lists', () => {
  const rules = [hosts, spendingLimit({ dailyLimitUsd: 1 }), spendingLimit({ hourlyLimitUsd: 1, scope: 'host' })]

  test('are those of the wallet, and given a resource those of its host', () => {
    const engine = createPolicyEngine(rules)
    const names = (url?: string) =>
      engine.limits?.(url === undefined ? undefined : resourceAt(url)).map(({ name }) => name)
    expect(names()).toEqual(['daily limit'])
    expect(names('https://api.example.com:8443/')).toEqual(['daily limit', 'hourly limit for api.example.com:8443'])
  })

  test('are those that it enforces', () => {
    const request = createRequest()
    const engine = createPolicyEngine(rules)
    expect(engine.evaluate(request)).toEqual({ type: 'allow', limits: engine.limits?.(request.resource) })
  })

  test('cannot be listed when a rule lists nonsense, and the error names the rule', () => {
    const wrong = (limits: () => unknown): Rule => ({
      ...hosts,
      name: 'mine',
      limits: limits as () => readonly Limit[],
    })
    const throwing = wrong(() => {
      throw new Error('no')
    })
    for (const rule of [wrong(() => [{}]), wrong(() => 'none'), throwing]) {
      expect(() => createPolicyEngine([rule]).limits?.(undefined)).toThrow(/limits of mine/)
      expect(() => guardPolicy([rule]).limits(undefined)).toThrow(/limits of mine/)
    }
  })
})
