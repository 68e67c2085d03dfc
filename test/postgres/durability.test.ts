import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ledger } from 'stipend'
import { postgresLedger } from 'stipend/postgres'
import { noon, sampleId, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(() => server.stop())

const approval = `apr_${'0'.repeat(32)}` as const
const { resource, asset, amount, microUsd, payTo, labels } = samplePayment(1)
const terms = { resource, asset, amount, microUsd, payTo, labels, requestedAt: noon, expiresAt: noon + 60_000 }

/** All that changes a ledger. */
const changes: readonly (readonly [string, (ledger: Ledger) => Promise<unknown>])[] = [
  ['a reservation', (ledger) => ledger.reserve(samplePayment(2), [])],
  ['an update', (ledger) => ledger.update(sampleId(1), { status: 'unknown' })],
  [
    'a time that its owner sets',
    (ledger) => ledger.setTime?.(noon, 'it was wrong') ?? Promise.reject(new TypeError('no time')),
  ],
  [
    'a request',
    (ledger) => ledger.requestApproval({ id: approval, kind: 'approval', status: 'pending', reason: '', ...terms }),
  ],
  ['a decision', (ledger) => ledger.decideApproval(approval, 'denied', noon)],
  ['a freeze', (ledger) => ledger.freeze({ reason: 'stop', at: noon })],
  ['an end of a freeze', (ledger) => ledger.freeze(undefined)],
  ['a revocation', (ledger) => ledger.revokeSession('ses_1')],
  ['a secret', (ledger) => ledger.secret('nonces')],
  ['a text', (ledger) => ledger.remember('name', 'text')],
]

describe('on a PostgreSQL server that answers before a commit is on disk', () => {
  test.each(changes)('%s is on disk when it is answered', async (_what, change) => {
    const pool = server.createPool()
    await pool.query('ALTER ROLE postgres SET synchronous_commit = off')
    const client = await server.createPool().connect()
    const setting = async () => (await client.query('SHOW synchronous_commit')).rows[0].synchronous_commit
    expect(await setting()).toBe('off')
    const ledger = postgresLedger({ query: (text, values) => client.query(text, values) }, { clock: false })
    await ledger.reserve(samplePayment(1), [])
    await client.query('BEGIN')
    await change(ledger)
    expect(await setting()).toBe('on')
    await client.query('COMMIT')
    client.release()
  })
})
