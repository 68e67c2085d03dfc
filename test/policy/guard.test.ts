import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  allowFlows,
  allowHosts,
  ConfigurationError,
  createPolicyEngine,
  type Limit,
  type PolicyEngine,
  type Rule,
} from '../../src/index.js'
import { guardPolicy, isOfRules } from '../../src/policy/engine.js'
import { createOffer, createRequest } from '../support/offers.ts'

const hosts = allowHosts(['api.example.com'])
const limit: Limit = { name: 'of mine', scope: 'wallet', window: { type: 'lifetime' }, measure: 'microUsd', max: 5n }
const perPayment: Limit = { ...limit, window: { type: 'payment' } }
/** One that leaves no room for any of the built-in limits. */
const underWay: Limit = { ...limit, window: { type: 'rolling', seconds: 1 }, measure: 'open' }

/** An engine that answers whatever it is given, as JavaScript lets it. */
function answering(answer: unknown): PolicyEngine {
  return { evaluate: (() => answer) as PolicyEngine['evaluate'] }
}

function throwing(error: unknown): PolicyEngine {
  return {
    evaluate: () => {
      throw error
    },
  }
}

async function judge(policy: Parameters<typeof guardPolicy>[0]) {
  return guardPolicy(policy).evaluate(createRequest())
}

async function limitNames(policy: Parameters<typeof guardPolicy>[0]) {
  const verdict = await judge(policy)
  return verdict.type === 'allow' ? verdict.limits.map(({ name }) => name) : verdict
}

describe('a guarded policy', () => {
  test('takes rules, an engine of one’s own and one that answers later', async () => {
    const allow = { type: 'allow', limits: [limit, perPayment, underWay] } as const
    const verdicts = await Promise.all([
      judge([hosts]),
      judge(answering(allow)),
      judge(answering(Promise.resolve(allow))),
    ])
    expect(verdicts.map(({ type }) => type)).toEqual(['allow', 'allow', 'allow'])
    expect(verdicts[1]).toEqual(allow)
  })

  test('takes an engine that is a class, with its own this', async () => {
    class Mine implements PolicyEngine {
      readonly #limits = [limit, perPayment, underWay]
      async evaluate() {
        return { type: 'allow', limits: this.#limits } as const
      }
      limits() {
        return this.#limits
      }
    }
    expect(await limitNames(new Mine())).toEqual(['of mine', 'of mine', 'of mine'])
    expect(guardPolicy(new Mine()).limits(undefined)).toHaveLength(3)
  })

  test('denies without rules', async () => {
    expect(await judge([])).toMatchObject({ type: 'deny', refusals: [{ rule: 'policy' }] })
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['true', true],
    ['the string "allow"', 'allow'],
    ['a function', () => ({ type: 'allow', limits: [] })],
    ['an unknown type', { type: 'ask', limits: [] }],
    ['no limits', { type: 'allow' }],
    ['limits that are no list', { type: 'allow', limits: 'none' }],
    ['a limit that is none', { type: 'allow', limits: [{}] }],
    ['pins that are none', { type: 'allow', limits: [], pins: [{}] }],
    ['a hold of no kind', { type: 'allow', limits: [], hold: { kind: 'later' } }],
    ['a notice that is neither yes nor no', { type: 'allow', limits: [], notify: 'yes' }],
    ['a field that we do not know', { type: 'allow', limits: [], ask: true }],
    ['a decision of a rule', { type: 'allow', limits: [], grants: 'host' }],
    ['an inherited verdict', Object.create({ type: 'allow', limits: [] })],
    ['a deny without refusals', { type: 'deny' }],
    ['a promise of nothing', Promise.resolve()],
    ['a promise of a promise of "allow"', Promise.resolve(Promise.resolve('allow'))],
  ])('denies when the engine answers %s', async (_what, answer) => {
    const reason = 'the policy answered with no verdict'
    expect(await judge(answering(answer))).toEqual({ type: 'deny', refusals: [{ rule: 'policy', reason }] })
  })

  test('denies when the engine throws, now or later, and keeps what it threw as the cause', async () => {
    const cause = new Error('secret 0xkey')
    for (const engine of [throwing(cause), answering(Promise.reject(cause))]) {
      expect(await judge(engine)).toEqual({
        type: 'deny',
        refusals: [{ rule: 'policy', reason: 'the policy threw' }],
        cause,
      })
    }
    expect(await judge(throwing('a string'))).toMatchObject({ type: 'deny', cause: 'a string' })
    expect(await judge(throwing(undefined))).toMatchObject({ type: 'deny' })
    expect(Object.isFrozen(cause)).toBe(false)
  })

  test('keeps the cause that an engine gives, and what a rule threw', async () => {
    const cause = new Error('no')
    const refusals = [{ rule: 'mine', reason: 'down' }]
    expect(await judge(answering({ type: 'deny', refusals, cause }))).toEqual({ type: 'deny', refusals, cause })
    const fails = () => {
      throw cause
    }
    expect(await judge([hosts, { name: 'fails', judge: fails }])).toMatchObject({ type: 'deny', cause })
  })

  test('puts a deny that says nothing into words', async () => {
    const denied = async (refusals: readonly unknown[]) => judge(answering({ type: 'deny', refusals }))
    expect(await denied([])).toMatchObject({
      refusals: [{ rule: 'policy', reason: 'the policy denied without a reason' }],
    })
    expect(await denied([{ rule: 7 }, null])).toMatchObject({
      refusals: [
        { rule: 'policy', reason: 'denied' },
        { rule: 'policy', reason: 'denied' },
      ],
    })
  })

  test('answers verdicts that nobody can change', async () => {
    const limits = [{ ...limit }, { ...perPayment }, underWay]
    const verdict = await judge(answering({ type: 'allow', limits }))
    limits[0] = { ...limit, max: 10n ** 12n }
    Object.assign(limits[1] ?? {}, { max: 10n ** 12n })
    expect(verdict).toEqual({ type: 'allow', limits: [limit, perPayment, underWay] })
    const denied = await judge(answering({ type: 'deny', refusals: [{ rule: 'mine', reason: 'no' }] }))
    for (const one of [verdict, denied]) {
      expect(Object.values(one).flat().concat(one, Object.values(one)).every(Object.isFrozen)).toBe(true)
    }
  })

  test('shows the engine a request that it cannot change', async () => {
    const request = createRequest()
    const offer = Object.freeze({ ...request.offer, extra: { name: 'USDC' } })
    const engine: PolicyEngine = {
      evaluate: (seen) => {
        Object.assign(seen.offer.extra, { name: 'evil' })
        return { type: 'allow', limits: [] }
      },
    }
    expect(await guardPolicy(engine).evaluate({ ...request, offer })).toMatchObject({ type: 'deny' })
    expect(offer.extra).toEqual({ name: 'USDC' })
  })

  test('does not see the engine change after it was guarded', async () => {
    const engine = {
      evaluate: (): ReturnType<PolicyEngine['evaluate']> => ({
        type: 'deny',
        refusals: [{ rule: 'mine', reason: 'no' }],
      }),
    }
    const guarded = guardPolicy(engine)
    engine.evaluate = () => ({ type: 'allow', limits: [] })
    expect(await guarded.evaluate(createRequest())).toMatchObject({ type: 'deny' })
    expect(Object.isFrozen(guarded)).toBe(true)
  })

  test.each<[string, unknown]>([
    ['null', null],
    ['a string', 'allow'],
    ['an empty object', {}],
    ['an engine that cannot evaluate', { evaluate: true }],
    ['limits that are data', { evaluate: () => undefined, limits: [] }],
    ['rules that are none', [{}]],
  ])('cannot be made of %s', (_what, policy) => {
    expect(() => guardPolicy(policy as PolicyEngine)).toThrow(ConfigurationError)
  })
})

describe('money that is taken before the work is done', () => {
  const asked = createRequest(undefined, { offer: createOffer({ flow: 'upfront' }) })

  test('is never paid, whatever an engine or a rule of the owner allows', async () => {
    const denied = { type: 'deny', refusals: [{ rule: 'allowFlows', reason: expect.stringContaining('upfront') }] }
    expect(await guardPolicy(answering({ type: 'allow', limits: [] })).evaluate(asked)).toEqual(denied)
    expect(await guardPolicy([hosts]).evaluate(asked)).toEqual(denied)
  })

  test('is paid where a rule or an engine grants it', async () => {
    const granting = answering({ type: 'allow', limits: [], grants: 'flow' })
    expect(await guardPolicy(granting).evaluate(asked)).toMatchObject({ type: 'allow' })
    expect(await guardPolicy([hosts, allowFlows(['upfront'])]).evaluate(asked)).toMatchObject({ type: 'allow' })
  })
})

describe('what a policy consists of', () => {
  test('is known of rules and of an engine of rules, and of nothing else', () => {
    expect([[hosts], createPolicyEngine([hosts])].map(isOfRules)).toEqual([true, true])
    expect([answering(undefined), {}, 'rules', undefined].map(isOfRules)).toEqual([false, false, false, false])
  })

  test('says so where a rule throws as it lists its limits', () => {
    const throws: Rule = {
      name: 'mine',
      judge: () => ({ type: 'allow' }),
      limits: () => {
        throw new Error('boom')
      },
    }
    expect(() => createPolicyEngine([hosts, throws]).limits?.(undefined)).toThrow('the limits of mine: it threw')
    const wrong = { ...throws, limits: () => [{}] as never }
    expect(() => createPolicyEngine([hosts, wrong]).limits?.(undefined)).toThrow(
      'the limits of mine: they are not well-formed',
    )
  })
})

describe('plain http', () => {
  const anything = answering({ type: 'allow', limits: [] })
  const grants: Rule = { name: 'mine', judge: () => ({ type: 'allow', grants: 'host' }) }
  const askedAt = async (url: string, policy: Parameters<typeof guardPolicy>[0]) =>
    guardPolicy(policy).evaluate(createRequest(url))

  test.each([
    'http://api.example.com/',
    'http://api.example.com:443/',
    'http://10.0.0.1/',
    'http://127.0.0.2/',
    'http://localhost./',
    'http://a.localhost/',
    'http://127.0.0.1.nip.io/',
  ])('at %s is never paid, whatever an engine or a rule of the owner allows', async (url) => {
    const denied = { type: 'deny', refusals: [{ rule: 'https', reason: expect.stringContaining('plain http') }] }
    expect(await askedAt(url, anything)).toEqual(denied)
    expect(await askedAt(url, [grants])).toEqual(denied)
    expect(await askedAt(url, [allowHosts(['api.example.com', 'http://127.0.0.1:*'])])).toMatchObject({ type: 'deny' })
  })

  test.each(['http://127.0.0.1:3000/', 'http://localhost/', 'http://[::1]:8402/'])(
    'at %s, which is this machine, is paid where the policy allows it',
    async (url) => {
      expect(await askedAt(url, anything)).toMatchObject({ type: 'allow' })
      expect(await askedAt(url, [hosts])).toMatchObject({ type: 'deny' })
    },
  )

  test('leaves an objection of the policy as it is', async () => {
    const no: Rule = { name: 'no', judge: () => ({ type: 'deny', reason: 'never' }) }
    const refusals = [{ rule: 'no', reason: 'never' }]
    expect(await askedAt('http://api.example.com/', [no])).toEqual({ type: 'deny', refusals })
  })
})

describe('the deadline of a policy', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const never = new Promise<never>(() => {})

  test('denies after 10 s when no verdict has come', async () => {
    const settled = vi.fn()
    const verdict = judge(answering(never)).then((one) => (settled(), one))
    await vi.advanceTimersByTimeAsync(9_999)
    expect(settled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(await verdict).toMatchObject({ type: 'deny', refusals: [{ reason: 'the policy did not answer in time' }] })
  })

  test('is what the option says', async () => {
    const verdict = guardPolicy(answering(never), { timeoutMs: 50 }).evaluate(createRequest())
    await vi.advanceTimersByTimeAsync(50)
    expect(await verdict).toMatchObject({ type: 'deny' })
    for (const timeoutMs of [0, -1, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY]) {
      expect(() => guardPolicy([], { timeoutMs })).toThrow(/timeoutMs/)
    }
    for (const timeoutMs of [1, 2 ** 31 - 1]) expect(() => guardPolicy([], { timeoutMs })).not.toThrow()
  })

  test('leaves no timer behind a verdict that came', async () => {
    await judge(answering(Promise.resolve({ type: 'allow', limits: [] })))
    await judge([hosts])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('drops an allow that comes later', async () => {
    const late = new Promise((resolve) => setTimeout(() => resolve({ type: 'allow', limits: [] }), 20_000))
    const verdict = judge(answering(late))
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await verdict).toMatchObject({ type: 'deny' })
  })
})
