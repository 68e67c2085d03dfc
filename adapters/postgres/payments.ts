import {
  advancePayment,
  countsAsSpent,
  decodePayment,
  encodePayment,
  type Payment,
  type PaymentFilter,
  type PaymentId,
  type PaymentUpdate,
} from 'stipend'
import type { Call } from './call.js'

/** Reads, moves on and replaces what is still as it was read, until nobody came between. */
export async function replace(id: PaymentId, update: PaymentUpdate, call: Call, schema: string): Promise<Payment> {
  for (;;) {
    const [payment] = await select(call, schema, { id })
    if (!payment) throw new TypeError(`payment ${id} is not in the ledger`)
    const moved = advancePayment(payment, update)
    const isOver = countsAsSpent(payment) && !countsAsSpent(moved)
    if ((await call.ask('replace', encodePayment(payment), encodePayment(moved), isOver)) === true) return moved
  }
}

/** Puts a value's place where a condition says, or at its end. */
function place(condition: string, number: number): string {
  return condition.includes('$') ? condition.replace('$', () => `$${number}`) : `${condition} $${number}`
}

/** Reads the payments that every given filter matches, newest first. */
export async function select(
  call: Call,
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
  return rows.map((row) => decodePayment(JSON.stringify(Reflect.get(Object(row), 'answer'))))
}
