import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Limit, Payment, PaymentId } from 'stipend'
import { type SqliteDatabase, sqliteLedger } from 'stipend/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { samplePayment } from '../../src/testing/ledger/sample-payment.ts'

let folder: string
let commits: number
/** What the next commit fails with. */
let failure: Error | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stipend-groups-'))
  commits = 0
  failure = undefined
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A real database, whose commits are counted, and can be made to fail. */
function openCounted(): SqliteDatabase {
  const database = new DatabaseSync(join(folder, 'ledger.db'))
  return {
    prepare: (sql) => database.prepare(sql),
    close: () => database.close(),
    exec: (sql) => {
      if (sql !== 'COMMIT') return database.exec(sql)
      if (failure) {
        const thrown = failure
        failure = undefined
        throw thrown
      }
      commits += 1
      return database.exec(sql)
    },
  }
}

const open = () => {
  const ledger = sqliteLedger(openCounted(), { monotonic: false })
  commits = 0
  return ledger
}

const tenOf = (measure: Limit['measure']): Limit => ({
  name: 'ten',
  scope: 'wallet',
  window: { type: 'lifetime' },
  measure,
  max: 10n,
})

const codeOf = (result: PromiseSettledResult<unknown>): unknown =>
  result.status === 'rejected' ? (result.reason as { readonly code?: unknown }).code : undefined

describe('what is asked of a SQLite ledger in one turn', () => {
  test('shares a commit, and the next turn has its own', async () => {
    const ledger = open()
    await Promise.all(Array.from({ length: 64 }, async (_, index) => ledger.reserve(samplePayment(index + 1), [])))
    expect(commits).toBe(1)
    expect(await ledger.list()).toHaveLength(64)
    await ledger.reserve(samplePayment(65), [])
    expect(commits).toBe(2)
  })

  test('is held to limits one after another', async () => {
    const ledger = open()
    const all = await Promise.all(
      Array.from({ length: 64 }, async (_, index) => ledger.reserve(samplePayment(index + 1), [tenOf('count')])),
    )
    expect(all.filter(({ ok }) => ok)).toHaveLength(10)
    expect(all.slice(0, 10).every(({ ok }) => ok)).toBe(true)
    expect(commits).toBe(1)
  })

  test('is kept without what cannot be, which fails alone', async () => {
    const ledger = open()
    const missing = `pay_${'f'.repeat(32)}` as PaymentId
    const settled = await Promise.allSettled([
      ledger.reserve(samplePayment(1), []),
      ledger.update(missing, { status: 'claimed' }),
      ledger.reserve(samplePayment(2), []),
    ])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(settled[1]).toMatchObject({ reason: { message: `payment ${missing} is not in the ledger` } })
    expect(await ledger.list()).toHaveLength(2)
    await ledger.verify()
  })

  test('fails as a whole where the commit fails; nothing of it is kept, and what follows is', async () => {
    const ledger = open()
    failure = Object.assign(new Error('database or disk is full'), { errcode: 13 })
    // Later than what is recorded afterwards: the time that was not kept does not stand in its way.
    const later: Payment = { ...samplePayment(1), createdAt: samplePayment(1).createdAt + 60_000 }
    const settled = await Promise.allSettled([ledger.reserve(later, []), ledger.reserve(samplePayment(2), [])])
    expect(settled.map(codeOf)).toEqual(['ledger_unavailable', 'ledger_unavailable'])
    expect(await ledger.list()).toEqual([])
    expect(await ledger.reserve(samplePayment(3), [])).toEqual({ ok: true })
    expect(await ledger.list()).toHaveLength(1)
    await ledger.verify()
  })

  test('is not done anew after a commit of which nobody knows whether it is on disk', async () => {
    const ledger = open()
    failure = Object.assign(new Error('disk I/O error'), { errcode: 10 })
    const settled = await Promise.allSettled([1, 2].map(async (index) => ledger.reserve(samplePayment(index + 1), [])))
    expect(settled.map(codeOf)).toEqual(['ledger_unavailable', 'ledger_unavailable'])
    const [next] = await Promise.allSettled([ledger.reserve(samplePayment(3), [])])
    expect(next && codeOf(next)).toBe('ledger_unavailable')
    expect(commits).toBe(0)
  })

  test('is on disk when the ledger is closed, also where nobody has waited for it', async () => {
    const ledger = open()
    const reserved = ledger.reserve(samplePayment(1), [])
    ledger.close()
    expect(await reserved).toEqual({ ok: true })
    const again = sqliteLedger(join(folder, 'ledger.db'), { monotonic: false })
    expect(await again.list()).toHaveLength(1)
    again.close()
  })
})
