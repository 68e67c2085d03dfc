import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  allowAnyHost,
  allowAssets,
  allowHosts,
  allowNetworks,
  allowPayees,
  denyHosts,
  type Limit,
  maxPayments,
  type Rule,
  spendingLimit,
  timeWindow,
  type Verdict,
} from '../../src/index.js'
import { guardPolicy } from '../../src/policy/engine.js'
import { createOffer, createRequest } from '../support/offers.ts'

const usd = fc.constantFrom(0, '0.005', 0.01, 0.5, 2, '50')
const scope = fc.constantFrom('wallet' as const, 'host' as const)
const spending = fc.record(
  { perPaymentUsd: usd, hourlyLimitUsd: usd, dailyLimitUsd: usd, monthlyLimitUsd: usd, totalLimitUsd: usd, scope },
  { requiredKeys: ['perPaymentUsd'] },
)
const overTime = fc.record({ dailyLimitUsd: usd, totalLimitUsd: usd, scope }, { requiredKeys: ['totalLimitUsd'] })
const granting = fc.constantFrom(
  allowHosts(['api.example.com']),
  allowHosts(['*.example.com', 'shop.test.org']),
  allowAnyHost(),
)
const rule: fc.Arbitrary<Rule> = fc.oneof(
  { arbitrary: granting, weight: 2 },
  fc.constantFrom(denyHosts(['api.example.com']), denyHosts(['evil.test']), denyHosts(['*.example.com'])),
  fc.constantFrom(allowNetworks(['eip155:84532']), allowNetworks(['eip155:8453'])),
  fc.constantFrom(allowAssets(['USDC']), allowAssets(['USDT0'])),
  fc.constantFrom(allowPayees(['0x209693Bc6afc0C5328bA36FaF03C514EF312287C']), allowPayees([`0x${'1'.repeat(40)}`])),
  fc.constantFrom(timeWindow({ from: '09:00', to: '17:00' }), timeWindow({ days: ['sun'] })),
  fc.record({ count: fc.nat(2), per: fc.constantFrom('hour' as const, 'lifetime' as const), scope }).map(maxPayments),
  { arbitrary: fc.oneof(spending, overTime).map(spendingLimit), weight: 6 },
  fc.constant<Rule>({
    name: 'throws',
    judge: () => {
      throw new Error('no')
    },
  }),
)
const rules = fc.array(rule, { maxLength: 4 })
const request = fc
  .record({
    url: fc.constantFrom(
      'https://api.example.com/',
      'https://b.example.com/',
      'https://evil.test/',
      'http://api.example.com/',
    ),
    microUsd: fc.constantFrom(1n, 10_000n, 500_000n, 1_000_000n, 1_000_001n, 10_000_001n, 60_000_000n),
    hour: fc.nat(23),
  })
  .map(({ url, microUsd, hour }) =>
    createRequest(url, { offer: createOffer({ microUsd, amount: microUsd }), now: Date.UTC(2026, 0, 1, hour) }),
  )

/** Rules and requests that only the built-in limits stand between. */
const generous = fc
  .constantFrom({ perPaymentUsd: 2 }, { perPaymentUsd: 50, dailyLimitUsd: 50 }, { totalLimitUsd: 50 })
  .map(spendingLimit)
const plain = fc.record({ list: fc.array(generous, { maxLength: 1 }), added: generous, one: request })
const any = fc.record({ list: rules, added: rule, one: request })

type Request = ReturnType<typeof createRequest>
const evaluate = (policy: readonly Rule[], one: Request): Promise<Verdict> => guardPolicy(policy).evaluate(one)
const wordsOf = (limit: Limit): string =>
  JSON.stringify(limit, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))
/** What a verdict comes to, whatever its order. */
const meaningOf = (verdict: Verdict): unknown => [
  verdict.type,
  (verdict.type === 'allow'
    ? verdict.limits.map(wordsOf)
    : verdict.refusals.map((one) => `${one.rule}: ${one.reason}`)
  ).toSorted(),
]

/** Says which limits a first payment breaks. */
const brokenBy = (verdict: Verdict, { offer }: Request): readonly Limit[] =>
  verdict.type === 'deny'
    ? []
    : verdict.limits.filter(({ measure, max }) => (measure === 'microUsd' ? offer.microUsd : 1n) > max)
const isPaid = (verdict: Verdict, one: Request): boolean =>
  verdict.type === 'allow' && brokenBy(verdict, one).length === 0

const isBuiltIn = ({ name }: Limit): boolean => name.startsWith('built-in')

/** Says whether a rule sets a limit of the kind that a built-in limit stands in for. */
function replaces(builtIn: Limit, added: Rule, one: Request): boolean {
  const set = (added.limits?.(one.resource) ?? []).filter(({ measure }) => measure === 'microUsd')
  return builtIn.window.type === 'payment'
    ? set.some(({ window }) => window.type === 'payment')
    : set.some(({ window, scope }) => window.type !== 'payment' && scope === 'wallet')
}

describe('rules taken together', () => {
  test('come to the same in whatever order they stand', async () => {
    const shuffled = rules.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    await fc.assert(
      fc.asyncProperty(shuffled, request, async ([list, other], one) => {
        expect(meaningOf(await evaluate(other, one))).toEqual(meaningOf(await evaluate(list, one)))
      }),
      { numRuns: 1000 },
    )
  })

  /**
   * Two things turn a deny into an allow, and they are what a policy is written with: the first rule that allows hosts,
   * and an explicit limit on money in the place of the built-in one of its kind (single payments, or the wallet over time).
   */
  test('pay no more with one rule more, but for a first host rule and for explicit limits in the place of built-in ones', async () => {
    let lifted = 0
    await fc.assert(
      fc.asyncProperty(granting, fc.oneof(plain, any), async (first, { list, added, one }) => {
        const [before, after] = [await evaluate([...list, first], one), await evaluate([...list, first, added], one)]
        const isMore = isPaid(after, one) && !isPaid(before, one)
        const isLifted =
          before.type === 'allow' &&
          brokenBy(before, one).every((limit) => isBuiltIn(limit) && replaces(limit, added, one))
        expect(isMore && !isLifted).toBe(false)
        if (isMore) lifted += 1
      }),
      { numRuns: 2000 },
    )
    expect(lifted).toBeGreaterThan(0)
  })

  test('pay nothing without a rule that allows hosts', async () => {
    const without = rules.map((list) => list.filter(({ name }) => !['allowHosts', 'allowAnyHost'].includes(name)))
    await fc.assert(
      fc.asyncProperty(without, request, async (list, one) => {
        expect((await evaluate(list, one)).type).toBe('deny')
      }),
      { numRuns: 500 },
    )
  })

  test('deny wherever one of them denies', async () => {
    await fc.assert(
      fc.asyncProperty(rules, fc.nat(6), request, async (list, at, one) => {
        const no: Rule = { name: 'no', judge: () => ({ type: 'deny', reason: 'no' }) }
        expect((await evaluate(list.toSpliced(at, 0, no), one)).type).toBe('deny')
      }),
      { numRuns: 500 },
    )
  })

  test('pay no more when a limit is lowered', async () => {
    const max = fc.bigInt({ min: 0n, max: 70_000_000n })
    const toUsd = (amount: bigint): string =>
      `${amount / 1_000_000n}.${(amount % 1_000_000n).toString().padStart(6, '0')}`
    await fc.assert(
      fc.asyncProperty(rules, max, max, request, async (list, one, other, asked) => {
        const [low, high] = one < other ? [one, other] : [other, one]
        const under = (amount: bigint) =>
          evaluate([...list, spendingLimit({ perPaymentUsd: toUsd(amount), totalLimitUsd: toUsd(amount) })], asked)
        expect(isPaid(await under(low), asked) && !isPaid(await under(high), asked)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })
})
