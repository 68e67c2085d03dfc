import { describe, expect, test } from 'vitest'
import {
  allowAnyHost,
  allowHosts,
  allowPayees,
  createAgentWallet,
  type Limit,
  maxLiveHolds,
  maxPayments,
  type PolicyEngine,
  type Rule,
  spendingLimit,
} from '../../src/index.js'
import { guardPolicy } from '../../src/policy/engine.js'
import { type PaidResourceFault, paidResource, testKeyStore } from '../../src/testing/index.js'
import { createRequest, payee, resourceAt } from '../support/offers.ts'

const hosts = allowHosts(['api.example.com'])
const limit: Limit = { name: 'of mine', scope: 'wallet', window: { type: 'lifetime' }, measure: 'microUsd', max: 5n }
const perPayment: Limit = { ...limit, window: { type: 'payment' } }
const builtIn = ['built-in per-payment limit', 'built-in daily limit']
const underWay = 'built-in limit on payments under way for example.com'

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
  test('are $1 a payment, $10 in 24 hours over the whole wallet, and a hundred payments under way to a domain', async () => {
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
        {
          name: underWay,
          scope: 'domain:example.com',
          window: { type: 'rolling', seconds: 1 },
          measure: 'open',
          max: 100n,
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
    expect(await limitNames([hosts, spendingLimit(options)])).toEqual([...names, underWay])
  })

  test('stay beside limits on hosts and on the number of payments', async () => {
    const host = spendingLimit({ dailyLimitUsd: 500, scope: 'host' })
    const names = ['daily limit for api.example.com', 'limit on payments per day', ...builtIn, underWay]
    expect(await limitNames([hosts, host, maxPayments({ count: 5, per: 'day' })])).toEqual(names)
    const single = spendingLimit({ perPaymentUsd: 2, scope: 'host' })
    expect(await limitNames([hosts, single])).toEqual(['per-payment limit for api.example.com', builtIn[1], underWay])
  })

  test('are put beside those of an engine of one’s own', async () => {
    expect(await limitNames(answering({ type: 'allow', limits: [] }))).toEqual([...builtIn, underWay])
    const calendar = { ...limit, window: { type: 'calendar', period: 'day', timeZone: 'UTC' } }
    expect(await limitNames(answering({ type: 'allow', limits: [calendar] }))).toEqual([
      'of mine',
      builtIn[0],
      underWay,
    ])
    const counted = [limit, perPayment].map((one) => ({ ...one, measure: 'count' }))
    expect(await limitNames(answering({ type: 'allow', limits: counted }))).toEqual([
      'of mine',
      'of mine',
      ...builtIn,
      underWay,
    ])
  })

  test('are listed with the others', () => {
    const { limits } = guardPolicy([hosts, spendingLimit({ hourlyLimitUsd: 1, scope: 'host' })])
    expect(limits(undefined).map(({ name }) => name)).toEqual(builtIn)
    const names = limits(resourceAt('https://api.example.com/')).map(({ name }) => name)
    expect(names).toEqual(['hourly limit for api.example.com', ...builtIn, underWay])
    expect(
      guardPolicy(answering(undefined))
        .limits(undefined)
        .map(({ name }) => name),
    ).toEqual(builtIn)
  })
})

describe('the built-in limit on payments under way', () => {
  const clock = (): number => Date.UTC(2026, 5, 17, 12)
  const loose = [allowAnyHost(), spendingLimit({ perPaymentUsd: 1, dailyLimitUsd: 1000 })]

  /** A wallet at shops of which those under `bad.example` do with payments what the test says. */
  function openWallet(fault: PaidResourceFault | undefined, rules: readonly Rule[] = loose) {
    const keyStore = testKeyStore()
    const shops = { bad: paidResource({ clock, ...(fault && { fault }) }), good: paidResource({ clock }) }
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const request = new Request(input, init)
      return new URL(request.url).host.endsWith('bad.example') ? shops.bad(request) : shops.good(request)
    }
    const wallet = createAgentWallet({ keyStore, policy: rules, clock, fetch })
    let purchases = 0
    const buy = async (host: string): Promise<string> => {
      purchases += 1
      const options = { payment: { key: `${purchases}` } }
      return wallet.fetch(`https://${host}/`, options).then(
        ({ status }) => String(status),
        ({ code }) => String(code),
      )
    }
    return { wallet, keyStore, buy }
  }

  test('lets one domain take a hundred payments that it settles not, whatever hosts it makes up, and others are paid', async () => {
    const { buy, keyStore } = openWallet('endless-402')
    const codes = await Promise.all(Array.from({ length: 115 }, (_, index) => buy(`h${index}.bad.example`)))
    expect(codes.toSorted()).toEqual([...Array(15).fill('limit_exceeded'), ...Array(100).fill('payment_rejected')])
    expect(keyStore.signed).toHaveLength(100)
    expect(await buy('good.example')).toBe('200')
  })

  test('lets a hundred payments at once to an honest server through, and any number one after another', async () => {
    const { buy, wallet } = openWallet(undefined)
    expect(await Promise.all(Array.from({ length: 100 }, () => buy('good.example')))).toEqual(Array(100).fill('200'))
    for (let index = 0; index < 40; index += 1) expect(await buy('good.example')).toBe('200')
    const line = (await wallet.budget('https://good.example/')).find(({ measure }) => measure === 'open')
    expect(line).toMatchObject({ scope: 'domain:good.example', max: 100n, used: 0n })
  })

  test("makes way for the owner's own", async () => {
    const { buy, keyStore } = openWallet('endless-402', [...loose, maxLiveHolds({ max: 20 })])
    await Promise.all(Array.from({ length: 30 }, () => buy('bad.example')))
    expect(keyStore.signed).toHaveLength(20)
  })

  test('says nothing of what the owner transfers', async () => {
    const resource = { url: 'transfer:eip155:84532/0x', method: 'TRANSFER', origin: 'transfer:', host: 'transfer' }
    const verdict = await guardPolicy([allowPayees([payee])]).evaluate(createRequest(undefined, { resource }))
    expect(verdict.type === 'allow' && verdict.limits.map(({ measure }) => measure)).toEqual(['microUsd', 'microUsd'])
  })
})
