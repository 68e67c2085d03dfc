import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ledger, memoryLedger } from 'stipend'
import { postgresLedger } from 'stipend/postgres'
import { sqliteLedger } from 'stipend/sqlite'
import { startPostgres } from '../support/postgres.ts'
import { type Measured, measureMemory, measureSqlite } from './large.ts'
import { createPayment, limits } from './payments.ts'
import type { Found, Table } from './report.ts'

const callers = [1, 8, 64, 256]
const budgetMs = 1000

/** Measures reservations per second, by callers at once. */
export async function measureCallers(): Promise<Found> {
  const directory = mkdtempSync(join(tmpdir(), 'stipend-bench-'))
  const server = await startPostgres()
  const ledgers: readonly (readonly [string, () => Ledger])[] = [
    ['memory', memoryLedger],
    ['SQLite (WAL, FULL)', () => sqliteLedger(join(directory, 'bench.db'))],
    ['PostgreSQL', () => postgresLedger(server.createPool())],
  ]
  const facts: Record<string, number> = {}
  const rows: (readonly string[])[] = []
  try {
    for (const [name, create] of ledgers) {
      const ledger = create()
      await reservationsPerSecond(ledger, 1)
      const found: number[] = []
      for (const count of callers) found.push(await reservationsPerSecond(ledger, count))
      const [one = 0, , many = 0, most = 0] = found
      facts[`${name} 64`] = many / one
      facts[`${name} 256`] = most / one
      rows.push([name, ...found.map(String), (many / one).toFixed(1), (most / one).toFixed(1)])
    }
  } finally {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
  const columns = ['ledger', ...callers.map((count) => `${count} at once`), '64 ÷ 1', '256 ÷ 1']
  return { tables: [{ title: 'Reservations per second under two limits', columns, rows }], facts }
}

async function reservationsPerSecond(ledger: Ledger, parallel: number): Promise<number> {
  const start = performance.now()
  const end = start + budgetMs
  let done = 0
  const call = async (): Promise<void> => {
    while (performance.now() < end) {
      await ledger.reserve(createPayment(), limits)
      done += 1
    }
  }
  await Promise.all(Array.from({ length: parallel }, call))
  return Math.round((done / (performance.now() - start)) * 1000)
}

/** Measures ledgers that hold few payments, and many. */
export async function measureLarge(many: number): Promise<Found> {
  const sizes = [1000, many]
  const sqlite = await measureEach(sizes, measureSqlite)
  const memory = await measureEach(sizes, measureMemory)
  const of = (found: readonly Measured[], what: string, at = 1): number => found[at]?.[what] ?? Number.NaN
  return {
    tables: [
      toTable('A SQLite ledger, ms (p50), by payments in it', sizes, sqlite),
      toTable('A ledger in memory that keeps all, ms (p50), by payments in it', sizes, memory),
    ],
    facts: {
      sqliteOpenMs: of(sqlite, 'open'),
      sqliteReserve: of(sqlite, 'reserve') / of(sqlite, 'reserve', 0),
      sqliteListMs: Math.max(of(sqlite, 'list 10 by counter'), of(sqlite, 'list by counter, none')),
      memoryListMs: of(memory, 'list 10'),
      memoryRefuseMs: Math.max(of(memory, 'refuse, a little over'), of(memory, 'refuse, far over')),
    },
  }
}

async function measureEach(
  sizes: readonly number[],
  measure: (count: number) => Promise<Measured>,
): Promise<readonly Measured[]> {
  const found: Measured[] = []
  for (const size of sizes) found.push(await measure(size))
  return found
}

function toTable(title: string, sizes: readonly number[], found: readonly Measured[]): Table {
  // What only one of them has, as an open, is of the larger one.
  const rows = Object.keys(found.at(-1) ?? {}).map((what) => [
    what,
    ...found.map((one) => (one[what] ?? Number.NaN).toFixed(3)),
  ])
  return { title, columns: ['', ...sizes.map((size) => size.toLocaleString('en'))], rows }
}
