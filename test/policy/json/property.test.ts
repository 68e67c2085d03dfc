import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  allowAnyHost,
  type AllowedAsset,
  allowAssets,
  allowHosts,
  allowNetworks,
  allowPayees,
  type Asset,
  createPolicyEngine,
  denyHosts,
  maxPayments,
  allowFlows,
  pinPayee,
  policyFromJSON,
  priceMemory,
  type Rule,
  spendingLimit,
  timeWindow,
  type Weekday,
} from '../../../src/index.js'
import { guardPolicy } from '../../../src/policy/engine.js'
import { createOffer, createRequest, payee, usdc } from '../../support/offers.ts'

const token = { network: usdc.network, address: usdc.address }
const mint: Asset = {
  ...usdc,
  network: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
  address: '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU',
  symbol: 'X',
}
const other = '0x1111111111111111111111111111111111111111'
const usd = fc.oneof(
  fc.constantFrom(0, '$0.10', 0.1, '1.000001', 10, '999999999.99'),
  fc.nat(100_000_000).map((micro) => (micro / 1_000_000).toFixed(6)),
)
const scope = fc.constantFrom('wallet', 'host', 'domain', 'payee', 'label:task') as fc.Arbitrary<
  'wallet' | 'label:task'
>
const optional = { requiredKeys: [] as never[] }
const some = <value>(...values: readonly value[]) => fc.subarray([...values], { minLength: 1 })

const limits = fc
  .record(
    {
      perPaymentUsd: usd,
      hourlyLimitUsd: usd,
      monthlyLimitUsd: usd,
      totalLimitUsd: usd,
      scope,
      calendar: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
      onExceed: fc.constantFrom('deny' as const, 'approve' as const),
    },
    optional,
  )
  .chain((rest) => usd.map((dailyLimitUsd) => spendingLimit({ ...rest, dailyLimitUsd })))
const tiers = fc
  .uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength: 3, maxLength: 3 })
  .map((amounts) => amounts.toSorted((one, two) => one - two).map((cents) => (cents / 100).toFixed(2)))
  .chain(([instantMaxUsd, notifyMaxUsd, delayMaxUsd]) =>
    fc
      .constantFrom(
        { instantMaxUsd },
        { notifyMaxUsd },
        { instantMaxUsd, notifyMaxUsd, delayMaxUsd, delaySeconds: 300 },
        { delayMaxUsd, delaySeconds: 1 },
      )
      .map(spendingLimit),
  )
const week = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const satisfies readonly Weekday[]
const times = fc.record(
  {
    days: some(...week),
    from: fc.constantFrom('00:00', '09:30', '22:00'),
    to: fc.constantFrom('06:15', '17:00', '24:00'),
    timeZone: fc.constantFrom('UTC', 'Asia/Kolkata', 'Australia/Lord_Howe'),
  },
  optional,
)
const rule: fc.Arbitrary<Rule> = fc.oneof(
  some('api.example.com', '*.example.com', 'API.shop.test:8443', 'http://127.0.0.1:*').map(allowHosts),
  fc.constant(0).map(() => allowAnyHost()),
  some('evil.test', '*.co.uk', 'localhost', '10.0.0.1', 'https://[::1]:443').map(denyHosts),
  some(payee, payee.toLowerCase(), `eip155:84532:${payee}`, other, '9xQeWvG816bUx9EP').map(allowPayees),
  some('eip155:84532', mint.network, 'eip155:1').map((ids) => allowNetworks(ids as Asset['network'][])),
  some<AllowedAsset>('USDC', token, `eip155:8453/erc20:${other}`, { network: mint.network, address: mint.address }).map(
    allowAssets,
  ),
  limits,
  tiers,
  fc
    .record({ count: fc.nat(9), per: fc.constantFrom('hour', 'week', 'lifetime'), scope })
    .map((one) => maxPayments(one)),
  times.map(timeWindow),
  fc.constant(0).map(() => pinPayee()),
  fc.constantFrom(['upfront'] as const, ['authorization', 'upfront'] as const).map((flows) => allowFlows(flows)),
  fc.constantFrom(0, 0.2, 10).map((maxRise) => priceMemory({ maxRise })),
)
const request = fc
  .record({
    url: fc.constantFrom(
      'https://api.example.com/',
      'https://a.b.example.com/x',
      'https://api.shop.test:8443/',
      'http://127.0.0.1:3000/',
      'https://evil.test/',
      'https://shop.co.uk/',
    ),
    asset: fc.constantFrom(usdc, mint, { ...usdc, address: other, symbol: 'EURC' }),
    payTo: fc.constantFrom(payee, other, '9xQeWvG816bUx9EP'),
    microUsd: fc.constantFrom(0n, 1n, 10_000n, 500_000n, 1_000_001n, 3_000_000n),
    labels: fc.constantFrom({}, { task: '1' }),
    now: fc.integer({ min: 0, max: 7 * 24 * 4 }).map((quarters) => Date.UTC(2026, 2, 28) + quarters * 900_000),
  })
  .map(({ url, asset, payTo, microUsd, labels, now }) =>
    createRequest(url, { offer: createOffer({ asset, network: asset.network, payTo, microUsd }), labels, now }),
  )

describe('a policy that is written and read again', () => {
  test('decides the same, lists the same limits and is written the same', async () => {
    const decided = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { maxLength: 5 }),
        fc.array(request, { minLength: 1, maxLength: 6 }),
        async (rules, asked) => {
          const policy = createPolicyEngine(rules)
          const again = policyFromJSON(JSON.stringify(policy))
          expect(again.toJSON()).toEqual(policy.toJSON())
          for (const one of asked) {
            const verdict = await guardPolicy(policy).evaluate(one)
            expect(await guardPolicy(again).evaluate(one)).toEqual(verdict)
            expect(again.limits?.(one.resource)).toEqual(policy.limits?.(one.resource))
            decided.add(verdict.type)
          }
          expect(again.limits?.(undefined)).toEqual(policy.limits?.(undefined))
        },
      ),
      { numRuns: 500 },
    )
    expect([...decided].toSorted()).toEqual(['allow', 'deny'])
  })

  test('is never read from data that was changed to something it does not know', () => {
    fc.assert(
      fc.property(rule, fc.string({ minLength: 1, maxLength: 20 }), (one, key) => {
        const [written] = createPolicyEngine([one]).toJSON()
        if (written === undefined || Object.hasOwn(written, key)) return
        const known = { ...written, [key]: 0 }
        expect(() => policyFromJSON([known])).toThrow(/Failed to read policy/)
      }),
      { numRuns: 500 },
    )
  })
})
