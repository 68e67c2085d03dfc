import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ledger, memoryLedger } from 'stipend'
import { postgresLedger } from 'stipend/postgres'
import { sqliteLedger } from 'stipend/sqlite'
import { startPostgres } from '../support/postgres.ts'
import { type Measured, measureMemory, measureSqlite } from './large.ts'
import { createPayment, limits } from './payments.ts'

/**
 * Measures ledgers: reservations per second by callers at once, and milliseconds by size. Run by `npm run bench`, with
 * `--large` up to a million payments; prints Markdown. Nothing asserts on it: quote ratios of one run only.
 */
const callers = [1, 8, 64, 256]
const budgetMs = 1500
const sizes = [1000, 10_000, 100_000, ...(process.argv.includes('--large') ? [1_000_000] : [])]

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

function printRow(...cells: readonly (string | number)[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
}

function printHead(...cells: readonly string[]): void {
  process.stdout.write('\n')
  printRow(...cells)
  printRow(...cells.map((_, index) => (index === 0 ? '---' : '---:')))
}

async function printCallers(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'stipend-bench-'))
  const server = await startPostgres()
  const ledgers: readonly (readonly [string, () => Ledger])[] = [
    ['memory', memoryLedger],
    ['SQLite (WAL, FULL)', () => sqliteLedger(join(directory, 'bench.db'))],
    ['PostgreSQL', () => postgresLedger(server.createPool())],
  ]
  printHead(
    'reservations per second under two limits',
    ...callers.map((count) => `${count} at once`),
    '64 ÷ 1',
    '256 ÷ 1',
  )
  try {
    for (const [name, create] of ledgers) {
      const ledger = create()
      await reservationsPerSecond(ledger, 1)
      const found: number[] = []
      for (const count of callers) found.push(await reservationsPerSecond(ledger, count))
      const [one = 0, , many = 0, most = 0] = found
      printRow(name, ...found, (many / one).toFixed(1), (most / one).toFixed(1))
    }
  } finally {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function printSizes(name: string, measure: (count: number) => Promise<Measured>): Promise<void> {
  const found: Measured[] = []
  for (const size of sizes) found.push(await measure(size))
  printHead(`${name}, ms (p50), by payments in it`, ...sizes.map((size) => size.toLocaleString('en')))
  for (const what of Object.keys(found[0] ?? {})) printRow(what, ...found.map((one) => (one[what] ?? 0).toFixed(3)))
}

process.stdout.write(`Node ${process.version}, ${process.platform} ${process.arch}\n`)
await printCallers()
await printSizes('memory', measureMemory)
await printSizes('SQLite', measureSqlite)
