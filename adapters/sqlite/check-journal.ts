import { entriesPerSeal, hashRecord, type JournalHead, type JournalRecord, nextSeal, type Seal } from 'stipend/ledger'
import { read, type SqliteDatabase } from './database.js'
import { auditId, readRecord, readSeal } from './journal.js'

/** How many entries are looked at in one piece, before others get their turn. */
const pageSize = 500

type Row = JournalRecord & { readonly seq: number; readonly id: string }

/** What was read of a journal so far. */
type Walk = {
  seq: number
  seal: Seal | undefined
  /** The hashes of the entries that are not sealed yet. */
  unsealed: string[]
  readonly heads: Map<string, JournalHead>
}

/**
 * Walks through the whole journal in pages, which are read one by one: answers the first entry or seal that is not as it
 * was written, in words.
 */
export async function findBreak(
  database: SqliteDatabase,
  look: <value>(query: () => value) => Promise<value>,
): Promise<string | undefined> {
  const { readPage, readSealOf } = prepare(database)
  const walk: Walk = { seq: 0, seal: undefined, unsealed: [], heads: new Map() }
  for (;;) {
    const wrong = await look(() => {
      const rows = readPage(walk.seq)
      for (const row of rows) {
        const problem = step(walk, row, readSealOf)
        if (problem !== undefined) return problem
      }
      return rows.length === 0 ? null : undefined
    })
    if (wrong === null) return look(() => findSurplus(database))
    if (wrong !== undefined) return wrong
  }
}

/** Checks the newest seal and what was written since, which is little however long the journal is. */
export function findBreakAtEnd(database: SqliteDatabase): string | undefined {
  const { readPage, readSealOf, newestSeal } = prepare(database)
  const newest = newestSeal()
  const before = newest && readSealOf(newest.number - 1)
  const walk: Walk = { seq: before?.last ?? 0, seal: before, unsealed: [], heads: new Map() }
  for (let rows = readPage(walk.seq); rows.length > 0; rows = readPage(walk.seq)) {
    for (const row of rows) {
      if (!walk.heads.has(row.id) && row.number > 1) {
        walk.heads.set(row.id, { number: row.number - 1, hash: row.previous })
      }
      const problem = step(walk, row, readSealOf)
      if (problem !== undefined) return problem
    }
  }
  return findSurplus(database)
}

function step(walk: Walk, row: Row, readSealOf: (number: number) => Seal | undefined): string | undefined {
  if (row.seq !== walk.seq + 1) return `entry ${walk.seq + 1} of the journal is missing`
  const head = walk.heads.get(row.id)
  const isNext = row.number === (head?.number ?? 0) + 1 && row.previous === (head?.hash ?? '')
  if (!isNext || hashRecord(row, row.id === auditId ? 'event' : 'payment') !== row.hash) {
    return `entry ${row.number} of ${row.id} in the journal is not as it was written`
  }
  walk.seq = row.seq
  walk.heads.set(row.id, { number: row.number, hash: row.hash })
  walk.unsealed.push(row.hash)
  return walk.unsealed.length < entriesPerSeal ? undefined : closeSeal(walk, readSealOf)
}

function closeSeal(walk: Walk, readSealOf: (number: number) => Seal | undefined): string | undefined {
  const expected = nextSeal(walk.unsealed, walk.seal)
  const found = readSealOf(expected.number)
  if (found?.hash !== expected.hash || found.previous !== expected.previous || found.last !== expected.last) {
    return `seal ${expected.number} of the journal is not that of its entries`
  }
  walk.seal = expected
  walk.unsealed = []
  return undefined
}

/** Finds a seal over entries that are not there. */
function findSurplus(database: SqliteDatabase): string | undefined {
  const seal = database.prepare(
    'SELECT number FROM seals WHERE last > (SELECT COALESCE(MAX(seq), 0) FROM journal) LIMIT 1',
  )
  const number = read(seal.get(), 'number')
  return number === undefined ? undefined : `the entries of seal ${String(number)} of the journal are missing`
}

function prepare(database: SqliteDatabase) {
  const page = database.prepare('SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT ?')
  const seal = database.prepare('SELECT * FROM seals WHERE number = ?')
  const newest = database.prepare('SELECT * FROM seals ORDER BY number DESC LIMIT 1')
  return {
    readPage: (seq: number) => page.all(seq, pageSize).map(readRow),
    readSealOf: (number: number) => readSeal(seal.get(number)),
    newestSeal: () => readSeal(newest.get()),
  }
}

function readRow(row: unknown): Row {
  return { ...readRecord(row), seq: Number(read(row, 'seq')), id: String(read(row, 'id')) }
}
