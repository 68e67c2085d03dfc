import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Limit, Payment, Pin, ReserveOptions, SessionId } from 'stipend'
import { type PostgresLedger, postgresLedger } from 'stipend/postgres'
import { noon, rolling, sampleId, sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

let server: TestPostgres
let pool: pg.Pool
let made = 0

beforeAll(async () => {
  server = await startPostgres()
  pool = server.createPool()
}, 60_000)
afterAll(() => server.stop())

const open = (schema: string): PostgresLedger => postgresLedger(pool, { clock: false, schema })
const fresh = (): string => {
  made += 1
  return `together_${made}`
}

const revoked: SessionId = `ses_${'1'.repeat(32)}`
const valid: SessionId = `ses_${'2'.repeat(32)}`

/** A reservation, nearly always one that nothing but a limit stands in the way of. */
const wish = fc.record({
  number: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) }),
  after: fc.oneof(fc.constant(0), fc.integer({ min: -50_000, max: 4_000_000 })),
  counts: fc.integer({ min: 1000, max: 400_000 }),
  microUsd: fc.bigInt({ min: 1n, max: 40n }),
  isAtHost: fc.boolean(),
  request: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
  max: fc.oneof(
    { weight: 5, arbitrary: fc.constant(10_000n) },
    { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 300n }) },
  ),
  options: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom<ReserveOptions>({}, { unresolvedForMs: 60_000 }, { sessions: [valid] }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<ReserveOptions>(
        { sessions: [valid, revoked] },
        { notAfter: noon + 1000 },
        { approval: `apr_${'0'.repeat(32)}` },
        { renew: true },
        { pins: [pin('alice')] },
        { pins: [pin('bob')] },
        { newPins: [pin('bob')], pins: [] },
      ),
    },
  ),
})
type Wish = typeof wish extends fc.Arbitrary<infer one> ? one : never

function pin(value: string): Pin {
  return { name: 'payee', key: 'payee', value, onDiffer: 'deny' }
}

function limitsOf({ max, isAtHost }: Wish): readonly Limit[] {
  const all = [
    sampleLimit(max),
    sampleLimit(max, { window: rolling(600) }),
    sampleLimit(max, { measure: 'open', window: { type: 'calendar', period: 'day', timeZone: 'UTC' } }),
    sampleLimit(30n, { window: { type: 'payment' } }),
  ]
  return isAtHost ? [...all, sampleLimit(max, { scope: 'host:a', measure: 'count', window: rolling(60) })] : all
}

function paymentOf({ number, request, after, counts, microUsd, isAtHost }: Wish, own: number): Payment {
  const createdAt = noon + after
  const requestDigest = `0x${(request || number || own).toString(16).padStart(64, '0')}` as const
  const scopes = isAtHost ? ['wallet', 'host:a'] : ['wallet']
  return samplePayment(number || own, { createdAt, countsUntil: createdAt + counts, microUsd, scopes, requestDigest })
}

/** Everything that a ledger can tell of what became of it. */
async function told(ledger: PostgresLedger, numbers: number): Promise<unknown> {
  const ids = [
    ...Array.from({ length: 9 }, (_, index) => index + 1),
    ...Array.from({ length: numbers }, (_, i) => i + 100),
  ]
  const limits = [sampleLimit(1n), sampleLimit(1n, { window: rolling(600) }), sampleLimit(1n, { measure: 'open' })]
  await ledger.verify()
  return {
    listed: await ledger.list({ limit: 1000 }),
    histories: await Promise.all(ids.map(async (id) => ledger.history?.(sampleId(id)))),
    usage: await ledger.usage(limits, noon + 4_000_000),
  }
}

describe('reservations that are sent to PostgreSQL together', () => {
  test('are answered and recorded as one after the other', { timeout: 120_000 }, async () => {
    const batches = fc.array(fc.array(wish, { minLength: 2, maxLength: 40 }), { minLength: 1, maxLength: 4 })
    const property = fc.asyncProperty(batches, fc.integer({ min: 0, max: 12 }), async (all, frozenAt) => {
      const [together, alone] = [open(fresh()), open(fresh())]
      for (const ledger of [together, alone]) {
        await ledger.revokeSession(revoked)
        for (const number of [1, 2, 3, 4]) await ledger.reserve(samplePayment(number, { createdAt: noon - 60_000 }), [])
        await ledger.update(sampleId(1), { status: 'released' })
        await ledger.update(sampleId(2), { status: 'unknown' })
      }
      let own = 100
      for (const [index, batch] of all.entries()) {
        const wanted = batch.map((one) => {
          own += 1
          return [paymentOf(one, own), limitsOf(one), one.options] as const
        })
        // The first of them is sent at once, and the rest together while it is under way.
        const answers = await Promise.all(wanted.map((given) => together.reserve(...given)))
        for (const [place, given] of wanted.entries()) expect(answers[place]).toEqual(await alone.reserve(...given))
        if (index === frozenAt) for (const one of [together, alone]) await one.freeze({ reason: 'enough', at: noon })
      }
      expect(await told(together, own - 99)).toEqual(await told(alone, own - 99))
    })
    await fc.assert(property, { numRuns: 12 })
  })

  test('are recorded up to a limit, and not beyond it', async () => {
    const ledger = open(fresh())
    await ledger.list()
    const payments = Array.from({ length: 12 }, (_, index) => samplePayment(index + 1))
    const answers = await Promise.all(payments.map((payment) => ledger.reserve(payment, [sampleLimit(60n)])))
    expect(answers.filter(({ ok }) => ok)).toHaveLength(6)
  })

  test('find an identical request among each other', async () => {
    const schema = fresh()
    const ledger = open(schema)
    await ledger.list()
    const alike = (number: number) => samplePayment(number, { requestDigest: `0x${'a'.repeat(64)}` })
    const options = { unresolvedForMs: 3_600_000 }
    const answers = await Promise.all([
      ledger.reserve(samplePayment(1), []),
      ledger.reserve(alike(2), [], options),
      ledger.reserve(samplePayment(3), [], options),
      ledger.reserve(alike(4), [], options),
    ])
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, true, false])
    expect(answers[3]).toMatchObject({ reason: 'exists', payment: { id: sampleId(2), presentations: 2 } })
    expect((await ledger.list()).map(({ id }) => id)).toEqual([3, 2, 1].map(sampleId))
  })

  test('are recorded by a few statements for all, where nothing is in the way of any', async () => {
    const schema = fresh()
    const ledger = open(schema)
    await ledger.reserve(samplePayment(1), [])
    await pool.query(`DROP FUNCTION ${schema}.reserve_one`)
    const limits = [sampleLimit(1000n), sampleLimit(1000n, { window: rolling(60), measure: 'count' })]
    const wanted = Array.from({ length: 70 }, (_, index) => samplePayment(index + 2, { createdAt: noon + (index % 7) }))
    const settled = await Promise.allSettled(
      wanted.map((payment) =>
        ledger.reserve(payment, limits, { unresolvedForMs: 3_600_000, pins: [], sessions: [valid] }),
      ),
    )
    // What is sent alone is looked at by itself.
    expect(settled.map(({ status }) => status).filter((status) => status === 'rejected').length).toBeLessThanOrEqual(2)
    expect((await ledger.list({ limit: 1000 })).length).toBeGreaterThanOrEqual(69)
    await ledger.verify()
  })
})
