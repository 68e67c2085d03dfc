import type { Payment, PaymentFilter, PaymentId } from 'stipend'
import { decodePayment } from 'stipend/ledger'
import { read, type SqliteDatabase } from './database.js'
import type { Journal } from './journal.js'
import { unresolved } from './schema.js'

/** Payments as a database keeps them. */
export type Payments = {
  readonly get: (id: PaymentId) => Payment | undefined
  /** Those of a request that nobody may have resolved yet, newest first. */
  readonly byRequest: (digest: string) => readonly Payment[]
  /** Records a payment, and in the journal that it stands so from an instant of the ledger's time on. */
  readonly insert: (payment: Payment, at: number) => void
  /** Records how a payment that is there stands now, likewise. */
  readonly replace: (payment: Payment, at: number) => void
  readonly list: (filter: PaymentFilter) => readonly Payment[]
}

/** Creates the payments over a database's tables. */
export function createPayments(database: SqliteDatabase, journal: Journal): Payments {
  const byId = database.prepare('SELECT record FROM payments WHERE id = ?')
  const byDigest = database.prepare(
    `SELECT record FROM payments WHERE request_digest = ? AND ${unresolved} ORDER BY seq DESC LIMIT 16`,
  )
  const columns = 'id, status, purchase_key, request_digest, host, created_at, record, entry'
  const put = database.prepare(`INSERT OR REPLACE INTO payments (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  const change = database.prepare(
    'UPDATE payments SET status = ?, request_digest = ?, created_at = ?, record = ?, entry = ? WHERE id = ?',
  )
  return {
    get: (id) => decodeRow(byId.get(id)),
    byRequest: (digest) => byDigest.all(digest).flatMap((row) => decodeRow(row) ?? []),
    insert: (payment, at) => {
      const { id, status, purchaseKey, requestDigest, resource, createdAt } = payment
      const { record, seq } = journal.append(payment, at)
      put.run(id, status, purchaseKey, requestDigest, resource.host, createdAt, record, seq)
    },
    replace: (payment, at) => {
      const { record, seq } = journal.append(payment, at)
      change.run(payment.status, payment.requestDigest, payment.createdAt, record, seq, payment.id)
    },
    list: (filter) => listBy(database, filter),
  }
}

function decodeRow(row: unknown): Payment | undefined {
  const record = read(row, 'record')
  return record === undefined ? undefined : decodePayment(String(record))
}

type Condition = readonly [text: string, ...values: (string | number)[]]

function listBy(database: SqliteDatabase, filter: PaymentFilter): readonly Payment[] {
  const conditions = [...conditionsOf(filter), ...pageOf(database, filter)]
  const where = conditions.length > 0 ? `WHERE ${conditions.map(([text]) => text).join(' AND ')}` : ''
  const statement = database.prepare(`SELECT record FROM payments ${where} ORDER BY seq DESC LIMIT ?`)
  const values = conditions.flatMap(([, ...given]) => given)
  return statement.all(...values, filter.limit ?? 100).flatMap((row) => decodeRow(row) ?? [])
}

function pageOf(database: SqliteDatabase, { before }: PaymentFilter): readonly Condition[] {
  if (before === undefined) return []
  const seq = read(database.prepare('SELECT seq FROM payments WHERE id = ?').get(before), 'seq')
  if (seq === undefined) throw new TypeError(`payment ${before} is not in the ledger`)
  return [['seq < ?', Number(seq)]]
}

function conditionsOf({
  status,
  host,
  purchaseKey,
  since,
  until,
  scope,
  labels = {},
}: PaymentFilter): readonly Condition[] {
  const plain = { 'status = ?': status, 'host = ?': host, 'purchase_key = ?': purchaseKey, 'created_at >= ?': since }
  const listed = 'EXISTS (SELECT 1 FROM json_each(record, ?) WHERE key = ? AND value = ?)'
  return [
    ...Object.entries({ ...plain, 'created_at < ?': until }).flatMap(([text, value]): readonly Condition[] =>
      value === undefined ? [] : [[text, value]],
    ),
    ...Object.entries(labels).map(([name, value]): Condition => [listed, '$.labels', name, value]),
    ...(scope === undefined
      ? []
      : [['EXISTS (SELECT 1 FROM json_each(record, ?) WHERE value = ?)', '$.scopes', scope] satisfies Condition]),
  ]
}
