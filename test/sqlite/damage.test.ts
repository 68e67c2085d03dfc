import { chmodSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import BetterSqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { sqliteLedger } from 'stipend/sqlite'
import { ledgerContract, paidResource, testKeyStore } from 'stipend/testing'
import { allowHosts, createAgentWallet, type Ledger } from 'stipend'
import { temporaryFolder } from '../support/folder.ts'
import { createPayment } from '../support/payments.ts'
import { hurry } from '../support/time.ts'
import { rejection } from '../support/wallets.ts'

const directory = temporaryFolder()
let made = 0
const fresh = (): string => {
  made += 1
  return join(directory, `${made}.db`)
}

/** Buys something over a ledger, and expects that it signs nothing. */
async function refusesToPay(ledger: Ledger): Promise<void> {
  const keyStore = testKeyStore()
  // The time of the payments that are there.
  const clock = (): number => createPayment().createdAt
  const shop = paidResource({ clock })
  const fetch: typeof globalThis.fetch = (input, init) => shop(new Request(input, init))
  const wallet = createAgentWallet({
    keyStore,
    ledger,
    fetch,
    clock,
    policy: [allowHosts(['shop.example.com'])],
  })
  expect(await rejection(wallet.fetch('https://shop.example.com/'))).toMatchObject({
    code: 'ledger_unavailable',
    moved: 'no',
  })
  expect(keyStore.signed).toHaveLength(0)
}

/** Makes a ledger with some payments in it, and closes it. */
async function written(payments = 50): Promise<string> {
  const file = fresh()
  const ledger = sqliteLedger(file)
  for (let index = 0; index < payments; index += 1) {
    const hex = index.toString(16).padStart(32, '0')
    await ledger.reserve(createPayment({ id: `pay_${hex}`, purchaseKey: hex }), [])
  }
  ledger.close()
  return file
}

describe('a SQLite ledger', () => {
  test('commits so that a power cut takes nothing back: WAL, and a sync at each commit', () => {
    const database = new DatabaseSync(fresh())
    sqliteLedger(database)
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
    expect(database.prepare('PRAGMA fullfsync').get()).toEqual({ fullfsync: 1 })
  })

  test('over better-sqlite3, which syncs less in WAL, commits so too', () => {
    const database = new BetterSqlite(fresh())
    sqliteLedger(database)
    expect(database.pragma('synchronous', { simple: true })).toBe(2)
  })

  test('whose database will not sync each commit is refused', () => {
    const database = new DatabaseSync(fresh())
    const deaf = {
      exec: (sql: string) => (sql.includes('synchronous') ? undefined : database.exec(sql)),
      prepare: (sql: string) => database.prepare(sql) as never,
      close: () => database.close(),
    }
    database.exec('PRAGMA synchronous = NORMAL')
    expect(() => sqliteLedger(deaf)).toThrow(/does not sync each commit/)
  })

  test('is opened again with all that was written', async () => {
    const file = await written(3)
    expect(await sqliteLedger(file).list()).toHaveLength(3)
  })

  test('that is missing can be refused instead of made anew', () => {
    expect(() => sqliteLedger(fresh(), { create: false })).toThrow(/there is no file/)
  })

  test('that a newer version wrote is refused', () => {
    const file = fresh()
    const database = new DatabaseSync(file)
    database.exec('PRAGMA user_version = 99')
    database.close()
    expect(() => sqliteLedger(file)).toThrow(/newer version/)
  })

  test('that is no database is refused', () => {
    const file = fresh()
    writeFileSync(file, 'not a database '.repeat(100))
    expect(() => sqliteLedger(file)).toThrow(/Ledger is not available/)
  })

  test('that was cut short is refused', async () => {
    const file = await written()
    truncateSync(file, 12_288)
    expect(() => sqliteLedger(file)).toThrow(/Ledger is not available|its file is damaged/)
  })

  test('with a flipped page, whichever it is, is refused when it is opened or when it is verified', async () => {
    const file = await written(400)
    const bytes = readFileSync(file)
    const pages = bytes.length / 4096
    expect(pages).toBeGreaterThan(100)
    for (let page = 1; page < pages; page += 13) {
      const damaged = `${file}.${page}`
      const flipped = Buffer.from(bytes)
      for (let index = page * 4096; index < page * 4096 + 2000; index += 1) flipped[index] = 255 - (bytes[index] ?? 0)
      writeFileSync(damaged, flipped)
      const checked = (async () => sqliteLedger(damaged).verify())()
      await expect(checked).rejects.toThrow(/Ledger is not available|is damaged|Failed to (?:open|verify) the ledger/)
    }
  })

  test('that is moved or replaced while it is open pays nothing more', async () => {
    const file = await written()
    const ledger = sqliteLedger(file)
    renameSync(file, `${file}.old`)
    await refusesToPay(ledger)
    sqliteLedger(file).close()
    await refusesToPay(ledger)
  })

  test('that is put back to an older copy while it is open pays nothing more', async () => {
    const file = await written(3)
    const ledger = sqliteLedger(file)
    await ledger.reserve(createPayment({ id: `pay_${'e'.repeat(32)}`, purchaseKey: 'e' }), [])
    const copy = `${file}.copy`
    await backup(new DatabaseSync(file), copy)
    // At the same instant of the ledger's time, by which the copy would not be older.
    await ledger.reserve(createPayment({ id: `pay_${'f'.repeat(32)}`, purchaseKey: 'f' }), [])
    await backup(new DatabaseSync(copy), file)
    await refusesToPay(ledger)
    await refusesToPay(ledger)
  })

  test('whose transactions fail after the clock was moved on is not taken for an older copy', async () => {
    const ledger = sqliteLedger(fresh())
    const late = createPayment({ createdAt: Date.UTC(2030, 0, 1) })
    const elsewhere = {
      name: 'x',
      scope: 'elsewhere',
      window: { type: 'lifetime' },
      measure: 'count',
      max: 1n,
    } as const
    await expect(ledger.reserve(late, [elsewhere])).rejects.toThrow(TypeError)
    expect(await ledger.reserve(createPayment(), [])).toEqual({ ok: true })
  })

  test('that can only be read pays nothing', async () => {
    const file = await written()
    chmodSync(file, 0o400)
    await refusesToPay(sqliteLedger(new DatabaseSync(file, { readOnly: true }) as never) as never).catch(
      (error: unknown) => {
        expect(String(error)).toMatch(/Ledger is not available/)
      },
    )
  })

  test('that fills its disk pays nothing, and goes on once there is room', async () => {
    const database = new DatabaseSync(fresh())
    const ledger = sqliteLedger(database)
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number }
    database.exec(`PRAGMA max_page_count = ${pages}`)
    let refused: unknown
    for (let index = 0; index < 200 && refused === undefined; index += 1) {
      const hex = index.toString(16).padStart(32, '0')
      refused = await ledger.reserve(createPayment({ id: `pay_${hex}`, purchaseKey: hex }), []).then(
        () => undefined,
        (error: unknown) => error,
      )
    }
    expect(refused).toMatchObject({ code: 'ledger_unavailable' })
    await refusesToPay(ledger)
    database.exec('PRAGMA max_page_count = 100000')
    expect(
      await ledger.reserve(createPayment({ id: 'pay_ffffffffffffffffffffffffffffffff', purchaseKey: 'ff' }), []),
    ).toEqual({ ok: true })
  })

  /** What SQLite says of each failure, by where it happens, and whether the next commit can be trusted after it. */
  const failures = [
    ['its disk cannot be written', 'disk I/O error', 778, true],
    ['its disk cannot be synced', 'disk I/O error', 1034, true],
    ['its disk cannot be read', 'disk I/O error', 266, true],
    ['its pages are damaged', 'database disk image is malformed', 11, true],
    ['its disk is full', 'database or disk is full', 13, false],
    ['its disk can only be read', 'attempt to write a readonly database', 8, false],
    ['it can open no more files', 'unable to open database file', 14, false],
    ['another process holds it', 'database is locked', 5, false],
  ] as const

  test.each(failures)('pays nothing when %s', async (_what, message, errcode, staysShut) => {
    for (const where of ['BEGIN IMMEDIATE', 'COMMIT', 'INSERT']) {
      const database = new DatabaseSync(fresh())
      const state = { isBroken: false }
      const fail = (sql: string): void => {
        if (state.isBroken && sql.startsWith(where))
          throw Object.assign(new Error(message), { errcode, errstr: message })
      }
      const ledger = sqliteLedger({
        exec: (sql) => {
          fail(sql)
          return database.exec(sql)
        },
        prepare: (sql) => {
          const statement = database.prepare(sql)
          return {
            run: (...values) => {
              fail(sql)
              return statement.run(...values)
            },
            get: (...values) => statement.get(...values),
            all: (...values) => statement.all(...values),
          }
        },
        close: () => database.close(),
      })
      await ledger.secret('nonces')
      state.isBroken = true
      await hurry(() => refusesToPay(ledger))
      state.isBroken = false
      expect(database.prepare('SELECT COUNT(*) AS count FROM payments').get()).toEqual({ count: 0 })
      if (staysShut) await refusesToPay(ledger)
      else expect(await ledger.reserve(createPayment(), [])).toEqual({ ok: true })
    }
  })

  test('that fails to read what stops payments signs nothing', async () => {
    const database = new DatabaseSync(fresh())
    const ledger = sqliteLedger(database)
    const blind = { ...ledger, frozen: async () => Promise.reject(new Error('disk I/O error')) }
    const keyStore = testKeyStore()
    const shop = paidResource({})
    const wallet = createAgentWallet({
      keyStore,
      ledger: blind,
      fetch: (input, init) => shop(new Request(input, init)),
      policy: [allowHosts(['shop.example.com'])],
    })
    expect(await rejection(wallet.fetch('https://shop.example.com/'))).toMatchObject({ moved: 'no' })
    expect(keyStore.signed).toHaveLength(0)
    expect((await ledger.list()).map(({ status }) => status)).toEqual(['released'])
  })

  test.each(Object.entries(ledgerContract))('over better-sqlite3 keeps the contract: %s', async (_sentence, check) => {
    await expect(
      check(({ monotonic } = {}) => sqliteLedger(new BetterSqlite(':memory:'), { monotonic })),
    ).resolves.toBeUndefined()
  })
})
