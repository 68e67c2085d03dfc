import type { Measure } from 'stipend'
import { read, type SqliteDatabase } from './database.js'

/** The entries of a scope that leave between two instants; open ones and others each in the order in which they leave. */
export const inRange = 'scope = ? AND counts_until > ? AND counts_until <= ?'
const parts = ['open = 0', 'open = 1']

/** As many entries that are open, and as many others, leave a window at a time, unless all have to for a payment to fit. */
const maxLeaving = 500

/** Looks for what leaves a window as it moves on from one instant to another. */
export type Leavers = {
  /** Tells whether anything leaves. */
  readonly some: (scope: string, from: number, to: number) => boolean
  /** Answers up to where the window is moved on at once: all the way, unless too much leaves it. */
  readonly upTo: (scope: string, from: number, to: number) => number
}

/** Creates what looks for what leaves a window. */
export function createLeavers(database: SqliteDatabase): Leavers {
  // Not `open IN (0, 1)`, for which SQLite makes a table of its own at each call.
  const first = parts.map((part) =>
    database.prepare(`SELECT 1 AS one FROM entries WHERE ${inRange} AND ${part} LIMIT 1`),
  )
  const last = parts.map((part) =>
    database.prepare(
      `SELECT counts_until FROM entries WHERE ${inRange} AND ${part} ORDER BY counts_until LIMIT 1 OFFSET ?`,
    ),
  )
  return {
    some: (scope, from, to) => first.some((statement) => read(statement.get(scope, from, to), 'one') !== undefined),
    upTo: (scope, from, to) => {
      const found = last.map((statement) => read(statement.get(scope, from, to, maxLeaving - 1), 'counts_until'))
      return Math.min(to, ...found.filter((at) => at !== undefined).map(Number))
    },
  }
}

/** An entry that leaves a window, and what it leaves of a measure. */
export type Leaving = { readonly at: number; readonly id: string; readonly share: bigint }

/** Reads the entries of a scope that leave next after a place, in their order. */
export type LeavingPage = (scope: string, after: number, afterId: string, limit: number) => readonly Leaving[]

/** Creates what reads the entries that leave next, by what is measured. */
export function createLeavingPages(database: SqliteDatabase): Readonly<Record<Measure, LeavingPage>> {
  return {
    microUsd: createLeavingPage(database, 'micro_usd', parts),
    count: createLeavingPage(database, '1', parts),
    open: createLeavingPage(database, '1', ['open = 1']),
    unknown: createLeavingPage(database, '1', ['open = 1 AND unknown = 1']),
  }
}

function createLeavingPage(database: SqliteDatabase, share: string, from: readonly string[]): LeavingPage {
  const statements = from.map((part) =>
    database.prepare(
      `SELECT counts_until, id, CAST(${share} AS TEXT) AS share FROM entries
       WHERE scope = ? AND ${part} AND (counts_until, id) > (?, ?) ORDER BY counts_until, id LIMIT ?`,
    ),
  )
  return (scope, after, afterId, limit) =>
    statements
      .flatMap((statement) => statement.all(scope, after, afterId, limit).map(toLeaving))
      .toSorted((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1))
      .slice(0, limit)
}

function toLeaving(row: unknown): Leaving {
  return {
    at: Number(read(row, 'counts_until')),
    id: String(read(row, 'id')),
    share: BigInt(String(read(row, 'share'))),
  }
}
