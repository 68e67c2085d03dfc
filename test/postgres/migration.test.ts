import { readFileSync } from 'node:fs'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodePayment, hashRecord } from 'stipend/ledger'
import { postgresLedger } from 'stipend/postgres'
import { version } from '../../adapters/postgres/schema.ts'
import { noon, rolling, sampleId, sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { run } from '../support/child.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

const written = readFileSync(new URL('../fixtures/postgres-v1.sql', import.meta.url), 'utf8')
let server: TestPostgres
let pool: pg.Pool
let made = 0

beforeAll(async () => {
  server = await startPostgres()
  pool = server.createPool()
}, 60_000)
afterAll(() => server.stop())

/** Writes a schema as version 1 left it: payments 1 to 6, of which 4 was released and 5 expired. */
async function writeOld(): Promise<string> {
  made += 1
  const schema = `old_${made}`
  await pool.query(written.replaceAll('legacy', schema))
  return schema
}

const measures = ['microUsd', 'count', 'open', 'unknown'] as const
const versionsOf = async (schema: string) =>
  (await pool.query(`SELECT version FROM ${schema}.version ORDER BY version`)).rows.map(({ version }) => version)

const allVersions = Array.from({ length: version }, (_, index) => index + 1)

describe('a PostgreSQL ledger of version 1', () => {
  test('is brought up to date with all that it holds', async () => {
    const ledger = postgresLedger(pool, { clock: false, schema: await writeOld() })
    for (const window of [{ type: 'lifetime' }, rolling(3600)] as const) {
      const limits = measures.map((measure) => sampleLimit(1000n, { measure, window }))
      expect((await ledger.usage(limits, noon + 1000)).map((usage) => usage.used)).toEqual([40n, 4n, 3n, 1n])
    }
    await ledger.verify()
    expect((await ledger.list()).map(({ id }) => id)).toEqual([6, 5, 4, 3, 2, 1].map(sampleId))
    for (const payment of await ledger.list()) {
      const [entry, ...others] = (await ledger.history?.(payment.id)) ?? []
      expect(others).toEqual([])
      expect(entry).toMatchObject({ number: 1, payment, previous: '' })
      expect(entry && hashRecord({ ...entry, record: encodePayment(entry.payment) })).toBe(entry?.hash)
    }
    await ledger.update(sampleId(2), { status: 'claimed' })
    await ledger.update(sampleId(1), { status: 'released' })
    const open = sampleLimit(2n, { measure: 'open' })
    expect(await ledger.reserve(samplePayment(7), [open])).toEqual({ ok: true })
    expect(await ledger.reserve(samplePayment(8), [open])).toMatchObject({ ok: false, reason: 'limit', used: 2n })
    await ledger.verify()
  })

  test('is brought up to date once by eight processes at once', { timeout: 60_000 }, async () => {
    const schema = await writeOld()
    const { socket } = server
    const ended = await Promise.all(
      Array.from({ length: 8 }, (_, index) => run('opener', { socket, schema, number: 10 + index })),
    )
    expect(ended.map(({ errors }) => errors).join('')).toBe('')
    expect(await versionsOf(schema)).toEqual(allVersions)
    const ledger = postgresLedger(pool, { clock: false, schema })
    expect(await ledger.list()).toHaveLength(14)
    await ledger.verify()
  })

  test('is as it was after its migration is cut off half-way, and migrates then', { timeout: 60_000 }, async () => {
    const schema = await writeOld()
    const holder = await pool.connect()
    await holder.query('BEGIN')
    await holder.query(`LOCK TABLE ${schema}.meters IN ACCESS SHARE MODE`)
    const cutOff = postgresLedger(pool, { clock: false, schema }).reserve(samplePayment(7), [])
    const outcome = cutOff.catch((error: unknown) => error)
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${schema}%'`
    let pid: number | undefined
    while (pid === undefined) pid = (await pool.query(waiting)).rows[0]?.pid
    await pool.query('SELECT pg_terminate_backend($1)', [pid])
    expect(await outcome).toMatchObject({ code: 'ledger_unavailable' })
    await holder.query('ROLLBACK')
    holder.release()
    expect(await versionsOf(schema)).toEqual([1])
    const columns = `SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name = 'entries'`
    expect((await pool.query(columns, [schema])).rows).toHaveLength(4)
    const ledger = postgresLedger(pool, { clock: false, schema })
    expect(await ledger.reserve(samplePayment(7), [])).toEqual({ ok: true })
    await ledger.verify()
  })

  test('waits with its migration for a payment that is being recorded', { timeout: 60_000 }, async () => {
    const schema = await writeOld()
    const recorder = await pool.connect()
    await recorder.query('BEGIN')
    await recorder.query(`SELECT pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext($1))`, [schema])
    const opened = postgresLedger(pool, { clock: false, schema }).reserve(samplePayment(7), [])
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE '%${schema}%'`
    while ((await pool.query(waiting)).rows.length === 0);
    expect(await versionsOf(schema)).toEqual([1])
    await recorder.query('COMMIT')
    recorder.release()
    expect(await opened).toEqual({ ok: true })
    expect(await versionsOf(schema)).toEqual(allVersions)
  })

  test('that has functions from before this version gets those of this version', async () => {
    const schema = await writeOld()
    await postgresLedger(pool, { clock: false, schema }).list()
    // As an earlier commit left it: the tables of version 4, and functions that it had then.
    await pool.query(`
      DELETE FROM ${schema}.version WHERE version > 4;
      DROP TYPE ${schema}.wish CASCADE;
      CREATE OR REPLACE FUNCTION ${schema}.reserve_all(wanted jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '[{"ok": true}]'::jsonb $$;
      CREATE OR REPLACE FUNCTION ${schema}.exceeded(wanted jsonb, payment jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT NULL::jsonb $$`)
    const ledger = postgresLedger(pool, { clock: false, schema })
    const count = sampleLimit(6n, { measure: 'count' })
    const answers = await Promise.all([7, 8, 9, 10].map((number) => ledger.reserve(samplePayment(number), [count])))
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, false, false])
    expect(await versionsOf(schema)).toEqual(allVersions)
    expect(await ledger.list()).toHaveLength(8)
    await ledger.verify()
  })

  test('that a newer version wrote is refused', async () => {
    const schema = await writeOld()
    await postgresLedger(pool, { clock: false, schema }).list()
    await pool.query(`INSERT INTO ${schema}.version VALUES (99)`)
    const ledger = postgresLedger(pool, { clock: false, schema })
    await expect(ledger.reserve(samplePayment(7), [])).rejects.toThrow(/version 99, this library knows \d+/)
  })
})
