import { describe, expect, test } from 'vitest'
import { allowHosts, type Limit, maxPayments, type PolicyEngine, spendingLimit } from '../../src/index.js'
import { guardPolicy } from '../../src/policy/engine.js'
import { createRequest, resourceAt } from '../support/offers.ts'

const hosts = allowHosts(['api.example.com'])
const limit: Limit = { name: 'of mine', scope: 'wallet', window: { type: 'lifetime' }, measure: 'microUsd', max: 5n }
const perPayment: Limit = { ...limit, window: { type: 'payment' } }
const builtIn = ['built-in per-payment limit', 'built-in daily limit']

/** An engine that answers whatever it is given, as JavaScript lets it. */
function answering(answer: unknown): PolicyEngine {
  return { evaluate: (() => answer) as PolicyEngine['evaluate'] }
}

async function judge(policy: Parameters<typeof guardPolicy>[0]) {
  return guardPolicy(policy).evaluate(createRequest())
}

async function limitNames(policy: Parameters<typeof guardPolicy>[0]) {
  const verdict = await judge(policy)
  return verdict.type === 'allow' ? verdict.limits.map(({ name }) => name) : verdict
}

describe('the built-in limits', () => {
  test('are $1 a payment and $10 in 24 hours over the whole wallet', async () => {
    expect(await judge([hosts])).toEqual({
      type: 'allow',
      limits: [
        { name: builtIn[0], scope: 'wallet', window: { type: 'payment' }, measure: 'microUsd', max: 1_000_000n },
        {
          name: builtIn[1],
          scope: 'wallet',
          window: { type: 'rolling', seconds: 86_400 },
          measure: 'microUsd',
          max: 10_000_000n,
        },
      ],
    })
  })

  test.each([
    ['a per-payment limit', { perPaymentUsd: 5 }, ['per-payment limit', builtIn[1]]],
    ['an hourly limit', { hourlyLimitUsd: 5 }, ['hourly limit', builtIn[0]]],
    ['a daily limit', { dailyLimitUsd: 5 }, ['daily limit', builtIn[0]]],
    ['a monthly limit', { monthlyLimitUsd: 5 }, ['monthly limit', builtIn[0]]],
    ['a total limit', { totalLimitUsd: 5 }, ['total limit', builtIn[0]]],
    ['limits of both kinds', { perPaymentUsd: 5, totalLimitUsd: 5 }, ['per-payment limit', 'total limit']],
    ['a zero', { perPaymentUsd: 0 }, ['per-payment limit', builtIn[1]]],
  ])('make way for %s of the owner’s, each for its own kind', async (_what, options, names) => {
    expect(await limitNames([hosts, spendingLimit(options)])).toEqual(names)
  })

  test('stay beside limits on hosts and on the number of payments', async () => {
    const host = spendingLimit({ dailyLimitUsd: 500, scope: 'host' })
    const names = ['daily limit for api.example.com', 'limit on payments per day', ...builtIn]
    expect(await limitNames([hosts, host, maxPayments({ count: 5, per: 'day' })])).toEqual(names)
    const single = spendingLimit({ perPaymentUsd: 2, scope: 'host' })
    expect(await limitNames([hosts, single])).toEqual(['per-payment limit for api.example.com', builtIn[1]])
  })

  test('are put beside those of an engine of one’s own', async () => {
    expect(await limitNames(answering({ type: 'allow', limits: [] }))).toEqual(builtIn)
    const calendar = { ...limit, window: { type: 'calendar', period: 'day', timeZone: 'UTC' } }
    expect(await limitNames(answering({ type: 'allow', limits: [calendar] }))).toEqual(['of mine', builtIn[0]])
    const counted = [limit, perPayment].map((one) => ({ ...one, measure: 'count' }))
    expect(await limitNames(answering({ type: 'allow', limits: counted }))).toEqual(['of mine', 'of mine', ...builtIn])
  })

  test('are listed with the others', () => {
    const { limits } = guardPolicy([hosts, spendingLimit({ hourlyLimitUsd: 1, scope: 'host' })])
    expect(limits(undefined).map(({ name }) => name)).toEqual(builtIn)
    const names = limits(resourceAt('https://api.example.com/')).map(({ name }) => name)
    expect(names).toEqual(['hourly limit for api.example.com', ...builtIn])
    expect(
      guardPolicy(answering(undefined))
        .limits(undefined)
        .map(({ name }) => name),
    ).toEqual(builtIn)
  })
})
