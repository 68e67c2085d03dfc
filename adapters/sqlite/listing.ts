import type { Payment, PaymentFilter } from 'stipend'
import { decodePayment } from 'stipend/ledger'
import { notAuthorized, unresolved } from './migrations.js'
import { read, type Snapshot, type SqliteDatabase } from './database.js'

/** Lists payments, and keeps what they are found by. */
export type Listing = {
  /** Newest first. */
  readonly list: (filter: PaymentFilter) => readonly Payment[]
  /** Notes what all payments up to a place are found by, where it is not noted yet; within a transaction. */
  readonly add: (upTo: number) => void
}

/** How many payments are read one by one before what they are found by is noted for all of them together. */
export const listedTogether = 64

type Value = string | number
type Condition = readonly [text: string, ...values: Value[]]
/** A list that payments are in. */
type Key = readonly [kind: 'scope' | 'label' | 'host', name: string, value: string]

/** Creates the listing over a database's tables. */
export function createListing(database: SqliteDatabase, snapshot: Snapshot): Listing {
  const placeOf = database.prepare('SELECT seq FROM payments WHERE id = ?')
  const mark = database.prepare('SELECT listed FROM clock')
  const note = noteKeys(database)

  const select = (rest: string, values: readonly Value[], limit: number): readonly Payment[] =>
    limit <= 0
      ? []
      : database
          .prepare(`SELECT p.record AS record ${rest} LIMIT ?`)
          .all(...values, limit)
          .map((row) => decodePayment(String(read(row, 'record'))))
  const pageOf = ({ before }: PaymentFilter): readonly Condition[] => {
    if (before === undefined) return []
    const seq = read(placeOf.get(before), 'seq')
    if (seq === undefined) throw new TypeError(`payment ${before} is not in the ledger`)
    return [['p.seq < ?', Number(seq)]]
  }

  return {
    add: note,
    list: (filter) => {
      const { limit = 100 } = filter
      const plain = [...conditionsOf(filter), ...pageOf(filter)]
      const [first, ...others] = keysOf(filter)
      if (first === undefined) return select(...scan([...plain, ...hostOf(filter)]), limit)
      return snapshot(() => {
        // The newest are not noted yet: they are looked at one by one.
        const listed = Number(read(mark.get(), 'listed'))
        const newest = select(...scan([...plain, ...[first, ...others].map(holds), ['p.seq > ?', listed]]), limit)
        const older = walk(first, [...plain, ...others.map(isListed)], listed)
        return [...newest, ...select(...older, limit - newest.length)]
      })
    },
  }
}

/** Answers a function that notes what all payments up to a place are found by; within a transaction. */
export function noteKeys(database: SqliteDatabase): Listing['add'] {
  const unlisted = 'p.seq > (SELECT listed FROM clock) AND p.seq <= ?'
  const each = (columns: string, from: string) =>
    database.prepare(`INSERT OR IGNORE INTO listed SELECT ${columns}, p.seq FROM payments p${from} WHERE ${unlisted}`)
  const notes = [
    each("'host', '', p.host", ''),
    each("'scope', '', one.value", ", json_each(p.record, '$.scopes') one"),
    each("'label', one.key, one.value", ", json_each(p.record, '$.labels') one"),
  ]
  const move = database.prepare('UPDATE clock SET listed = (SELECT COALESCE(MAX(seq), 0) FROM payments WHERE seq <= ?)')
  return (upTo) => {
    for (const statement of notes) statement.run(upTo)
    move.run(upTo)
  }
}

/** No index has them by status: they are among the unresolved, which are few. */
const isAuthorized = `p.status = ? AND p.seq IN (SELECT seq FROM payments WHERE ${unresolved})`

/** The lists that payments have to be in, the one that is likely to be the shortest first. */
function keysOf({ labels = {}, scope, host, status, purchaseKey }: PaymentFilter): readonly Key[] {
  const keys = Object.entries(labels).map(([name, value]): Key => ['label', name, value])
  if (scope !== undefined) keys.push(['scope', '', scope])
  const isIndexed = status !== undefined || purchaseKey !== undefined
  if (host !== undefined && (keys.length > 0 || !isIndexed)) keys.push(['host', '', host])
  return keys
}

function hostOf({ host }: PaymentFilter): readonly Condition[] {
  return host === undefined ? [] : [['p.host = ?', host]]
}

function conditionsOf({ status, purchaseKey, since, until }: PaymentFilter): readonly Condition[] {
  const given = {
    [status === 'authorized' ? isAuthorized : `p.status = ? AND p.${notAuthorized}`]: status,
    'p.purchase_key = ?': purchaseKey,
    'p.created_at >= ?': since,
    'p.created_at < ?': until,
  }
  return Object.entries(given).flatMap(([text, value]): readonly Condition[] =>
    value === undefined ? [] : [[text, value]],
  )
}

/** Whether a payment itself says that it is in a list. */
function holds([kind, name, value]: Key): Condition {
  if (kind === 'host') return ['p.host = ?', value]
  if (kind === 'scope') return ["EXISTS (SELECT 1 FROM json_each(p.record, '$.scopes') WHERE value = ?)", value]
  return ["EXISTS (SELECT 1 FROM json_each(p.record, '$.labels') WHERE key = ? AND value = ?)", name, value]
}

function isListed(key: Key): Condition {
  return ['EXISTS (SELECT 1 FROM listed o WHERE o.kind = ? AND o.name = ? AND o.value = ? AND o.seq = p.seq)', ...key]
}

type Query = readonly [rest: string, values: readonly Value[]]

function scan(conditions: readonly Condition[]): Query {
  const where = conditions.length > 0 ? `WHERE ${conditions.map(([text]) => text).join(' AND ')}` : ''
  return [`FROM payments p ${where} ORDER BY p.seq DESC`, conditions.flatMap(([, ...values]) => values)]
}

/** Reads along a list, which is in the order of payments: CROSS JOIN has SQLite begin there. */
function walk(key: Key, conditions: readonly Condition[], upTo: number): Query {
  const rest = conditions.map(([text]) => ` AND ${text}`).join('')
  return [
    `FROM listed l CROSS JOIN payments p ON p.seq = l.seq
     WHERE l.kind = ? AND l.name = ? AND l.value = ? AND l.seq <= ?${rest} ORDER BY l.seq DESC`,
    [...key, upTo, ...conditions.flatMap(([, ...values]) => values)],
  ]
}
