import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isStipendError } from 'stipend'
import { type PostgresLedger, postgresLedger } from 'stipend/postgres'
import { noon, sampleId, sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(() => server.stop())

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of open.splice(0)) await stop()
})

/** Ledgers over a network that can go silent, each with a pool of its own, and one beside them over a sound one. */
async function setUp(schema: string, { timeoutMs = 3000, ledgers = 1 } = {}) {
  const beside = postgresLedger(server.createPool(), { clock: false, schema })
  await beside.reserve(samplePayment(1), [])
  const proxy: TcpProxy = await startTcpProxy(`${server.socket}/.s.PGSQL.5432`)
  const pools = Array.from({ length: ledgers }, () => {
    const pool = new pg.Pool({ host: '127.0.0.1', port: proxy.port, user: 'postgres', max: 8 })
    pool.on('error', () => {})
    return pool
  })
  open.push(async () => {
    await proxy.stop()
    await Promise.all(pools.map((pool) => pool.end()))
  })
  const [first, ...rest] = pools.map((pool) => postgresLedger(pool, { clock: false, schema, timeoutMs }))
  if (!first) throw new TypeError('no ledger')
  await Promise.all([first, ...rest].map((ledger) => ledger.get(sampleId(1))))
  return { ledger: first, ledgers: [first, ...rest], beside, proxy, pools }
}

const codeOf = (error: unknown) => (isStipendError(error) ? error.code : String(error))
/** What became of a call, in a word: never longer than its deadline. */
const outcomeOf = (call: Promise<unknown>) => call.then(() => 'answered', codeOf)

const noCall = Promise.reject(new TypeError('no call'))
noCall.catch(() => {})
const both = { questions: true, answers: true }
const answersOnly = { questions: false, answers: true }

describe('a connection to PostgreSQL that goes silent', () => {
  test('costs the reservation that was sent over it, and no other', async () => {
    const { ledger, beside, proxy } = await setUp('own_calls')
    proxy.silence(both)
    const ended: string[] = []
    const reserve = async (number: number) => {
      const outcome = await outcomeOf(ledger.reserve(samplePayment(number), []))
      ended.push(`${number}: ${outcome}`)
    }
    const stuck = reserve(2)
    await Promise.all([reserve(3), reserve(4)])
    expect(ended.toSorted()).toEqual(['3: answered', '4: answered'])
    await stuck
    expect(ended.at(-1)).toBe('2: ledger_unavailable')
    expect((await beside.list()).map(({ id }) => id).toSorted()).toEqual([1, 3, 4].map(sampleId))
  })

  test('ends every other call of a ledger too, and the next one goes over another', { timeout: 60_000 }, async () => {
    const calls: readonly ((ledger: PostgresLedger) => Promise<unknown>)[] = [
      (ledger) => ledger.update(sampleId(1), { status: 'unknown' }),
      (ledger) => ledger.get(sampleId(1)),
      (ledger) => ledger.list(),
      (ledger) => ledger.usage([sampleLimit(5n)], noon),
      (ledger) => ledger.frozen(),
      (ledger) => ledger.revoked(['ses_1']),
      (ledger) => ledger.freeze(undefined),
      (ledger) => ledger.revokeSession('ses_1'),
      (ledger) => ledger.secret('nonces'),
      (ledger) => ledger.recall('text'),
      (ledger) => ledger.remember('text', 'text'),
      (ledger) => ledger.listApprovals(noon),
    ]
    const { ledgers, proxy } = await setUp('every_call', { ledgers: calls.length })
    proxy.silence(both)
    const outcomes = () => Promise.all(ledgers.map((ledger, index) => outcomeOf(calls[index]?.(ledger) ?? noCall)))
    expect(await outcomes()).toEqual(calls.map(() => 'ledger_unavailable'))
    expect(await outcomes()).toEqual(calls.map(() => 'answered'))
  })

  test('hides no reservation that was committed: who asks again finds it', async () => {
    const { ledger, proxy } = await setUp('committed')
    proxy.silence(answersOnly)
    expect(await outcomeOf(ledger.reserve(samplePayment(2), []))).toBe('ledger_unavailable')
    expect(await ledger.reserve(samplePayment(2), [])).toMatchObject({
      reason: 'exists',
      payment: { id: sampleId(2), status: 'authorized', presentations: 2 },
    })
    await ledger.verify()
  })

  test('delivers an answer that is late but not too late', async () => {
    const { ledger, proxy } = await setUp('late', { timeoutMs: 15_000 })
    proxy.silence(answersOnly)
    const late = ledger.reserve(samplePayment(2), [])
    expect(await ledger.reserve(samplePayment(3), [])).toEqual({ ok: true })
    proxy.resume()
    expect(await late).toEqual({ ok: true })
  })

  test('keeps what waits for its turn no longer than what was sent', async () => {
    const { ledger, beside, proxy } = await setUp('queue')
    proxy.takeWithoutAnswer(true)
    proxy.silence(both)
    const numbers = Array.from({ length: 400 }, (_, index) => index + 2)
    const ended = await Promise.all(numbers.map((number) => outcomeOf(ledger.reserve(samplePayment(number), []))))
    expect(new Set(ended)).toEqual(new Set(['ledger_unavailable']))
    expect(await beside.list()).toHaveLength(1)
    proxy.takeWithoutAnswer(false)
    proxy.cut()
    expect(await ledger.reserve(samplePayment(2), [])).toEqual({ ok: true })
  }, 60_000)

  test('while a ledger is opened ends that call, and the next one opens it', async () => {
    const { proxy, pools } = await setUp('opening')
    const ledger = postgresLedger(pools[0] as pg.Pool, { clock: false, schema: 'opening', timeoutMs: 3000 })
    proxy.cut()
    proxy.takeWithoutAnswer(true)
    expect(await outcomeOf(ledger.list())).toBe('ledger_unavailable')
    proxy.takeWithoutAnswer(false)
    expect(await ledger.list()).toHaveLength(1)
  })
})

describe('the lock of a PostgreSQL ledger that is held', () => {
  test('is not waited for without end: nothing is recorded, and that is known', { timeout: 60_000 }, async () => {
    const { ledger, beside, pools } = await setUp('held', { timeoutMs: 6000 })
    const holder = await server.createPool().connect()
    await holder.query('BEGIN')
    await holder.query(`SELECT pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('held'))`)
    const refused = await ledger.reserve(samplePayment(2), []).catch((error: unknown) => error)
    expect(codeOf(refused)).toBe('ledger_unavailable')
    expect(refused).toMatchObject({ cause: { code: '55P03' } })
    // The connection has nothing to do with it, and is kept.
    expect(pools[0]?.totalCount).toBe(1)
    await holder.query('ROLLBACK')
    holder.release()
    expect(await beside.get(sampleId(2))).toBeUndefined()
    expect(await ledger.reserve(samplePayment(2), [])).toEqual({ ok: true })
  })
})
