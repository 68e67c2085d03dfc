import { EventEmitter } from 'node:events'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresPool, postgresLedger } from 'stipend/postgres'
import { sampleId, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

let server: TestPostgres
let admin: pg.Pool
beforeAll(async () => {
  server = await startPostgres()
  admin = server.createPool()
}, 60_000)
afterAll(() => server.stop())

describe('a connection that is closed', () => {
  test('by a database that begins anew ends no process', async () => {
    const pool = new pg.Pool({ host: server.socket, user: 'postgres', max: 2, application_name: 'idle' })
    const ledgers = ['idle', 'idle_too'].map((schema) => postgresLedger(pool, { clock: false, schema }))
    for (const ledger of ledgers) await ledger.reserve(samplePayment(1), [])
    expect([pool.idleCount > 0, pool.listenerCount('error')]).toEqual([true, 1])
    const gone = new Promise((resolve) => void pool.once('remove', resolve))
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'idle'`)
    await gone
    for (const ledger of ledgers) expect(await ledger.get(sampleId(1))).toMatchObject({ status: 'authorized' })
    await pool.end()
  })

  test('while it is handed over ends no process', async () => {
    const pool = new pg.Pool({ host: server.socket, user: 'postgres', max: 1 })
    const ledger = postgresLedger(pool, { clock: false, schema: 'handed_over' })
    let told = 0
    pool.on('acquire', (client) =>
      process.nextTick(() => {
        told += 1
        client.emit('error', new Error('terminating connection due to administrator command'))
      }),
    )
    for (const number of [1, 2]) await ledger.reserve(samplePayment(number), [])
    expect(told).toBeGreaterThan(1)
    expect(await ledger.list()).toHaveLength(2)
    await pool.end()
  })

  test('and breaks once more while it closes ends no process', async () => {
    const broken = Object.assign(new EventEmitter(), {
      query: () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNRESET' })),
      release: () => {},
    })
    const pool: PostgresPool = { query: broken.query, connect: async () => broken }
    const ledger = postgresLedger(pool, { clock: false, schema: 'closing', timeoutMs: 200 })
    await expect(ledger.list()).rejects.toMatchObject({ code: 'ledger_unavailable' })
    expect(() => broken.emit('error', new Error('ETIMEDOUT'))).not.toThrow()
  })
})
