import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ledger } from '../../src/index.js'
import { postgresLedger } from 'stipend/postgres'
import { sqliteLedger } from 'stipend/sqlite'
import { noon, rolling, sampleId, sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

type Verified = Ledger & { readonly verify: () => Promise<void> }
/** A ledger, and a way to its database behind its back. */
type Store = { readonly ledger: Verified; readonly tamper: (sql: string) => Promise<unknown> }

let directory = ''
let server: TestPostgres
let pool: pg.Pool
let made = 0

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'stipend-'))
  server = await startPostgres()
  pool = server.createPool()
}, 60_000)
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await server.stop()
})

const stores: Readonly<Record<string, () => Store>> = {
  SQLite: () => {
    const database = new DatabaseSync(':memory:')
    return { ledger: sqliteLedger(database), tamper: async (sql) => database.exec(sql) }
  },
  PostgreSQL: () => {
    made += 1
    const schema = `verified_${made}`
    const tamper = (sql: string) => pool.query(`SET search_path = ${schema}; ${sql}; RESET search_path`)
    return { ledger: postgresLedger(pool, { clock: false, schema }), tamper }
  },
}

const limits = [sampleLimit(1000n), sampleLimit(1000n, { window: rolling(3600), measure: 'open' })]

async function fill(ledger: Ledger): Promise<void> {
  for (let number = 1; number <= 6; number += 1) {
    await ledger.reserve(samplePayment(number, { createdAt: noon + number * 1000 }), limits)
  }
  for (const [number, status] of [
    [2, 'unknown'],
    [3, 'claimed'],
    [4, 'released'],
    [5, 'confirmed'],
  ] as const) {
    await ledger.update(sampleId(number), { status })
  }
  // The first ones have left the rolling window.
  await ledger.reserve(samplePayment(7, { createdAt: noon + 3_843_500 }), limits)
}

const one = `id = '${sampleId(1)}'`
const damages: readonly (readonly [string, string, RegExp])[] = [
  [
    'a payment was taken out of a counter',
    `DELETE FROM entries WHERE ${one} AND scope = 'wallet'`,
    /does not count as it is recorded in wallet/,
  ],
  ['a payment counts as less', `UPDATE entries SET micro_usd = 1 WHERE ${one}`, /payment pay_0+1 does not count/],
  ['a payment counts as settled that is open', `UPDATE entries SET open = 0 WHERE ${one}`, /does not count/],
  ['a payment counts for too short', `UPDATE entries SET counts_until = 5 WHERE ${one}`, /does not count/],
  [
    'something counts that is no payment',
    `INSERT INTO entries VALUES ('wallet', 5, 'x', 1, 0, 0)`,
    /that is no payment/,
  ],
  ['a payment was removed', `DELETE FROM payments WHERE ${one}`, /that is no payment/],
  [
    'a sum of money was made smaller',
    `UPDATE meters SET micro_usd = micro_usd - 1`,
    /the sum of .*wallet \(.*is not that of its payments/,
  ],
  ['a number of payments was made smaller', 'UPDATE meters SET count = count - 1', /the sum of wallet/],
  ['a number of open payments was made smaller', 'UPDATE meters SET open = open - 1', /the sum of wallet/],
  ['a number of unknown payments was made larger', 'UPDATE meters SET unknown = unknown + 1', /the sum of wallet/],
  ['a window was moved on', 'UPDATE meters SET horizon = horizon + 99999999', /the sum of wallet/],
]

describe.each(Object.entries(stores))('the sums of a ledger in %s', (_kind, create) => {
  test('are those of its payments, whatever became of them', async () => {
    const { ledger } = create()
    await ledger.verify()
    await fill(ledger)
    await ledger.verify()
    expect(await ledger.frozen()).toBeUndefined()
  })

  test.each(damages)('are checked: when %s, nothing is paid any more', async (_what, sql, difference) => {
    const { ledger, tamper } = create()
    await fill(ledger)
    await tamper(sql)
    await expect(ledger.verify()).rejects.toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringMatching(difference),
    })
    expect(await ledger.frozen()).toMatchObject({ reason: expect.stringMatching(difference) })
    expect(await ledger.reserve(samplePayment(9), [])).toMatchObject({ ok: false, reason: 'frozen' })
  })
})

describe('a SQLite ledger whose sums are wrong', () => {
  test.each(damages.filter(([, sql]) => sql.startsWith('UPDATE meters')))(
    'is not opened: %s',
    async (_what, sql, difference) => {
      made += 1
      const file = join(directory, `${made}.db`)
      const ledger = sqliteLedger(file, { monotonic: false })
      await fill(ledger)
      ledger.close()
      const database = new DatabaseSync(file)
      database.exec(sql)
      expect(() => sqliteLedger(file)).toThrow(difference)
      database.exec('DELETE FROM meters')
      const mended = sqliteLedger(file)
      expect((await mended.usage(limits, noon + 3_843_500)).map(({ used }) => used)).toEqual([60n, 2n])
      await mended.verify()
    },
  )
})
