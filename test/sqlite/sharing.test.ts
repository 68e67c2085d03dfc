import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { sqliteLedger } from 'stipend/sqlite'
import { sampleId, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { temporaryFolder } from '../support/folder.ts'
import { bundle, ended, start } from '../support/child.ts'
import { rejection } from '../support/wallets.ts'

const directory = temporaryFolder()
afterEach(() => {
  vi.useRealTimers()
})

describe('a SQLite file that is shared', () => {
  test('is read while another process changes it, without what is not committed', async () => {
    const file = join(directory, 'read.db')
    const ledger = sqliteLedger(file)
    await ledger.reserve(samplePayment(1), [])
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    other.exec("INSERT INTO freeze VALUES (1, 'half', 0); INSERT INTO revoked VALUES ('ses_1')")
    expect(await ledger.frozen()).toBeUndefined()
    expect(await ledger.revoked(['ses_1'])).toBeUndefined()
    expect((await ledger.get(sampleId(1)))?.status).toBe('authorized')
    expect(await ledger.list()).toHaveLength(1)
    other.exec('COMMIT')
    expect(await ledger.frozen()).toEqual({ reason: 'half', at: 0 })
    expect(await ledger.revoked(['ses_2', 'ses_1'])).toBe('ses_1')
  })

  test.each([
    ['opened by its path', (file: string) => file],
    ['opened with the patience of seconds', (file: string) => new DatabaseSync(file, { timeout: 8000 })],
  ])(
    '%s lets all else go on while another process holds it, and is changed once that one is killed',
    async (how, open) => {
      const file = join(directory, `${how}.db`)
      sqliteLedger(file).close()
      const ledger = sqliteLedger(open(file))
      const holder = await start('holder', { file })
      await new Promise((resolve) => {
        holder.stdout?.once('data', resolve)
      })
      const reserved = Promise.all([1, 2, 3].map((index) => ledger.reserve(samplePayment(index), [])))
      expect(await ledger.list()).toEqual([])
      // Whoever stands still here never lets the other process end.
      holder.kill('SIGKILL')
      await ended(holder)
      expect(await reserved).toEqual([{ ok: true }, { ok: true }, { ok: true }])
      expect((await ledger.list()).map(({ id }) => id)).toEqual([sampleId(3), sampleId(2), sampleId(1)])
      expect(await ledger.recall('half')).toBeUndefined()
      await ledger.verify()
    },
  )

  test('and the files beside it are for their owner only, whatever the umask', async () => {
    const file = join(directory, 'private.db')
    const before = process.umask(0)
    try {
      await sqliteLedger(file).reserve(samplePayment(1), [])
      const modes = ['', '-wal', '-shm', '.anchor'].map((end) => statSync(`${file}${end}`).mode & 0o777)
      expect(modes).toEqual([0o600, 0o600, 0o600, 0o600])
    } finally {
      process.umask(before)
    }
  })

  test('leaves the patience of a database that its owner opened as it is', async () => {
    const database = new DatabaseSync(join(directory, 'own.db'), { timeout: 4321 })
    await sqliteLedger(database).reserve(samplePayment(1), [])
    expect(database.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 4321 })
  })

  test('records nothing where another program holds it for too long, also not later', async () => {
    const file = join(directory, 'held.db')
    const ledger = sqliteLedger(file)
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const refused = Promise.all([1, 2].map((index) => rejection(ledger.reserve(samplePayment(index), []))))
    await new Promise((resolve) => setImmediate(resolve))
    await vi.advanceTimersByTimeAsync(11_000)
    expect(await refused).toMatchObject([{ code: 'ledger_unavailable' }, { code: 'ledger_unavailable' }])
    other.exec('ROLLBACK')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await ledger.list()).toEqual([])
    expect(await ledger.reserve(samplePayment(1), [])).toEqual({ ok: true })
  })

  test('is one budget for four threads, each with its own ledger', { timeout: 60_000 }, async () => {
    const file = join(directory, 'threads.db')
    const program = await bundle('spender')
    const outputs = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const argument = JSON.stringify({ file, calls: 25, dailyLimitUsd: 0.5 })
        const worker = new Worker(program, { argv: [argument], stdout: true })
        let output = ''
        worker.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString()
        })
        await new Promise((resolve, reject) => {
          worker.once('error', reject)
          worker.once('exit', resolve)
        })
        return JSON.parse(output) as { readonly signed: number; readonly odd: readonly string[] }
      }),
    )
    expect(outputs.flatMap(({ odd }) => odd)).toEqual([])
    expect(outputs.reduce((sum, { signed }) => sum + signed, 0)).toBe(50)
    const ledger = sqliteLedger(file)
    expect(await ledger.list({ limit: 1000 })).toHaveLength(50)
    await ledger.verify()
  })
})
