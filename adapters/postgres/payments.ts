import type { AuditEntry, JournalEntry, Payment, PaymentFilter, PaymentId, PaymentUpdate } from 'stipend'
import { advancePayment, decodePayment, encodePayment, type JournalRecord } from 'stipend/ledger'
import type { CallFunction } from './call.js'
import { auditId } from './journal.js'

/** Reads, moves on and replaces what is still as it was read, until nobody came between. */
export async function replace(
  id: PaymentId,
  update: PaymentUpdate,
  call: CallFunction,
  schema: string,
): Promise<Payment> {
  for (;;) {
    const payment = await find(id, call, schema)
    const moved = advancePayment(payment, update)
    if (moved === payment) return moved
    if ((await call.ask('replace', encodePayment(payment), encodePayment(moved))) === true) return moved
  }
}

async function find(id: PaymentId, call: CallFunction, schema: string): Promise<Payment> {
  const [payment] = await select(call, schema, { id })
  if (!payment) throw new TypeError(`payment ${id} is not in the ledger`)
  return payment
}

/** Puts a value's place where a condition says, or at its end. */
function place(condition: string, number: number): string {
  return condition.includes('$') ? condition.replace('$', () => `$${number}`) : `${condition} $${number}`
}

/** Reads what became of a payment, oldest first. */
export async function selectHistory(
  call: CallFunction,
  schema: string,
  id: PaymentId,
): Promise<readonly JournalEntry[]> {
  const entries = await selectEntries(call, schema, id)
  return entries.map(({ record, ...entry }) => ({ ...entry, payment: decodePayment(record) }))
}

/** Reads what was done to the ledger as a whole, oldest first. */
export async function selectAudit(call: CallFunction, schema: string): Promise<readonly AuditEntry[]> {
  const entries = await selectEntries(call, schema, auditId)
  return entries.map(({ record, ...entry }) => ({ ...entry, event: JSON.parse(record) }))
}

async function selectEntries(call: CallFunction, schema: string, id: string): Promise<readonly JournalRecord[]> {
  const text = `SELECT number, at, record, previous, hash FROM ${schema}.journal WHERE id = $1 ORDER BY number`
  return (await call.read(text, [id])).map((row) => {
    const { number, at, record, previous, hash } = Object(row)
    return {
      number: Number(number),
      at: Number(at),
      record: String(record),
      previous: String(previous),
      hash: String(hash),
    }
  })
}

/** Reads the payments that every given filter matches, newest first. */
export async function select(
  call: CallFunction,
  schema: string,
  filter: PaymentFilter & { readonly id?: PaymentId },
): Promise<readonly Payment[]> {
  const { labels, scope, limit = 100 } = filter
  const conditions: readonly (readonly [string, unknown])[] = [
    ['id =', filter.id],
    ['status =', filter.status],
    ['host =', filter.host],
    ['purchase_key =', filter.purchaseKey],
    ['created_at >=', filter.since],
    ['created_at <', filter.until],
    [`(SELECT b.seq FROM ${schema}.payments b WHERE b.id = $) > seq`, filter.before],
    ["payment->'labels' @>", labels && JSON.stringify(labels)],
    ["payment->'scopes' @>", scope === undefined ? undefined : JSON.stringify([scope])],
  ]
  const given = conditions.filter(([, value]) => value !== undefined)
  const where = given.map(([condition], index) => place(condition, index + 1)).join(' AND ')
  const text = `SELECT payment AS answer FROM ${schema}.payments ${where && `WHERE ${where}`} ORDER BY seq DESC LIMIT ${Number(limit)}`
  const rows = await call.read(
    text,
    given.map(([, value]) => value),
  )
  if (rows.length === 0 && filter.before !== undefined) await find(filter.before, call, schema)
  return rows.map((row) => decodePayment(JSON.stringify(Reflect.get(Object(row), 'answer'))))
}

/** What the database may change of a payment while it records it: no text holds it, for there its quotes are escaped. */
const changing = /,?"(?:countsUntil|presentations|sentAt)":\d+,?/

/** Writes a payment for `record_of`: the text around what the database may change, and that. */
export function encodePieces(payment: Payment): string {
  const { countsUntil, presentations, sentAt } = payment
  const pieces = encodePayment({ ...payment, sentAt: sentAt ?? 0 })
    .slice(1, -1)
    .split(changing)
  if (pieces.length !== 4) throw new TypeError(`payment ${payment.id} has numbers that are not whole, or below 0`)
  return `${JSON.stringify(pieces)},${JSON.stringify({ countsUntil, presentations, sentAt })}`
}
