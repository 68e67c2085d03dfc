import { describe, expect, test } from 'vitest'
import { postgresLedger } from 'stipend/postgres'
import { ledgerContract } from 'stipend/testing'
import { startPostgres } from '../support/postgres.ts'

describe('the schema of a PostgreSQL ledger', () => {
  test('may be called like a keyword of SQL or of its functions', { timeout: 60_000 }, async () => {
    const server = await startPostgres()
    const pool = server.createPool()
    const check = ledgerContract['several limits hold all at once, or nothing is recorded']
    for (const schema of ['loop', 'user', 'select', 'now', 'wanted']) {
      await expect(check?.(() => postgresLedger(pool, { schema, clock: false }))).resolves.toBeUndefined()
    }
    await server.stop()
  })

  test.each(['', 'Ledger', '1', 'a b', 'a"b', "a'b", 'a.b', 'ü', 'a'.repeat(49)])('may not be called %j', (schema) => {
    expect(() => postgresLedger({ query: async () => ({ rows: [] }) }, { schema })).toThrow(/is not a plain name/)
  })
})
