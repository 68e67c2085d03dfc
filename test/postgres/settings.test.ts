import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isStipendError } from 'stipend'
import { type PostgresPool, postgresLedger } from 'stipend/postgres'
import { ledgerContract } from 'stipend/testing'
import { noon, sampleId, sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { pgBouncer, startPgBouncer } from '../support/pgbouncer.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

let server: TestPostgres
let admin: pg.Pool
beforeAll(async () => {
  server = await startPostgres()
  admin = server.createPool()
}, 60_000)
afterAll(() => server.stop())

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of open.splice(0)) await stop()
})

/** A pool of a role of its own, whose sessions begin with these settings. */
async function poolOf(role: string, settings: Readonly<Record<string, string>> = {}, rights = 'SUPERUSER') {
  await admin.query(`CREATE ROLE ${role} LOGIN ${rights}`)
  for (const [name, value] of Object.entries(settings)) {
    await admin.query(`ALTER ROLE ${role} SET ${name} = '${value}'`)
  }
  const pool = new pg.Pool({ host: server.socket, user: role, database: 'postgres', max: 8 })
  pool.on('error', () => {})
  open.push(() => pool.end())
  return pool
}

const codeOf = (error: unknown) => (isStipendError(error) ? error.code : String(error))

/** Five ledgers of one schema, each as a process has it, spend a budget for ten at the same time. */
async function spendTogether(pool: PostgresPool, schema: string) {
  const first = postgresLedger(pool, { clock: false, schema })
  const ledgers = [first, ...[1, 2, 3, 4].map(() => postgresLedger(pool, { clock: false, schema }))]
  const limit = sampleLimit(100n)
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      (ledgers[index % 5] ?? first).reserve(samplePayment(index + 1, { microUsd: 10n }), [limit]),
    ),
  )
  await first.verify()
  const count = (wanted: string) => answers.filter((one) => (one.ok ? 'recorded' : one.reason) === wanted).length
  return { recorded: count('recorded'), refused: count('limit') }
}
const tenOfForty = { recorded: 10, refused: 30 }

describe('a PostgreSQL ledger whose transactions are by default', () => {
  test.each(['repeatable read', 'serializable'])('%s spends what it allows, to the last one', async (isolation) => {
    const role = isolation.replace(' ', '_')
    const pool = await poolOf(role, { default_transaction_isolation: isolation })
    expect(await spendTogether(pool, role)).toEqual(tenOfForty)
  })

  test('repeatable read records nothing after a freeze that was answered', async () => {
    const pool = await poolOf('frozen_late', { default_transaction_isolation: 'repeatable read' })
    const ledger = postgresLedger(pool, { clock: false, schema: 'frozen_late' })
    await ledger.reserve(samplePayment(1), [])
    const holder = await admin.connect()
    await holder.query('BEGIN')
    await holder.query(`SELECT pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('frozen_late'))`)
    const late = ledger.reserve(samplePayment(2), [])
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' AND usename = 'frozen_late'`
    while ((await admin.query(waiting)).rows.length === 0);
    await holder.query(`INSERT INTO frozen_late.freeze VALUES (1, 'stop', 0)`)
    await holder.query('COMMIT')
    holder.release()
    expect(await late).toMatchObject({ ok: false, reason: 'frozen' })
  })

  test('read-only writes all the same', async () => {
    const pool = await poolOf('read_only', { default_transaction_read_only: 'on' })
    expect(await spendTogether(pool, 'read_only')).toEqual(tenOfForty)
  })

  test('repeatable read says so where it is given no connection of its own', async () => {
    const pool = await poolOf('only_query', { default_transaction_isolation: 'repeatable read' })
    const ledger = postgresLedger(
      { query: (text, values) => pool.query(text, values) },
      { clock: false, schema: 'only_query' },
    )
    const refused = await ledger.reserve(samplePayment(1), []).catch((error: unknown) => error)
    expect(codeOf(refused)).toBe('configuration_invalid')
    expect(String(refused)).toMatch(/read committed/)
  })
})

describe('a PostgreSQL ledger over a pool that shares connections by transaction', () => {
  /** Each statement goes over whichever connection is free, and finds nothing of what was set before. */
  function sharing(pool: pg.Pool): PostgresPool {
    return {
      query: async (text, values) => {
        const client = await pool.connect()
        try {
          return await client.query(text, values)
        } finally {
          await client.query('DISCARD ALL')
          client.release()
        }
      },
    }
  }

  test('spends what it allows, to the last one', async () => {
    expect(await spendTogether(sharing(await poolOf('sharing')), 'sharing')).toEqual(tenOfForty)
  })

  test.skipIf(pgBouncer === undefined)(
    `works over PgBouncer${pgBouncer === undefined ? ', which is not installed here' : ''}`,
    { timeout: 120_000 },
    async () => {
      const bouncer = await startPgBouncer(pgBouncer ?? '', server.socket)
      const pool = new pg.Pool({ host: '127.0.0.1', port: bouncer.port, user: 'postgres', max: 8 })
      pool.on('error', () => {})
      open.push(async () => {
        await pool.end()
        await bouncer.stop()
      })
      let made = 0
      // One in five: each makes a schema of its own.
      const checks = Object.values(ledgerContract).filter((_check, index) => index % 5 === 0)
      for (const check of checks) {
        await check(() => {
          made += 1
          return postgresLedger(pool, { clock: false, schema: `bouncer_${made}` })
        })
      }
      expect(await spendTogether(pool, 'bouncer')).toEqual(tenOfForty)
    },
  )
})

describe('a role that may not create in the database', () => {
  const grants = (schema: string, role: string) => `
    GRANT USAGE ON SCHEMA ${schema} TO ${role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role};`

  test('uses the tables that another has made, with rights to their rows', async () => {
    await postgresLedger(admin, { clock: false, schema: 'made' }).list()
    const pool = await poolOf('user_of_made', {}, '')
    await admin.query(grants('made', 'user_of_made'))
    const ledger = postgresLedger(pool, { clock: false, schema: 'made' })
    expect(await ledger.reserve(samplePayment(1), [sampleLimit(10n)])).toEqual({ ok: true })
    expect(await ledger.update(sampleId(1), { status: 'claimed' })).toMatchObject({ status: 'claimed' })
    await ledger.freeze({ reason: 'stop', at: noon })
    await ledger.freeze(undefined)
    expect(await ledger.secret('nonces')).toHaveLength(32)
    await ledger.verify()
  })

  test('makes the tables in a schema that it was given', async () => {
    const pool = await poolOf('owner_of_given', {}, '')
    await admin.query('CREATE SCHEMA given AUTHORIZATION owner_of_given')
    const ledger = postgresLedger(pool, { clock: false, schema: 'given' })
    expect(await ledger.reserve(samplePayment(1), [sampleLimit(10n)])).toEqual({ ok: true })
  })

  test.each([
    ['no schema', 'nobody_1', async () => {}],
    [
      'no right to the schema',
      'nobody_2',
      async () => void (await postgresLedger(admin, { clock: false, schema: 'nobody_2' }).list()),
    ],
    [
      'no right to the rows',
      'nobody_3',
      async () => {
        await postgresLedger(admin, { clock: false, schema: 'nobody_3' }).list()
        await admin.query('GRANT USAGE ON SCHEMA nobody_3 TO nobody_3; GRANT SELECT ON nobody_3.version TO nobody_3')
      },
    ],
    [
      'tables of an older version',
      'nobody_4',
      async () => {
        await postgresLedger(admin, { clock: false, schema: 'nobody_4' }).list()
        await admin.query(`DELETE FROM nobody_4.version WHERE version > 2; ${grants('nobody_4', 'nobody_4')}`)
      },
    ],
  ])('is told what to grant where it has %s', async (_what, role, prepare) => {
    const pool = await poolOf(role, {}, '')
    await prepare()
    const ledger = postgresLedger(pool, { clock: false, schema: role })
    const refused = await ledger.reserve(samplePayment(1), []).catch((error: unknown) => error)
    expect(codeOf(refused)).toBe('configuration_invalid')
    expect(String(refused)).toContain(`GRANT USAGE ON SCHEMA "${role}"`)
    expect(String(refused)).toContain('open the ledger once as the role that owns')
  })
})

describe('a PostgreSQL server that speaks another language', () => {
  test('undoes one reservation of a batch for the sake of itself only', async () => {
    const pool = server.createPool()
    const query = (text: string, values?: unknown[]) =>
      pool.query(text, values).catch((error: Error) => {
        throw Object.assign(error, { severity: 'FEHLER', message: 'ungültige Eingabe' })
      })
    const ledger = postgresLedger({ query }, { clock: false, schema: 'german' })
    const settled = await Promise.allSettled(
      [1, 2, 3, 4].map((number) =>
        ledger.reserve(samplePayment(number, { purchaseKey: number === 3 ? 'a\u0000b' : 'key' }), []),
      ),
    )
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  })
})

describe('an error of PostgreSQL that passes', () => {
  /** Fails the first time with a code, before or after the statement is done. */
  function failing(pool: pg.Pool, code: string) {
    const state = { isOn: false, sent: 0 }
    const query = async (text: string, values?: unknown[]) => {
      state.sent += 1
      if (state.isOn) {
        state.isOn = false
        throw Object.assign(new Error('passing'), { code })
      }
      return pool.query(text, values)
    }
    return { query, state }
  }

  test.each(['40001', '40P01', '55P03', '57P01', '57P03'])(
    'as %s does is tried again, once it passes',
    async (code) => {
      const { query, state } = failing(server.createPool(), code)
      const ledger = postgresLedger({ query }, { clock: false, schema: `passing_${code.toLowerCase()}` })
      await ledger.list()
      Object.assign(state, { isOn: true, sent: 0 })
      expect(await ledger.reserve(samplePayment(1), [])).toEqual({ ok: true })
      expect(state.sent).toBe(2)
      expect(await ledger.get(sampleId(1))).toMatchObject({ presentations: 1 })
    },
  )

  test('as a shutdown of its connection does leaves one payment', async () => {
    const pool = server.createPool()
    const ledger = postgresLedger(pool, { clock: false, schema: 'terminated' })
    await ledger.reserve(samplePayment(1), [])
    const holder = await admin.connect()
    await holder.query('BEGIN')
    await holder.query(`SELECT pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('terminated'))`)
    const late = ledger.reserve(samplePayment(2), [])
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE '%terminated%'`
    let pid: number | undefined
    while (pid === undefined) pid = (await admin.query(waiting)).rows[0]?.pid
    await admin.query('SELECT pg_terminate_backend($1)', [pid])
    await holder.query('COMMIT')
    holder.release()
    expect(await late).toEqual({ ok: true })
    expect(await ledger.get(sampleId(2))).toMatchObject({ presentations: 1 })
  })

  test.each(['08006', '08P01', 'EPIPE', 'ECONNRESET'])(
    'as %s may do is not, when it may be committed',
    async (code) => {
      const { query, state } = failing(server.createPool(), code)
      const ledger = postgresLedger({ query }, { clock: false, schema: `lost_${code.toLowerCase()}` })
      await ledger.list()
      Object.assign(state, { isOn: true, sent: 0 })
      expect(await ledger.reserve(samplePayment(1), []).catch(codeOf)).toBe('ledger_unavailable')
      expect(state.sent).toBe(1)
      // What changes nothing is asked again.
      Object.assign(state, { isOn: true, sent: 0 })
      expect(await ledger.list()).toEqual([])
      expect(state.sent).toBe(2)
    },
  )
})
