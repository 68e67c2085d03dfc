import { DatabaseSync } from 'node:sqlite'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ledger, Limit, Measure } from '../../src/index.js'
import { postgresLedger } from 'stipend/postgres'
import { sqliteLedger } from 'stipend/sqlite'
import { noon, rolling, sampleId, sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

/** A ledger of so many payments, and the rows that a piece of work reads in it. */
type Counted = { readonly ledger: Ledger; readonly rowsReadBy: (work: () => Promise<unknown>) => Promise<number> }

const measures: readonly Measure[] = ['microUsd', 'count', 'open', 'unknown']
const limitsOf = (max: bigint): readonly Limit[] =>
  measures.flatMap((measure) => [
    sampleLimit(max, { measure, window: rolling(3600) }),
    sampleLimit(max, { measure, window: { type: 'calendar', period: 'day', timeZone: 'UTC' } }),
  ])
const roomy = limitsOf(10n ** 9n)
const day = 86_400_000

let server: TestPostgres
const clients: pg.PoolClient[] = []
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(async () => {
  for (const client of clients) client.release()
  await server.stop()
})

/** Payments that all count, and whose outcome nobody has said, made a millisecond after one another. */
function sqliteOf(payments: number): Counted {
  const database = new DatabaseSync(':memory:')
  const state = { rows: 0 }
  const count = (sql: string, values: readonly unknown[]): void => {
    const [, source] = /^SELECT [^]*? (FROM (?:entries|payments|meters)\s[^]*)$/.exec(sql) ?? []
    if (source === undefined) return
    const counting = database.prepare(`SELECT COUNT(*) AS rows FROM (SELECT 1 ${source})`)
    state.rows += Number((counting.get(...(values as never[])) as { rows: number }).rows)
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...(values as never[])) as { detail: string }[]
    for (const { detail } of plan) expect(detail).toMatch(/^SEARCH .* USING .*(INDEX|PRIMARY KEY)/)
  }
  const ledger = sqliteLedger({
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql)
      const counted =
        <answer>(call: (...values: never[]) => answer) =>
        (...values: unknown[]): answer => {
          count(sql, values)
          return call(...(values as never[]))
        }
      return {
        run: counted((...all) => statement.run(...all)),
        get: counted((...all) => statement.get(...all)),
        all: counted((...all) => statement.all(...all)),
      }
    },
    close: () => database.close(),
  })
  database.exec(`
    WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${payments})
      INSERT INTO payments (id, status, purchase_key, request_digest, host, created_at, record)
      SELECT 'old' || i, 'unknown', 'old' || i, 'old' || i, 'h', ${noon} + i, '{}' FROM n;
    INSERT INTO entries SELECT 'wallet', created_at, id, 10, 1, 1 FROM payments`)
  const rowsReadBy: Counted['rowsReadBy'] = async (work) => {
    const before = state.rows
    await work()
    return state.rows - before
  }
  return { ledger, rowsReadBy }
}

async function postgresOf(payments: number): Promise<Counted> {
  const schema = `of_${payments}`
  const pool = server.createPool()
  await postgresLedger(pool, { clock: false, schema }).list()
  await pool.query(`
    INSERT INTO ${schema}.payments (id, status, purchase_key, request_digest, host, created_at, payment)
      SELECT 'old' || i, 'unknown', 'old' || i, 'old' || i, 'h', ${noon} + i, '{}' FROM generate_series(1, ${payments}) i;
    INSERT INTO ${schema}.entries SELECT 'wallet', created_at, id, 10, 1, 1 FROM ${schema}.payments;
    ANALYZE ${schema}.payments; ANALYZE ${schema}.entries`)
  const client = await pool.connect()
  clients.push(client)
  const tables = `SELECT COALESCE(SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0)), 0)::integer AS rows FROM pg_stat_xact_user_tables WHERE schemaname = $1`
  const indexes = `SELECT COALESCE(SUM(pg_stat_get_xact_tuples_returned(indexrelid)), 0)::integer AS rows FROM pg_stat_user_indexes WHERE schemaname = $1`
  const rows = async (): Promise<number> => {
    const [table] = (await client.query(tables, [schema])).rows
    const [index] = (await client.query(indexes, [schema])).rows
    return Number(table.rows) + Number(index.rows)
  }
  const rowsReadBy: Counted['rowsReadBy'] = async (work) => {
    await client.query('BEGIN')
    const before = await rows()
    await work()
    const read = (await rows()) - before
    await client.query('COMMIT')
    return read
  }
  return {
    ledger: postgresLedger({ query: (text, values) => client.query(text, values) }, { clock: false, schema }),
    rowsReadBy,
  }
}

/** What each kind of work reads, once its limits have been looked at for the first time. */
async function costs(create: (payments: number) => Counted | Promise<Counted>, payments: number): Promise<object> {
  const { ledger, rowsReadBy } = await create(payments)
  const createdAt = noon + day / 4
  const reserve = (number: number, limits: readonly Limit[]) => () =>
    ledger.reserve(samplePayment(number, { createdAt, requestDigest: `0x${number}` }), limits, {
      unresolvedForMs: 3_600_000,
    })
  await reserve(1, [...roomy])()
  const answer: Record<string, number> = {
    recorded: await rowsReadBy(reserve(2, roomy)),
    unknown: await rowsReadBy(() => ledger.update(sampleId(2), { status: 'unknown' })),
    claimed: await rowsReadBy(() => ledger.update(sampleId(2), { status: 'claimed' })),
    usage: await rowsReadBy(() => ledger.usage(roomy, createdAt)),
    'asked again': await rowsReadBy(reserve(2, roomy)),
    frozen: await rowsReadBy(() => ledger.frozen()),
    revoked: await rowsReadBy(() => ledger.revoked(['ses_1'])),
  }
  for (const { limit, used } of await ledger.usage(roomy, createdAt)) {
    const name = `refused by ${limit.measure} in a ${limit.window.type} window`
    answer[name] = await rowsReadBy(reserve(3, [{ ...limit, max: used }]))
  }
  return answer
}

/** A page of entries that leave next, and what else there is to read; far less than there are payments. */
const fewRows = 120

describe('a payment among twenty thousand in its windows', () => {
  test('reads a few rows in SQLite, each by an index', async () => {
    const read = await costs(sqliteOf, 20_000)
    expect(Object.entries(read).filter(([, rows]) => rows > fewRows)).toEqual([])
    expect(read).toMatchObject({
      recorded: expect.any(Number),
      'refused by open in a rolling window': expect.any(Number),
    })
    // The count works: a limit that nobody has looked at before is added up once.
    const { ledger, rowsReadBy } = sqliteOf(500)
    expect(await rowsReadBy(() => ledger.usage(roomy.slice(0, 1), noon))).toBeGreaterThanOrEqual(500)
  })

  test('of which all have left a window lets go of some hundreds in SQLite, unless it needs the room', async () => {
    const { ledger, rowsReadBy } = sqliteOf(20_000)
    const later = { createdAt: noon + day / 4 + 2 * 3_600_000 }
    const limit = sampleLimit(10n ** 9n, { window: rolling(3600) })
    await ledger.reserve(samplePayment(1, { createdAt: noon }), [limit])
    const read = await rowsReadBy(() => ledger.reserve(samplePayment(2, later), [limit]))
    expect(read).toBeGreaterThan(100)
    expect(read).toBeLessThan(2000)
    const tight = await ledger.reserve(samplePayment(3, later), [{ ...limit, max: 20n }])
    expect(tight).toEqual({ ok: true })
    const refused = await ledger.reserve(samplePayment(4, later), [{ ...limit, max: 20n }])
    expect(refused).toMatchObject({ ok: false, reason: 'limit', used: 20n })
  })

  test('reads a few rows in PostgreSQL, by its own count', { timeout: 120_000 }, async () => {
    const read = await costs(postgresOf, 20_000)
    expect(Object.entries(read).filter(([, rows]) => rows > fewRows)).toEqual([])
    const { ledger, rowsReadBy } = await postgresOf(500)
    expect(await rowsReadBy(() => ledger.usage(roomy.slice(0, 1), noon))).toBeGreaterThanOrEqual(500)
  })
})
