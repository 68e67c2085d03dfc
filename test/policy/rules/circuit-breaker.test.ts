import { describe, expect, test } from 'vitest'
import {
  type AgentWallet,
  allowAnyHost,
  circuitBreaker,
  createAgentWallet,
  createPolicyEngine,
  maxLiveHolds,
  maxPayments,
  memoryLedger,
  policyFromJSON,
  type Rule,
} from '../../../src/index.js'
import { type PaidResource, paidResource, testKeyStore } from '../../../src/testing/index.js'
import { rejection } from '../../support/wallets.ts'

const noon = Date.parse('2026-06-17T12:00:00Z')

/** A wallet under some rules, and two shops: one as the test has it, and one that is honest. */
function openWallet(rules: readonly Rule[], bad: (clock: () => number) => PaidResource) {
  const time = { now: noon }
  const clock = (): number => time.now
  const shops: Record<string, PaidResource> = { 'bad.example': bad(clock), 'good.example': paidResource({ clock }) }
  const keyStore = testKeyStore()
  const ledger = memoryLedger()
  const wallet = createAgentWallet({
    keyStore,
    ledger,
    clock,
    policy: [allowAnyHost(), ...rules],
    fetch: async (input, init) => {
      const request = new Request(input, init)
      return (await shops[new URL(request.url).host]?.(request)) ?? Response.error()
    },
  })
  let purchases = 0
  const buy = (host: string, init: Parameters<AgentWallet['fetch']>[1] = {}) => {
    purchases += 1
    return wallet.fetch(`https://${host}/`, { payment: { key: `${purchases}` }, ...init })
  }
  return { wallet, keyStore, ledger, time, shops, buy }
}

const refused = (name: string) => ({ code: 'limit_exceeded', moved: 'no', retryable: true, limit: { name } })

describe('maxLiveHolds', () => {
  test('lets three of ten payments at once be signed for a server that settles nothing, and others are paid', async () => {
    const { buy, keyStore, wallet } = openWallet([maxLiveHolds()], (clock) =>
      paidResource({ fault: 'endless-402', clock }),
    )
    const errors = await Promise.all(Array.from({ length: 10 }, () => rejection(buy('bad.example'))))
    expect(keyStore.signed).toHaveLength(3)
    const codes = errors.map((error) => (error as { code: string }).code).toSorted()
    expect(codes).toEqual([...Array(7).fill('limit_exceeded'), ...Array(3).fill('payment_rejected')])
    expect(await rejection(buy('bad.example'))).toMatchObject(refused('limit on payments under way for bad.example'))
    expect((await buy('good.example')).status).toBe(200)
    expect((await wallet.budget())[1]?.used).toBe(40_000n)
  })

  test('of a server that never answers counts what is on its way', async () => {
    const { buy, keyStore, shops } = openWallet([maxLiveHolds({ max: 2 })], (clock) =>
      paidResource({ fault: 'settle-then-hang', clock }),
    )
    const stop = new AbortController()
    const outcomes = Array.from({ length: 5 }, () =>
      rejection(buy('bad.example', { signal: stop.signal, payment: { key: crypto.randomUUID() } })),
    )
    await expect.poll(() => shops['bad.example']?.payments.length).toBe(2)
    stop.abort()
    const codes = (await Promise.all(outcomes)).map((error) => (error as { code: string }).code)
    expect(codes.filter((code) => code === 'payment_outcome_unknown')).toHaveLength(2)
    expect(keyStore.signed).toHaveLength(2)
  })

  test('does not count what its server says is paid, nor what a chain has shown', async () => {
    const { buy, ledger } = openWallet([maxLiveHolds({ max: 1 })], (clock) =>
      paidResource({ fault: 'settle-then-500', clock }),
    )
    for (let bought = 0; bought < 5; bought += 1) expect((await buy('good.example')).status).toBe(200)
    for (const status of ['confirmed', 'expired', 'cancelled'] as const) {
      expect((await buy('bad.example')).status).toBe(500)
      expect(await rejection(buy('bad.example'))).toMatchObject(refused('limit on payments under way for bad.example'))
      const [open] = await ledger.list({ status: 'unknown' })
      await ledger.update(open?.id ?? 'pay_', { status })
    }
    expect((await buy('bad.example')).status).toBe(500)
  })

  test('counts a payment as long as it can still be executed, and says until when', async () => {
    const { buy, time } = openWallet([maxLiveHolds({ max: 1 })], (clock) =>
      paidResource({ fault: 'settle-then-500', clock }),
    )
    await buy('bad.example')
    const error = (await rejection(buy('bad.example'))) as { fitsAt: number }
    expect(String(error)).toMatch(
      /limit on payments under way for bad\.example of 1: 1 still open, 1 asked; fits again at 2026-06-17T12:0\dZ/,
    )
    // The 60 seconds that the server asked for, two minutes of margin, and the second of the window.
    expect(error.fitsAt).toBe(noon + 181_000)
    time.now = error.fitsAt - 1
    expect(await rejection(buy('bad.example'))).toMatchObject({ code: 'limit_exceeded' })
    time.now = error.fitsAt
    expect((await buy('bad.example')).status).toBe(500)
  })

  test('still lets the same purchase be sent again', async () => {
    const { buy, keyStore } = openWallet([maxLiveHolds({ max: 1 })], (clock) =>
      paidResource({ fault: 'settle-then-500', faultTimes: 1, idempotent: true, clock }),
    )
    const payment = { key: 'report 42' }
    expect((await buy('bad.example', { payment })).status).toBe(500)
    expect((await buy('bad.example', { payment })).status).toBe(200)
    expect(new Set(keyStore.signed.map(({ message }) => message['nonce'])).size).toBe(1)
  })
})

describe('circuitBreaker', () => {
  test.each(['endless-402', 'settle-then-500', 'settle-then-drop', 'settle-then-redirect'] as const)(
    'pays a server that answers with %s three times, and others on',
    async (fault) => {
      const { buy, keyStore } = openWallet([circuitBreaker({ failures: 3, seconds: 600 })], (clock) =>
        paidResource({ fault, clock }),
      )
      for (let bought = 0; bought < 6; bought += 1) await buy('bad.example').catch(() => {})
      expect(keyStore.signed).toHaveLength(3)
      const error = await rejection(buy('bad.example'))
      expect(error).toMatchObject(refused('circuit breaker for bad.example'))
      expect(String(error)).toMatch(
        /circuit breaker for bad\.example of 3: 3 without an answer, 1 asked; fits again at/,
      )
      expect((await buy('good.example')).status).toBe(200)
    },
  )

  test('closes once its payments are so many seconds over', async () => {
    const { buy, time } = openWallet([circuitBreaker({ failures: 1, seconds: 600 })], (clock) =>
      paidResource({ fault: 'settle-then-500', faultTimes: 1, clock }),
    )
    await buy('bad.example')
    const { fitsAt } = (await rejection(buy('bad.example'))) as { fitsAt: number }
    expect(fitsAt).toBe(noon + (60 + 120 + 600) * 1000)
    time.now = fitsAt
    expect((await buy('bad.example')).status).toBe(200)
  })

  test('counts over whatever scope it is given', async () => {
    const rule = circuitBreaker({ failures: 1, seconds: 600, scope: 'wallet' })
    const { buy } = openWallet([rule], (clock) => paidResource({ fault: 'endless-402', clock }))
    await rejection(buy('bad.example'))
    expect(await rejection(buy('good.example'))).toMatchObject(refused('circuit breaker'))
  })

  test('does not count payments that were answered, of which maxPayments is the limit', async () => {
    const rules = [circuitBreaker({ failures: 1, seconds: 60 }), maxPayments({ count: 5, per: 'hour', scope: 'host' })]
    const { buy } = openWallet(rules, (clock) => paidResource({ clock }))
    for (let bought = 0; bought < 5; bought += 1) expect((await buy('good.example')).status).toBe(200)
    expect(await rejection(buy('good.example'))).toMatchObject({ limit: { measure: 'count' } })
  })
})

test.each<[string, () => Rule]>([
  ['no failures', () => circuitBreaker({ failures: 0, seconds: 1 })],
  ['half a second', () => circuitBreaker({ failures: 1, seconds: 0.5 })],
  ['no seconds', () => circuitBreaker({ failures: 1 } as never)],
  ['a misspelt option', () => circuitBreaker({ failures: 1, second: 1 } as never)],
  ['no payments under way', () => maxLiveHolds({ max: 0 })],
  ['NaN', () => maxLiveHolds({ max: Number.NaN })],
  ['an unknown scope', () => maxLiveHolds({ scope: 'planet' as never })],
])('a breaker with %s is refused', (_what, make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
})

test.each<readonly [Rule, unknown]>([
  [circuitBreaker({ failures: 3, seconds: 600 }), { type: 'circuitBreaker', failures: 3, seconds: 600 }],
  [
    circuitBreaker({ failures: 1, seconds: 60, scope: 'domain' }),
    { type: 'circuitBreaker', failures: 1, seconds: 60, scope: 'domain' },
  ],
  [maxLiveHolds(), { type: 'maxLiveHolds' }],
  [maxLiveHolds({ max: 5, scope: 'payee' }), { type: 'maxLiveHolds', max: 5, scope: 'payee' }],
])('a breaker is written as data and read back', (rule, form) => {
  const policy = createPolicyEngine([rule])
  expect(policy.toJSON()).toEqual([form])
  const again = policyFromJSON(policy.toJSON())
  expect(again.toJSON()).toEqual([form])
  const resource = { url: 'https://a.example/', method: 'GET', origin: 'https://a.example', host: 'a.example' }
  expect(again.limits?.(resource)).toEqual(policy.limits?.(resource))
})
