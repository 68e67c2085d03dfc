import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresLedger } from 'stipend/postgres'
import { rolling, sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(() => server.stop())

const day = 86_400_000
const daily = sampleLimit(20n, { window: rolling(86_400) })

/** A payment that a client records whose clock is so far from ours. */
function told(number: number, apartMs: number) {
  const createdAt = Date.now() + apartMs
  return samplePayment(number, { createdAt, countsUntil: createdAt + 240_000 })
}

describe('the time of a PostgreSQL ledger', () => {
  test('is the database’s own: clients days apart spend no more than a day’s limit', async () => {
    const clients = Array.from({ length: 5 }, () => postgresLedger(server.createPool(), { schema: 'apart' }))
    const answers = []
    for (const [index, client] of clients.entries()) {
      for (const number of [1, 2, 3]) {
        const answer = await client.reserve(told(index * 3 + number, index * day), [daily])
        answers.push(answer.ok ? 'recorded' : answer.reason)
      }
    }
    expect(answers).toEqual(['recorded', 'recorded', 'limit', ...Array(12).fill('clock')])
    expect(await clients[4]?.list()).toHaveLength(2)
  })

  test('is believed from the first payment on, whoever makes it', async () => {
    const ledger = postgresLedger(server.createPool(), { schema: 'first' })
    const answer = await ledger.reserve(told(1, day), [daily])
    expect(answer).toMatchObject({ ok: false, reason: 'clock' })
    expect(answer.ok || answer.reason !== 'clock' ? 0 : Math.round(answer.aheadMs / 60_000)).toBe(day / 60_000)
    expect(await ledger.reserve(told(1, 0), [daily])).toEqual({ ok: true })
  })

  test('is moved by nobody who asks what is used', async () => {
    const ledger = postgresLedger(server.createPool(), { schema: 'asked' })
    for (const number of [1, 2]) await ledger.reserve(told(number, 0), [daily])
    expect((await ledger.usage([daily], Date.now() + 400 * day))[0]?.used).toBe(20n)
    expect(await ledger.reserve(told(3, 0), [daily])).toMatchObject({ reason: 'limit' })
    await ledger.verify()
  })

  test('waits for its owner where the clock that bounds it was put back', async () => {
    let clock = Date.now() + day
    const ledger = postgresLedger(server.createPool(), { schema: 'put_back', clock: () => clock })
    await ledger.reserve(told(1, day), [daily])
    clock = Date.now()
    const refused = await ledger.reserve(told(2, 0), [daily])
    expect(refused).toMatchObject({ ok: false, reason: 'clock' })
    expect(refused.ok || refused.reason !== 'clock' ? 0 : Math.round(refused.aheadMs / 60_000)).toBe(-day / 60_000)
    await ledger.setTime?.(Date.now(), 'the database was a day ahead')
    expect(await ledger.reserve(told(2, 0), [daily])).toEqual({ ok: true })
    expect(await ledger.reserve(told(3, 0), [daily])).toMatchObject({ reason: 'limit', used: 20n })
    await ledger.verify()
  })

  test('is put right by its owner where the database’s is wrong, and goes on from there', async () => {
    const ledger = postgresLedger(server.createPool(), { schema: 'put_right' })
    await ledger.reserve(told(1, 0), [daily])
    await ledger.setTime?.(Date.now() + day, 'the database is a day behind')
    expect(await ledger.reserve(told(2, 0), [daily])).toMatchObject({ ok: false, reason: 'clock' })
    expect(await ledger.reserve(told(2, day), [daily])).toEqual({ ok: true })
    await ledger.setTime?.(Date.now(), 'it was not')
    expect(await ledger.reserve(told(3, 0), [daily])).toMatchObject({ reason: 'limit', used: 20n })
    expect((await ledger.audit?.())?.map(({ event }) => event.type)).toEqual(['time-set', 'time-set'])
    await ledger.verify()
  })
})
