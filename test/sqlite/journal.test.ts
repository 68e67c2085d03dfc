import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { encodePayment, entriesPerSeal, hashRecord } from 'stipend/ledger'
import { type SqliteLedger, sqliteLedger } from 'stipend/sqlite'
import { noon, sampleId, samplePayment } from '../../src/testing/ledger/sample-payment.ts'

/** A ledger whose journal has a seal and a half: payments, some of which moved on. */
async function filled(): Promise<{ ledger: SqliteLedger; database: DatabaseSync }> {
  const database = new DatabaseSync(':memory:')
  const ledger = sqliteLedger(database)
  for (let number = 1; number <= entriesPerSeal; number += 1) {
    await ledger.reserve(samplePayment(number, { createdAt: noon + number }), [])
    if (number % 2 === 0) await ledger.update(sampleId(number), { status: 'claimed' })
  }
  return { ledger, database }
}

/** Whoever has the file can take the triggers away. */
function withoutTriggers(database: DatabaseSync, sql: string): void {
  for (const name of ['update', 'delete', 'replace']) {
    database.exec(`DROP TRIGGER journal_${name}; DROP TRIGGER seals_${name}`)
  }
  database.exec(sql)
}

/** Writes another payment into an entry, and what hashes it needs for that. */
function forge(database: DatabaseSync, number: number): void {
  const record = encodePayment(samplePayment(number, { createdAt: noon + number, microUsd: 1n }))
  const row = database.prepare('SELECT number, at, previous FROM journal WHERE id = ?').get(sampleId(number))
  const { at, previous } = row as { at: number; previous: string }
  withoutTriggers(database, '')
  const hash = hashRecord({ number: 1, at, record, previous })
  database.prepare('UPDATE journal SET record = ?, hash = ? WHERE id = ?').run(record, hash, sampleId(number))
  database.prepare('UPDATE payments SET record = ? WHERE id = ?').run(record, sampleId(number))
  database.exec(`UPDATE entries SET micro_usd = 1 WHERE id = '${sampleId(number)}'; DELETE FROM meters`)
}

describe('the journal of a SQLite ledger', () => {
  test('is whole after payments have moved on', async () => {
    const { ledger, database } = await filled()
    await ledger.verify()
    expect(database.prepare('SELECT COUNT(*) AS seals FROM seals').get()).toEqual({ seals: 1 })
    const sealed = database.prepare('SELECT first, last FROM seals').get()
    expect(sealed).toEqual({ first: 1, last: entriesPerSeal })
  })

  test.each([
    ['changed', "UPDATE journal SET record = '{}' WHERE seq = 3"],
    ['removed', 'DELETE FROM journal WHERE seq = 3'],
    ['replaced', "INSERT OR REPLACE INTO journal VALUES (3, 'x', 1, 0, NULL, '{}', '', '')"],
    ['resealed', "UPDATE seals SET hash = ''"],
    ['unsealed', 'DELETE FROM seals'],
    ['resealed under a number', "INSERT OR REPLACE INTO seals VALUES (1, 1, 64, '', '')"],
  ])('cannot be %s', async (_how, sql) => {
    const { ledger, database } = await filled()
    expect(() => database.exec(sql)).toThrow(/only ever added to/)
    await ledger.verify()
  })

  test.each([
    ['an entry was changed', 'UPDATE journal SET at = at + 1 WHERE seq = 3', /is not as it was written/],
    ['an entry was taken out', 'DELETE FROM journal WHERE seq = 2', /entry 2 of the journal is missing/],
    [
      'all entries of a payment were taken out, and the others moved up',
      `DELETE FROM journal WHERE id = '${sampleId(1)}'; UPDATE journal SET seq = seq - 1;
       UPDATE journal SET before = before - 1; UPDATE payments SET entry = entry - 1;
       DELETE FROM payments WHERE id = '${sampleId(1)}'; DELETE FROM entries WHERE id = '${sampleId(1)}';
       DELETE FROM meters`,
      /could not be frozen: seal 1 of the journal is not that of its entries/,
    ],
    [
      'the last entries were taken out',
      'DELETE FROM journal WHERE seq > 40',
      /could not be frozen: .*(?:does not stand as|are missing)/,
    ],
    ['a seal was taken out', 'DELETE FROM seals', /seal 1 of the journal is not that of its entries/],
    ['a seal was changed', "UPDATE seals SET hash = 'x'", /seal 1 of the journal is not that of its entries/],
    [
      'a payment stands otherwise',
      `UPDATE payments SET record = json_set(record, '$.note', 'x') WHERE id = '${sampleId(5)}'`,
      /does not stand as the journal says/,
    ],
  ])('shows that %s, and lets nothing be paid then', async (_what, sql, difference) => {
    const { ledger, database } = await filled()
    withoutTriggers(database, sql)
    await expect(ledger.verify()).rejects.toThrow(difference)
    const refused = await ledger.reserve(samplePayment(999), []).catch((error: unknown) => error)
    const isShorter = difference.source.startsWith('could not be frozen')
    expect(refused).toMatchObject(isShorter ? { code: 'ledger_unavailable' } : { ok: false, reason: 'frozen' })
  })

  test('shows by its seals that an entry was written anew, with the hash that it needs', async () => {
    const { ledger, database } = await filled()
    forge(database, 7)
    await expect(ledger.verify()).rejects.toThrow(/seal 1 of the journal is not that of its entries/)
    expect(() => sqliteLedger(database)).toThrow(/seal 1 of the journal is not that of its entries/)
  })
})
