import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresLedger } from 'stipend/postgres'
import { sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(() => server.stop())

/** A ledger whose queries are counted, and can be made to fail after they are done. */
function setUp(schema: string) {
  const pool = server.createPool()
  const state = { queries: 0, isCut: false }
  const query = async (text: string, values?: unknown[]) => {
    state.queries += 1
    const answer = await pool.query(text, values)
    if (state.isCut) throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    return answer
  }
  return { ledger: postgresLedger({ query }, { clock: false, schema }), state }
}

describe('reservations at once in PostgreSQL', () => {
  test('share one commit, and each gets its own answer', async () => {
    const { ledger, state } = setUp('shared')
    await ledger.reserve(samplePayment(1), [])
    state.queries = 0
    const limit = sampleLimit(300n)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        ledger.reserve(samplePayment(index + 2, { microUsd: BigInt(index + 1) }), [limit]),
      ),
    )
    expect(state.queries).toBeLessThanOrEqual(3)
    // 10 are there already, and 1 + 2 + … + 23 are 276.
    expect(answers.map(({ ok }) => ok)).toEqual(Array.from({ length: 50 }, (_, index) => index < 23))
    expect(answers[23]).toMatchObject({ reason: 'limit', used: 286n, limit })
    await ledger.verify()
  })

  test('do not fail for one among them that cannot be kept', async () => {
    const { ledger } = setUp('one_bad')
    const settled = await Promise.allSettled(
      [1, 2, 3, 4].map((number) =>
        ledger.reserve(samplePayment(number, { purchaseKey: number === 3 ? 'a\u0000b' : 'key' }), []),
      ),
    )
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(await ledger.list()).toHaveLength(3)
  })

  test('are not sent again when the connection is lost, and count if they were recorded', async () => {
    const { ledger, state } = setUp('cut')
    await ledger.list()
    state.queries = 0
    state.isCut = true
    const settled = await Promise.allSettled([1, 2, 3].map((number) => ledger.reserve(samplePayment(number), [])))
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(state.queries).toBe(2)
    state.isCut = false
    expect((await ledger.list()).map(({ presentations }) => presentations)).toEqual([1, 1, 1])
    expect(await ledger.reserve(samplePayment(1), [])).toMatchObject({ reason: 'exists' })
  })
})
