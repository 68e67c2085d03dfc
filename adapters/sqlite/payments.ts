import type { Payment, PaymentId } from 'stipend'
import { decodePayment } from 'stipend/ledger'
import { createInserted, read, type SqliteDatabase } from './database.js'
import type { Journal } from './journal.js'
import { type Listing, listedTogether } from './listing.js'
import { unresolved } from './migrations.js'

/** Payments as a database keeps them. */
export type Payments = {
  readonly get: (id: PaymentId) => Payment | undefined
  /** Those of a request that nobody may have resolved yet, newest first. */
  readonly byRequest: (digest: string) => readonly Payment[]
  /** Records a payment, and in the journal that it stands so from an instant of the ledger's time on. */
  readonly insert: (payment: Payment, at: number) => void
  /** Records how a payment that is there stands now, likewise. */
  readonly replace: (payment: Payment, at: number) => void
}

/** Creates the payments over a database's tables. */
export function createPayments(
  database: SqliteDatabase,
  { journal, listing }: { readonly journal: Journal; readonly listing: Listing },
): Payments {
  const byId = database.prepare('SELECT record FROM payments WHERE id = ?')
  const byDigest = database.prepare(
    `SELECT record FROM payments WHERE request_digest = ? AND ${unresolved} ORDER BY seq DESC`,
  )
  const columns = 'id, status, purchase_key, request_digest, host, created_at, record, entry'
  const insertBy = (verb: string) =>
    database.prepare(`${verb} INTO payments (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  // To look for what would be replaced costs as much as the rest.
  const [first, again] = [insertBy('INSERT'), insertBy('INSERT OR REPLACE')]
  const inserted = createInserted(database)
  const change = database.prepare(
    'UPDATE payments SET status = ?, request_digest = ?, created_at = ?, record = ?, entry = ? WHERE id = ?',
  )
  return {
    get: (id) => decodeRow(byId.get(id)),
    byRequest: (digest) => byDigest.all(digest).flatMap((row) => decodeRow(row) ?? []),
    insert: (payment, at) => {
      const { id, status, purchaseKey, requestDigest, resource, createdAt } = payment
      const { record, seq, isFirst } = journal.append(payment, at)
      const put = isFirst ? first : again
      const place = inserted(put.run(id, status, purchaseKey, requestDigest, resource.host, createdAt, record, seq))
      if (place % listedTogether === 0) listing.add(place)
    },
    replace: (payment, at) => {
      const { record, seq } = journal.append(payment, at)
      change.run(payment.status, payment.requestDigest, payment.createdAt, record, seq, payment.id)
    },
  }
}

function decodeRow(row: unknown): Payment | undefined {
  const record = read(row, 'record')
  return record === undefined ? undefined : decodePayment(String(record))
}
