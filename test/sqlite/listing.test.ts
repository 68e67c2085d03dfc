import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Ledger, memoryLedger, type PaymentFilter } from 'stipend'
import { sqliteLedger } from 'stipend/sqlite'
import { noon, sampleId, samplePayment } from '../../src/testing/ledger/sample-payment.ts'

const count = 300

/** Payments of some hosts, sessions and tasks, of which some were released and made anew. */
async function fill(ledger: Ledger): Promise<void> {
  const pay = (number: number, seed: number) => {
    const host = `h${seed % 5}.example`
    const labels: Record<string, string> = seed % 3 === 0 ? {} : { task: `${seed % 7}`, "it's": seed % 2 ? 'a/b' : 'ü' }
    const resource = { ...samplePayment(1).resource, host }
    const scopes = ['wallet', `host:${host}`, ...(seed % 4 === 0 ? [`session:ses_${seed % 3}`] : [])]
    return ledger.reserve(samplePayment(number, { createdAt: noon + number, labels, resource, scopes }), [])
  }
  for (let number = 1; number <= count; number += 1) {
    await pay(number, number)
    if (number % 6 === 0) await ledger.update(sampleId(number), { status: 'released' })
    if (number % 10 === 0) await ledger.update(sampleId(number), { status: 'claimed' }).catch(() => undefined)
    // Of an old one, which was listed long ago, by other lists than now.
    if (number % 12 === 0 && number > 150) await pay(number - 150, number + 1)
  }
}

const filter: fc.Arbitrary<PaymentFilter> = fc.record(
  {
    scope: fc.constantFrom('wallet', 'host:h1.example', 'session:ses_0', 'session:ses_2', 'session:none'),
    labels: fc.constantFrom<Record<string, string>>({}, { task: '3' }, { task: '3', "it's": 'a/b' }, { "it's": 'ü' }),
    host: fc.constantFrom('h0.example', 'h1.example', 'none'),
    status: fc.constantFrom('authorized' as const, 'claimed' as const, 'released' as const),
    purchaseKey: fc.constantFrom('purchase 12', 'purchase 299'),
    since: fc.integer({ min: noon, max: noon + count }),
    until: fc.integer({ min: noon, max: noon + count }),
    before: fc.integer({ min: 1, max: count }).map(sampleId),
    limit: fc.constantFrom(0, 1, 5, 1000),
  },
  { requiredKeys: [] },
)

describe('a list of a SQLite ledger', () => {
  test('holds what every given filter matches, whether it was noted in lists yet or not', async () => {
    const ledgers = [sqliteLedger(':memory:'), memoryLedger()] as const
    for (const ledger of ledgers) await fill(ledger)
    const [listed, expected] = ledgers
    const property = fc.asyncProperty(filter, async (given) => {
      expect(await listed.list(given)).toEqual(await expected.list(given))
    })
    await fc.assert(property, { numRuns: 400 })
  })

  test('by counter, label or host reads by an index alone', async () => {
    const database = new DatabaseSync(':memory:')
    const plans: string[] = []
    const ledger = sqliteLedger({
      exec: (sql) => database.exec(sql),
      close: () => database.close(),
      prepare: (sql) => {
        const statement = database.prepare(sql)
        return {
          run: (...values) => statement.run(...values),
          get: (...values) => statement.get(...values),
          all: (...values) => {
            const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[]
            plans.push(...rows.map(({ detail }) => detail).filter((detail) => /\b[pol]\b/.test(detail)))
            return statement.all(...values)
          },
        }
      },
    })
    await fill(ledger)
    for (const given of [
      { scope: 'session:ses_0' },
      { labels: { task: '3', "it's": 'a/b' } },
      { host: 'h1.example' },
      { scope: 'wallet', labels: { task: '3' }, status: 'claimed' },
    ] as const) {
      plans.length = 0
      expect((await ledger.list(given)).length).toBeGreaterThan(0)
      expect(plans.length).toBeGreaterThan(1)
      for (const plan of plans) expect(plan).toMatch(/^SEARCH [pol] (?:EXISTS )?USING/)
    }
  })
})
