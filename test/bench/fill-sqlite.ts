import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { encodePayment, entriesPerSeal, hashRecord, nextSeal, type Seal } from 'stipend/ledger'
import { sqliteLedger } from 'stipend/sqlite'
import { createPayment } from './payments.ts'

/** Writes a SQLite ledger of so many payments as the ledger itself would have, but many in one transaction; answers its file. */
export function fillSqlite(count: number, now: number): { readonly file: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'stipend-bench-'))
  const file = join(directory, 'large.db')
  sqliteLedger(file, { anchor: false }).close()
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144')
  writePayments(database, count, now)
  database.close()
  return { file, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

function writePayments(database: DatabaseSync, count: number, now: number): void {
  const payments = database.prepare(
    `INSERT INTO payments (id, status, purchase_key, request_digest, host, created_at, record, entry)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const journal = database.prepare('INSERT INTO journal VALUES (?, ?, 1, ?, NULL, ?, ?, ?)')
  const seals = database.prepare('INSERT INTO seals VALUES (?, ?, ?, ?, ?)')
  const entries = database.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, 0, 0)')
  let seal: Seal | undefined
  let hashes: string[] = []
  database.exec('BEGIN')
  for (let number = 1; number <= count; number += 1) {
    // Three in four are older than the daily window; the rest is spread over it.
    const createdAt = now - Math.floor(((count - number) / count) * 4 * 86_400_000)
    const payment = createPayment(createdAt, { status: 'claimed', labels: { task: `task ${number % 1000}` } })
    const { id, status, purchaseKey, requestDigest, resource, countsUntil } = payment
    const record = encodePayment(payment)
    const hash = hashRecord({ number: 1, at: createdAt, record, previous: '' })
    journal.run(number, id, createdAt, record, '', hash)
    payments.run(id, status, purchaseKey, requestDigest, resource.host, createdAt, record, number)
    for (const scope of payment.scopes) entries.run(scope, countsUntil, id, payment.microUsd)
    if (hashes.push(hash) < entriesPerSeal) continue
    seal = nextSeal(hashes, seal)
    seals.run(seal.number, seal.first, seal.last, seal.previous, seal.hash)
    hashes = []
  }
  database.exec(`
    INSERT INTO listed SELECT 'host', '', host, seq FROM payments;
    INSERT INTO listed SELECT 'scope', '', one.value, seq FROM payments, json_each(record, '$.scopes') one;
    INSERT INTO listed SELECT 'label', one.key, one.value, seq FROM payments, json_each(record, '$.labels') one;
    UPDATE clock SET listed = ${count}, now = ${now};
    COMMIT`)
}
