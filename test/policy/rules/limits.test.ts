import { afterEach, describe, expect, test } from 'vitest'
import {
  allowHosts,
  ConfigurationError,
  type Limit,
  maxPayments,
  memoryLedger,
  type Rule,
  spendingLimit,
} from '../../../src/index.js'
import { guardPolicy } from '../../../src/policy/engine.js'
import { createOffer, createRequest, resourceAt } from '../../support/offers.ts'
import { createPayment } from '../../support/payments.ts'

const limitsOf = (rule: Rule, url = 'https://api.example.com/'): readonly Limit[] =>
  rule.limits?.(resourceAt(url)) ?? []
const inWallet = (name: string, window: Limit['window'], max: bigint): Limit => ({
  name,
  scope: 'wallet',
  window,
  measure: 'microUsd',
  max,
})

/** Says whether an empty ledger records one payment of this price, under the limits that a policy sets on it. */
async function isPaid(microUsd: bigint, ...rules: readonly Rule[]): Promise<boolean> {
  const offer = createOffer({ microUsd, amount: microUsd })
  const verdict = await guardPolicy([allowHosts(['api.example.com']), ...rules]).evaluate(
    createRequest(undefined, { offer }),
  )
  if (verdict.type === 'deny') return false
  const scopes = verdict.limits.map(({ scope }) => scope)
  return (await memoryLedger().reserve(createPayment({ microUsd, amount: microUsd, scopes }), verdict.limits)).ok
}

afterEach(() => {
  for (const key of ['dailyLimitUsd', 'perPaymentUsd', 'scope', 'count']) Reflect.deleteProperty(Object.prototype, key)
})

describe('spendingLimit', () => {
  test.each<[string, Parameters<typeof spendingLimit>[0], RegExp]>([
    ['steps that are the same', { instantMaxUsd: 2, notifyMaxUsd: 2 }, /have to rise/],
    ['steps that fall', { notifyMaxUsd: 3, delayMaxUsd: 2, delaySeconds: 60 }, /have to rise/],
    ['a delay of no seconds', { delayMaxUsd: 2, delaySeconds: 0 }, /0 is not a number of seconds/],
    ['a delay of half a second', { delayMaxUsd: 2, delaySeconds: 0.5 }, /0.5 is not a number of seconds/],
  ])('is not made of %s', (_what, options, reason) => {
    expect(() => spendingLimit(options)).toThrow(reason)
    expect(() => spendingLimit({ instantMaxUsd: 1, notifyMaxUsd: 2, delayMaxUsd: 3, delaySeconds: 1 })).not.toThrow()
    // Nothing is instant: a person is asked about each.
    expect(() => spendingLimit({ instantMaxUsd: 0 })).not.toThrow()
  })

  test('is limits as data: one for each amount, over its time', () => {
    const rule = spendingLimit({
      perPaymentUsd: 0.5,
      hourlyLimitUsd: '$1',
      dailyLimitUsd: '20.00',
      monthlyLimitUsd: 100,
      totalLimitUsd: 1000,
    })
    const limits = [
      inWallet('per-payment limit', { type: 'payment' }, 500_000n),
      inWallet('hourly limit', { type: 'rolling', seconds: 3600 }, 1_000_000n),
      inWallet('daily limit', { type: 'rolling', seconds: 86_400 }, 20_000_000n),
      inWallet('monthly limit', { type: 'rolling', seconds: 2_592_000 }, 100_000_000n),
      inWallet('total limit', { type: 'lifetime' }, 1_000_000_000n),
    ]
    expect(limitsOf(rule)).toEqual(limits)
    expect(rule.judge(createRequest())).toEqual({ type: 'allow', limits })
    expect(rule.limits?.(undefined)).toEqual(limits)
  })

  test('for each host counts each host and port for itself, and has nothing to say of the wallet as a whole', () => {
    const rule = spendingLimit({ hourlyLimitUsd: 2, scope: 'host' })
    expect(limitsOf(rule, 'https://shop.example.org:8443/a')).toEqual([
      {
        name: 'hourly limit for shop.example.org:8443',
        scope: 'host:shop.example.org:8443',
        window: { type: 'rolling', seconds: 3600 },
        measure: 'microUsd',
        max: 2_000_000n,
      },
    ])
    expect(rule.limits?.(undefined)).toEqual([])
  })

  test.each([
    ['perPaymentUsd', 'wallet'],
    ['hourlyLimitUsd', 'wallet'],
    ['dailyLimitUsd', 'wallet'],
    ['monthlyLimitUsd', 'wallet'],
    ['totalLimitUsd', 'wallet'],
    ['perPaymentUsd', 'host'],
    ['hourlyLimitUsd', 'host'],
    ['dailyLimitUsd', 'host'],
    ['monthlyLimitUsd', 'host'],
    ['totalLimitUsd', 'host'],
  ] as const)(
    '%s of the %s is kept to the last millionth: what reaches it is paid, and no more',
    async (option, scope) => {
      const rule = spendingLimit({ [option]: '0.25', scope })
      expect(await isPaid(249_999n, rule)).toBe(true)
      expect(await isPaid(250_000n, rule)).toBe(true)
      expect(await isPaid(250_001n, rule)).toBe(false)
    },
  )

  test.each([0, '0', '$0.00', -0])('of %j pays nothing at all', async (amount) => {
    expect(await isPaid(1n, spendingLimit({ perPaymentUsd: amount }))).toBe(false)
    expect(await isPaid(1n, spendingLimit({ dailyLimitUsd: amount }))).toBe(false)
  })

  test.each([
    '1.0000001',
    '1e3',
    0.1 + 0.2,
    1e21,
    1e-7,
    Infinity,
    -Infinity,
    Number.NaN,
    -1,
    '-0.1',
    '1,000',
    '',
    ' 1',
    '+1',
    '0x1',
    '1.',
    '.5',
    '01',
    '1 USD',
    '\uff11',
  ])('refuses %j, which is no exact amount of dollars', (amount) => {
    expect(() => spendingLimit({ dailyLimitUsd: amount })).toThrow(ConfigurationError)
    expect(() => spendingLimit({ perPaymentUsd: amount })).toThrow(/perPaymentUsd/)
  })

  test.each([null, true, {}, [], ['5'], 5n, { toString: () => '5' }])(
    'refuses an amount that is no string or number: %s',
    (amount) => {
      expect(() => spendingLimit({ dailyLimitUsd: amount as never })).toThrow(ConfigurationError)
    },
  )

  test('refuses to set nothing, which would look like a limit', () => {
    expect(() => spendingLimit({})).toThrow(ConfigurationError)
    expect(() => spendingLimit({ scope: 'host' })).toThrow(ConfigurationError)
    expect(() => spendingLimit({ dailyLimitUsd: undefined })).toThrow(ConfigurationError)
    for (const options of [undefined, null, 5, '$5'])
      expect(() => spendingLimit(options as never)).toThrow(ConfigurationError)
  })

  test('refuses options that it does not have: a misspelt limit would be none', () => {
    expect(() => spendingLimit({ dailyLimitUSD: 5, perPaymentUsd: 1 } as never)).toThrow(/no option dailyLimitUSD/)
    expect(() => spendingLimit({ perPaymentUsd: 1, scope: 'agent' } as never)).toThrow(ConfigurationError)
  })

  test('is not changed by its options after it was made, nor by a polluted prototype', () => {
    const options = { perPaymentUsd: 1, scope: 'wallet' as 'wallet' | 'host' }
    for (const [key, value] of [
      ['dailyLimitUsd', 999_999],
      ['scope', 'host'],
    ] as const) {
      Reflect.defineProperty(Object.prototype, key, { value, configurable: true, enumerable: true, writable: true })
    }
    const rules = [spendingLimit(options), spendingLimit({ perPaymentUsd: 1 })]
    Object.assign(options, { perPaymentUsd: 999, scope: 'host' })
    for (const rule of rules)
      expect(limitsOf(rule)).toEqual([inWallet('per-payment limit', { type: 'payment' }, 1_000_000n)])
  })

  test('is not changed by changing the limits that it hands out', async () => {
    const rule = spendingLimit({ perPaymentUsd: 1, dailyLimitUsd: 2 })
    const policy = guardPolicy([allowHosts(['api.example.com']), rule])
    for (const limit of [...limitsOf(rule), ...policy.limits(undefined)]) Reflect.set(limit, 'max', 999n)
    for (const { window } of policy.limits(undefined)) Reflect.set(window, 'seconds', 1)
    expect(policy.limits(undefined)).toEqual([
      inWallet('per-payment limit', { type: 'payment' }, 1_000_000n),
      inWallet('daily limit', { type: 'rolling', seconds: 86_400 }, 2_000_000n),
    ])
  })
})

describe('maxPayments', () => {
  test.each([
    ['hour', 'limit on payments per hour', { type: 'rolling', seconds: 3600 }],
    ['day', 'limit on payments per day', { type: 'rolling', seconds: 86_400 }],
    ['month', 'limit on payments per month', { type: 'rolling', seconds: 2_592_000 }],
    ['lifetime', 'limit on payments', { type: 'lifetime' }],
  ] as const)('per %s counts payments', (per, name, window) => {
    expect(limitsOf(maxPayments({ count: 3, per }))).toEqual([
      { name, scope: 'wallet', window, measure: 'count', max: 3n },
    ])
    expect(limitsOf(maxPayments({ count: 3, per, scope: 'host' }))).toMatchObject([
      { name: `${name} for api.example.com`, scope: 'host:api.example.com' },
    ])
  })

  test('of zero pays nothing, and of one pays once', async () => {
    expect(await isPaid(1n, maxPayments({ count: 0, per: 'lifetime' }))).toBe(false)
    expect(await isPaid(1n, maxPayments({ count: 1, per: 'lifetime' }))).toBe(true)
  })

  test.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53, '3', 3n, null, undefined])('refuses a count of %s', (count) => {
    expect(() => maxPayments({ count: count as number, per: 'day' })).toThrow(ConfigurationError)
  })

  test.each(['year', 'Day', '', undefined, 'toString', 'constructor'])('refuses a time of %j', (per) => {
    expect(() => maxPayments({ count: 1, per: per as 'day' })).toThrow(ConfigurationError)
  })

  test('refuses options that it does not have', () => {
    expect(() => maxPayments({ count: 1, per: 'day', max: 2 } as never)).toThrow(/no option max/)
  })
})
