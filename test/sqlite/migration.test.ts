import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { type SqliteLedger, sqliteLedger } from 'stipend/sqlite'
import { version } from '../../adapters/sqlite/schema.ts'
import { noon, rolling, sampleId, sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { temporaryFolder } from '../support/folder.ts'
import { run } from '../support/child.ts'

const written = readFileSync(new URL('../fixtures/sqlite-v1.sql', import.meta.url), 'utf8')
const directory = temporaryFolder()
let made = 0

/** Writes a file as version 1 left it: payments 1 to 6, of which 4 was released and 5 expired. */
function writeOld(): string {
  made += 1
  const file = join(directory, `${made}.db`)
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode = WAL; BEGIN; ${written} COMMIT`)
  database.close()
  return file
}

function statusesIn(file: string): Promise<readonly string[]> {
  const ledger = sqliteLedger(file)
  return ledger.list().then((payments) => {
    ledger.close()
    return payments.map(({ id, status }) => `${Number(id.slice(-2))} ${status}`)
  })
}

const old = ['6 authorized', '5 expired', '4 released', '3 claimed', '2 unknown', '1 authorized']

async function keepsCounting(ledger: SqliteLedger): Promise<void> {
  const measures = ['microUsd', 'count', 'open', 'unknown'] as const
  for (const window of [{ type: 'lifetime' }, rolling(3600)] as const) {
    const limits = measures.map((measure) => sampleLimit(1000n, { measure, window }))
    const used = (await ledger.usage(limits, noon + 1000)).map((usage) => usage.used)
    expect(used).toEqual([40n, 4n, 3n, 1n])
  }
}

describe('a SQLite ledger of version 1', () => {
  test('is brought up to date with all that it holds', async () => {
    const ledger = sqliteLedger(writeOld())
    await keepsCounting(ledger)
    await ledger.verify()
    for (const payment of await ledger.list()) {
      expect(await ledger.history?.(payment.id)).toMatchObject([{ number: 1, payment, previous: '' }])
    }
    expect((await ledger.list()).map(({ id }) => id)).toEqual([6, 5, 4, 3, 2, 1].map(sampleId))
    await ledger.update(sampleId(2), { status: 'claimed' })
    await ledger.update(sampleId(1), { status: 'released' })
    const open = sampleLimit(2n, { measure: 'open' })
    expect(await ledger.reserve(samplePayment(7), [open])).toEqual({ ok: true })
    expect(await ledger.reserve(samplePayment(8), [open])).toMatchObject({ ok: false, reason: 'limit', used: 2n })
    await ledger.verify()
  })

  test('lets a process of that version, which still runs, write nothing more', async () => {
    const file = writeOld()
    const running = new DatabaseSync(file)
    const write = running.prepare('UPDATE payments SET status = ?, payment = ? WHERE id = ?')
    const enter = running.prepare('INSERT INTO entries VALUES (?, ?, ?, ?)')
    sqliteLedger(file)
    expect(() => write.run('claimed', '{}', sampleId(1))).toThrow(/no such column/)
    expect(() => enter.run('wallet', noon, sampleId(9), 10n)).toThrow(/6 columns but 4 values/)
  })

  test('that a newer version takes over pays nothing more with this one', async () => {
    const file = writeOld()
    const ledger = sqliteLedger(file)
    const newer = new DatabaseSync(file)
    newer.exec('PRAGMA user_version = 99')
    await expect(ledger.reserve(samplePayment(7), [])).rejects.toMatchObject({ code: 'ledger_unavailable' })
    newer.exec(`PRAGMA user_version = ${version}`)
    expect(await ledger.reserve(samplePayment(7), [])).toEqual({ ok: true })
  })

  test('is brought up to date once by eight processes at once', { timeout: 60_000 }, async () => {
    const file = writeOld()
    const ended = await Promise.all(
      Array.from({ length: 8 }, (_, index) => run('opener', { file, number: 10 + index })),
    )
    expect(ended.map(({ errors }) => errors).join('')).toBe('')
    const ledger = sqliteLedger(file)
    expect(await ledger.list()).toHaveLength(14)
    await ledger.verify()
  })

  test('is whole, old or new, wherever its first opening was killed', { timeout: 240_000 }, async () => {
    const { output } = await run('opener', { file: writeOld(), number: 7 })
    const { statements } = JSON.parse(output) as { statements: number }
    expect(statements).toBeGreaterThan(20)
    for (let dieAt = 1; dieAt <= statements; dieAt += 2) {
      const files = [dieAt, dieAt + 1].map((at) => ({ at, file: writeOld() }))
      await Promise.all(files.map(({ at, file }) => run('opener', { file, number: 7, dieAt: at })))
      for (const { file } of files) {
        const statuses = await statusesIn(file)
        expect(statuses.filter((status) => status !== '7 authorized')).toEqual(old)
        const ledger = sqliteLedger(file)
        await ledger.verify()
        ledger.close()
      }
    }
  })

  test('that is killed over and over in its recovery neither grows nor changes', { timeout: 120_000 }, async () => {
    const file = writeOld()
    const other = writeOld()
    sqliteLedger(other).close()
    const { statements } = JSON.parse((await run('opener', { file: other, number: 1 })).output) as {
      statements: number
    }
    for (let round = 0; round < 40; round += 2) {
      const kills = [round, round + 1].map((at) => run('opener', { file, number: 1, dieAt: 1 + (at % statements) }))
      for (const { signal, errors } of await Promise.all(kills)) expect([signal, errors]).toEqual(['SIGKILL', ''])
    }
    expect(await statusesIn(file)).toEqual(old)
    const database = new DatabaseSync(file)
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number }
    expect(pages).toBeLessThan(40)
    const ledger = sqliteLedger(database)
    await keepsCounting(ledger)
    await ledger.verify()
  })
})
