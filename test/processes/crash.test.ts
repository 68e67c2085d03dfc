import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ledger } from 'stipend'
import { postgresLedger } from 'stipend/postgres'
import { sqliteLedger } from 'stipend/sqlite'
import { type PaidResource, paidResource } from 'stipend/testing'
import { run } from '../support/child.ts'
import { killPoints } from '../support/kill-points.ts'
import { listen } from '../support/listen.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

const price = 10_000n
let directory = ''
let server: TestPostgres

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'stipend-'))
  server = await startPostgres()
}, 60_000)
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await server.stop()
})

type VerifiedLedger = Ledger & { readonly verify: () => Promise<void> }
/** Where a purchase is remembered, as a program of the tests is told it, and the ledger that is there. */
type Place = { readonly where: object; readonly open: () => VerifiedLedger }

const places: Readonly<Record<string, (name: string) => Place>> = {
  SQLite: (name) => {
    const file = join(directory, `${name}.db`)
    return { where: { file }, open: () => sqliteLedger(file) }
  },
  PostgreSQL: (name) => {
    const schema = name.replaceAll('-', '_')
    const pool = server.createPool()
    return { where: { socket: server.socket, schema }, open: () => postgresLedger(pool, { schema }) }
  },
}

/** One payment, claimed, with the nonce that was on the wire, which counts as what was settled. */
async function expectPaidOnce(open: Place['open'], resource: PaidResource): Promise<void> {
  const ledger = open()
  const [payment, ...others] = await ledger.list()
  expect(others).toEqual([])
  expect(payment).toMatchObject({ status: 'claimed', amount: price })
  expect(resource.payments.map(({ nonce }) => nonce)).toEqual([payment?.terms.nonce])
  expect(resource.settled).toBe(price)
  const limit = { name: 'all', scope: 'wallet', window: { type: 'lifetime' }, max: 1n } as const
  const measures = ['microUsd', 'open', 'unknown'] as const
  const usage = await ledger.usage(
    measures.map((measure) => ({ ...limit, measure })),
    Date.now(),
  )
  expect(usage.map(({ used }) => used)).toEqual([price, 0n, 0n])
  await ledger.verify()
}

describe.each(Object.entries(places))('a process that is killed, with a ledger in %s', (_kind, place) => {
  test.each(killPoints)(
    '%s leaves a purchase that the next one finishes, paid once',
    { timeout: 30_000 },
    async (dieAt) => {
      const resource = paidResource({ idempotent: true, maxTimeoutSeconds: 120 })
      const shop = await listen(resource)
      const { where, open } = place(dieAt.replaceAll(' ', '-'))
      const options = { ...where, url: `${shop.url}/report`, key: 'report-42' }

      const killed = await run('buyer', { ...options, dieAt })
      expect(killed.signal, killed.errors).toBe('SIGKILL')
      const between = await open().list()
      // What may have been signed is in the ledger, and counts; what is not in the ledger was not signed.
      expect(resource.requests.filter(({ headers }) => 'payment-signature' in headers).length).toBeLessThanOrEqual(
        between.length,
      )
      expect(between.length).toBe(dieAt === 'before the reservation' ? 0 : 1)

      const finished = await run('buyer', options)
      expect(JSON.parse(finished.output), finished.errors).toEqual({ status: 200, body: '{"ok":true}' })
      await expectPaidOnce(open, resource)
      await shop.close()
    },
  )

  test('again and again in its recovery leaves one payment all the same', { timeout: 60_000 }, async () => {
    const resource = paidResource({ idempotent: true, maxTimeoutSeconds: 120 })
    const shop = await listen(resource)
    const { where, open } = place('loop')
    const options = { ...where, url: `${shop.url}/report`, key: 'report-43' }
    for (const dieAt of [
      'after the reservation',
      'before the reservation',
      'before the reservation',
      'after the key was used',
    ] as const) {
      expect((await run('buyer', { ...options, dieAt })).signal).toBe('SIGKILL')
    }
    expect(JSON.parse((await run('buyer', options)).output)).toMatchObject({ status: 200 })
    await expectPaidOnce(open, resource)
    await shop.close()
  })

  test('takes the lost ledger with it and still pays the purchase once: the nonce is of the key, not of the ledger', async () => {
    const resource = paidResource({ idempotent: true })
    const shop = await listen(resource)
    for (const name of ['first', 'second']) {
      await run('buyer', { ...place(name).where, url: shop.url, key: 'report-44' })
    }
    expect(resource.payments).toHaveLength(1)
    await shop.close()
  })
})
