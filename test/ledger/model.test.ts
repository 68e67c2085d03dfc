import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ledger, Limit, Payment, PaymentStatus, Reservation, Window } from '../../src/index.js'
import { type LedgerMaker, ledgerMakers } from '../support/ledgers.ts'
import { createPayment } from '../support/payments.ts'

/** Says what a ledger must answer, by adding everything up anew each time. */
function createModel() {
  const payments: Payment[] = []
  let now = 0
  const counts = ({ status }: Payment): boolean => !['released', 'expired', 'cancelled'].includes(status)
  const isIn = (window: Window, { countsUntil }: Payment): boolean => {
    if (window.type === 'rolling') return countsUntil > now - window.seconds * 1000
    if (window.type !== 'calendar') return true
    const start = new Date(now)
    const first = window.period === 'day' ? start.getUTCDate() : 1
    return countsUntil >= Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), first)
  }
  const used = ({ scope, window, measure }: Limit): bigint =>
    payments
      .filter((payment) => counts(payment) && payment.scopes.includes(scope) && isIn(window, payment))
      .reduce((sum, payment) => sum + (measure === 'count' ? 1n : payment.microUsd), 0n)
  return {
    payments,
    used,
    tick: (time: number) => {
      now = Math.max(now, time)
    },
    reserve: (payment: Payment, limits: readonly Limit[]): string => {
      now = Math.max(now, payment.createdAt)
      if (payments.some((one) => one.id === payment.id && counts(one))) return 'exists'
      const cost = (limit: Limit): bigint => (limit.measure === 'count' ? 1n : payment.microUsd)
      const broken = limits.find(
        (limit) => (limit.window.type === 'payment' ? 0n : used(limit)) + cost(limit) > limit.max,
      )
      if (broken) return `limit ${limits.indexOf(broken)} ${broken.window.type === 'payment' ? 0n : used(broken)}`
      const index = payments.findIndex(({ id }) => id === payment.id)
      if (index >= 0) payments.splice(index, 1)
      payments.push({ ...payment, countsUntil: payment.countsUntil + now - payment.createdAt })
      return 'ok'
    },
    move: (index: number, status: PaymentStatus): void => {
      const payment = payments[index]
      if (payment) payments[index] = { ...payment, status }
    },
  }
}

const day = 86_400_000
const limit = fc.record({
  name: fc.constant('limit'),
  scope: fc.constantFrom('wallet', 'host:a', 'host:b'),
  measure: fc.constantFrom('microUsd' as const, 'count' as const),
  window: fc.constantFrom<Window>(
    { type: 'payment' },
    { type: 'rolling', seconds: 3600 },
    { type: 'rolling', seconds: 86_400 },
    { type: 'lifetime' },
    { type: 'calendar', period: 'day', timeZone: 'UTC' },
    { type: 'calendar', period: 'month', timeZone: 'UTC' },
  ),
  max: fc.bigInt({ min: 0n, max: 40n }),
})
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('reserve' as const),
      id: fc.integer({ min: 0, max: 40 }),
      host: fc.constantFrom('a', 'b'),
      cost: fc.bigInt({ min: 1n, max: 15n }),
      pass: fc.constantFrom(0, 1000, 600_000, 3_000_000, -5000, day, -3 * day),
      life: fc.constantFrom(127_000, 240_000, 1_020_000),
      limits: fc.array(limit, { maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('move' as const),
      pick: fc.nat(),
      status: fc.constantFrom('claimed' as const, 'unknown' as const, 'released' as const, 'expired' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('usage' as const),
      pass: fc.constantFrom(0, 60_000, 3_600_000),
      limits: fc.array(limit, { minLength: 1, maxLength: 3 }),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer one> ? one : never

function describeAnswer(answer: Reservation, limits: readonly Limit[]): string {
  if (answer.ok) return 'ok'
  return answer.reason === 'limit' ? `limit ${limits.indexOf(answer.limit)} ${answer.used}` : answer.reason
}

async function run(ledger: Ledger, steps: readonly Step[], isMonotonic: boolean): Promise<void> {
  const model = createModel()
  let now = Date.UTC(2026, 0, 30, 23, 50)
  for (const one of steps) {
    if (one.type === 'reserve') {
      now += isMonotonic ? Math.abs(one.pass) : one.pass
      const hex = one.id.toString(16).padStart(32, '0')
      const payment = createPayment({
        id: `pay_${hex}`,
        purchaseKey: hex,
        microUsd: one.cost,
        scopes: ['wallet', `host:${one.host}`],
        createdAt: now,
        countsUntil: now + one.life,
      })
      const limits = one.limits.filter(({ scope }) => payment.scopes.includes(scope))
      const answer = await ledger.reserve(payment, limits)
      const said = describeAnswer(answer, limits)
      expect(said).toBe(model.reserve(payment, limits))
    }
    if (one.type === 'move' && model.payments.length > 0) {
      const index = one.pick % model.payments.length
      const payment = model.payments[index]
      if (!payment) continue
      const moved = await ledger.update(payment.id, { status: one.status }).catch(() => undefined)
      if (moved) model.move(index, moved.status)
    }
    if (one.type === 'usage') {
      now += one.pass
      model.tick(now)
      const usage = await ledger.usage(one.limits, now)
      expect(usage.map(({ used }) => used)).toEqual(
        one.limits.map((wanted) => (wanted.window.type === 'payment' ? 0n : model.used(wanted))),
      )
    }
  }
  const stored = await ledger.list({ limit: 1000 })
  const byId = (one: Payment, other: Payment): number => (one.id < other.id ? -1 : 1)
  expect(
    stored
      .map(({ id, status, microUsd }) => ({ id, status, microUsd }))
      .toSorted((one, other) => (one.id < other.id ? -1 : 1)),
  ).toEqual(model.payments.toSorted(byId).map(({ id, status, microUsd }) => ({ id, status, microUsd })))
}

describe.each(Object.keys(ledgerMakers))('a ledger in %s', (kind) => {
  let maker: LedgerMaker
  beforeAll(async () => {
    maker = (await ledgerMakers[kind]?.()) as LedgerMaker
  }, 60_000)
  afterAll(() => maker?.stop())

  // PostgreSQL lets windows start by the clock of who asks: with clocks that disagree it may count more, never less.
  test('answers as one that adds everything up anew, whatever is done to it', { timeout: 120_000 }, async () => {
    const numRuns = { memory: 500, SQLite: 40, PostgreSQL: 20 }[kind] ?? 30
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) =>
        run(maker.create(), steps, kind === 'PostgreSQL'),
      ),
      { numRuns },
    )
  })
})
