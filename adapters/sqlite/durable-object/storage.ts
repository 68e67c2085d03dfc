import type { SqliteDatabase, SqliteStatement } from '../database.js'

/** What an object's SQLite takes and answers. */
type ObjectValue = ArrayBuffer | string | number | null

/** The part of a Durable Object's storage that is used: `ctx.storage` of an object whose class has SQLite. */
export type DurableObjectStorage = {
  readonly sql: {
    exec(query: string, ...bindings: ObjectValue[]): { toArray(): Record<string, unknown>[] }
  }
  transactionSync<value>(work: () => value): value
}

/** The tables, and what belongs to one of them has its name in front; `listed` is a column too. */
const ownNames =
  /\b(?:payments|entries|meters|secrets|approvals|freeze|clock|revoked|pins|notes|journal|seals)(?:_\w+)?\b|(?<=\b(?:INTO|FROM|TABLE) )listed\b/g

/** Uses an object's SQLite as any other; tables have a prefix, since an agent keeps its own things beside them. */
export function objectDatabase({ sql }: DurableObjectStorage, prefix: string): SqliteDatabase {
  const named = (query: string): string => query.replaceAll(ownNames, (name) => prefix + name)
  return {
    exec: (query) => void sql.exec(named(query)).toArray(),
    prepare: (query) => prepare(sql, named(query)),
    close: () => {},
  }
}

function prepare(sql: DurableObjectStorage['sql'], query: string): SqliteStatement {
  const all: SqliteStatement['all'] = (...values) =>
    sql
      .exec(query, ...values.map(toObject))
      .toArray()
      .map(fromObject)
  return { all, get: (...values) => all(...values)[0], run: (...values) => void all(...values) }
}

type Value = Parameters<SqliteStatement['run']>[number]

/** Integers beyond what a number holds go as text, which a column of integers makes an integer of. */
function toObject(value: Value): ObjectValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  return value instanceof Uint8Array ? value.slice().buffer : value
}

function fromObject(row: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(row).map(([column, value]) => [
    column,
    value instanceof ArrayBuffer ? new Uint8Array(value) : value,
  ])
  return Object.fromEntries(entries)
}
