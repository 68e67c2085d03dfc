import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodePayment, entriesPerSeal, hashRecord, nextSeal, type Seal } from 'stipend/ledger'
import { type PostgresLedger, postgresLedger } from 'stipend/postgres'
import { noon, sampleId, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

let server: TestPostgres
let pool: pg.Pool
let made = 0
beforeAll(async () => {
  server = await startPostgres()
  pool = server.createPool()
}, 60_000)
afterAll(() => server.stop())

type Filled = {
  readonly ledger: PostgresLedger
  readonly schema: string
  readonly run: (sql: string) => Promise<unknown[]>
}

/** A ledger whose journal has a seal and a half: payments, some of which moved on. */
async function filled(): Promise<Filled> {
  made += 1
  const schema = `journal_${made}`
  const ledger = postgresLedger(pool, { schema, clock: false })
  // Made before anything waits for it: what waits for long is sent beside, in no order.
  await ledger.list()
  const numbers = Array.from({ length: entriesPerSeal }, (_, index) => index + 1)
  await Promise.all(numbers.map((number) => ledger.reserve(samplePayment(number, { createdAt: noon + number }), [])))
  await Promise.all(
    numbers
      .filter((number) => number % 2 === 0)
      .map((number) => ledger.update(sampleId(number), { status: 'claimed' })),
  )
  const run = async (sql: string) => (await pool.query(sql.replaceAll('$', schema))).rows
  return { ledger, schema, run }
}

/** Whoever owns the tables can take the triggers away. */
const untrigger = 'ALTER TABLE $.journal DISABLE TRIGGER ALL; ALTER TABLE $.seals DISABLE TRIGGER ALL;'

describe('the journal of a PostgreSQL ledger', () => {
  test('is whole after payments have moved on', async () => {
    const { ledger, run } = await filled()
    await ledger.verify()
    expect(await run('SELECT number, first, last FROM $.seals')).toEqual([
      { number: '1', first: '1', last: String(entriesPerSeal) },
    ])
    expect(await run('SELECT COUNT(*) AS entries FROM $.journal')).toEqual([{ entries: String(entriesPerSeal * 1.5) }])
  })

  test('has the seals that its entries make by the library’s own account', async () => {
    const { run } = await filled()
    const rows = (await run('SELECT hash FROM $.journal ORDER BY seq')) as { hash: string }[]
    const seal: Seal = nextSeal(
      rows.slice(0, entriesPerSeal).map(({ hash }) => hash),
      undefined,
    )
    expect(await run('SELECT hash FROM $.seals')).toEqual([{ hash: seal.hash }])
  })

  test('has hashes by the library’s own account, whatever the names and words in a payment', async () => {
    made += 1
    const ledger = postgresLedger(pool, { schema: `journal_${made}`, clock: false })
    const labels = {
      '\ufb01': 'a',
      '\u{1fa99}': 'b',
      ü: '\u2028\u007f',
      'a"\\': '\b\f\n\r\t\u0001',
      '': '€',
      B: '1',
      a: '2',
    }
    await ledger.reserve(samplePayment(1, { labels, createdAt: noon + 50 }), [])
    // Behind the ledger's time, and presented again: the database changes what is recorded.
    await ledger.reserve(samplePayment(2, { labels }), [])
    await ledger.reserve(samplePayment(2, { labels }), [])
    for (const id of [sampleId(1), sampleId(2)]) {
      for (const { payment, hash, ...entry } of (await ledger.history?.(id)) ?? []) {
        expect(hash).toBe(hashRecord({ ...entry, record: encodePayment(payment) }))
      }
    }
    expect(await ledger.history?.(sampleId(2))).toHaveLength(2)
    await ledger.verify()
  })

  test.each([
    ['changed', "UPDATE $.journal SET record = '{}' WHERE seq = 3"],
    ['removed', 'DELETE FROM $.journal WHERE seq = 3'],
    ['emptied', 'TRUNCATE $.journal'],
    ['replaced', "INSERT INTO $.journal VALUES (3, 'x', 1, 0, '{}', '', '') ON CONFLICT (seq) DO UPDATE SET hash = ''"],
    ['resealed', "UPDATE $.seals SET hash = ''"],
    ['unsealed', 'DELETE FROM $.seals'],
  ])('cannot be %s', async (_how, sql) => {
    const { ledger, run } = await filled()
    await expect(run(sql)).rejects.toThrow(/only ever added to/)
    await ledger.verify()
  })

  test.each([
    ['an entry was changed', 'UPDATE $.journal SET at = at + 1 WHERE seq = 3', /is not as it was written/],
    ['an entry was taken out', 'DELETE FROM $.journal WHERE seq = 2', /of the journal is missing|does not stand as/],
    [
      'all entries of a payment were taken out, and the others moved up',
      `DELETE FROM $.journal WHERE id = '${sampleId(63)}'; UPDATE $.journal SET seq = seq - 1000 WHERE seq > 63;
       UPDATE $.journal SET seq = seq + 999 WHERE seq < 0;
       DELETE FROM $.payments WHERE id = '${sampleId(63)}'; DELETE FROM $.entries WHERE id = '${sampleId(63)}';
       DELETE FROM $.meters`,
      /seal 1 of the journal is not that of its entries/,
    ],
    ['the last entries were taken out', 'DELETE FROM $.journal WHERE seq > 40', /does not stand as|are missing/],
    ['a seal was taken out', 'DELETE FROM $.seals', /seal 1 of the journal is not that of its entries/],
    ['a seal was changed', "UPDATE $.seals SET hash = 'x'", /seal 1 of the journal is not that of its entries/],
    [
      'a payment stands otherwise',
      `UPDATE $.payments SET payment = payment || '{"note": "x"}' WHERE id = '${sampleId(5)}'`,
      /does not stand as the journal says/,
    ],
    [
      'a payment is found under another request',
      `UPDATE $.payments SET request_digest = '0x' WHERE id = '${sampleId(5)}'`,
      /does not stand as the journal says/,
    ],
    [
      'a payment was taken out',
      `DELETE FROM $.payments WHERE id = '${sampleId(5)}'; DELETE FROM $.entries WHERE id = '${sampleId(5)}'; DELETE FROM $.meters`,
      /of the journal is missing/,
    ],
  ])('shows that %s, and lets nothing be paid then', async (_what, sql, difference) => {
    const { ledger, run } = await filled()
    await run(untrigger + sql)
    await expect(ledger.verify()).rejects.toThrow(difference)
    expect(await ledger.reserve(samplePayment(999), [])).toMatchObject({ ok: false, reason: 'frozen' })
  })

  test('shows by its seals that an entry was written anew, with the hash that it needs', async () => {
    const { ledger, run } = await filled()
    const id = sampleId(7)
    const payment = samplePayment(7, { createdAt: noon + 7, microUsd: 1n })
    const [{ at } = { at: 0 }] = (await run(`SELECT at FROM $.journal WHERE id = '${id}'`)) as { at: string }[]
    const record = encodePayment(payment)
    const hash = hashRecord({ number: 1, at: Number(at), record, previous: '' })
    await run(`${untrigger}
      UPDATE $.journal SET record = '${record}', hash = '${hash}' WHERE id = '${id}';
      UPDATE $.payments SET payment = '${record}' WHERE id = '${id}';
      UPDATE $.entries SET micro_usd = 1 WHERE id = '${id}'; DELETE FROM $.meters`)
    await expect(ledger.verify()).rejects.toThrow(/seal 1 of the journal is not that of its entries/)
  })

  test('keeps who froze the ledger and set its time, chained and sealed as all else', async () => {
    const { ledger } = await filled()
    await ledger.freeze({ reason: 'stop', at: noon })
    await ledger.freeze(undefined)
    await ledger.freeze(undefined)
    await ledger.setTime?.(noon + 60_000, 'it was behind')
    const audit = (await ledger.audit?.()) ?? []
    expect(audit.map(({ event }) => event)).toEqual([
      { type: 'frozen', reason: 'stop' },
      { type: 'unfrozen', reason: 'stop' },
      { type: 'time-set', from: noon + 64, to: noon + 60_000, reason: 'it was behind' },
    ])
    await ledger.verify()
  })
})
