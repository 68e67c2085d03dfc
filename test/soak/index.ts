import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Ledger } from 'stipend'
import { postgresLedger } from 'stipend/postgres'
import { sqliteLedger } from 'stipend/sqlite'
import { mock402, type Mock402, type Mock402Fault } from 'stipend/testing'
import { startPostgres } from '../support/postgres.ts'
import { problemsOf } from './check.ts'
import { type Crew, startCrew } from './crew.ts'

/**
 * One wallet in eight processes, of which some are killed all the time, on two ledgers, with shops that fail and lie, clocks
 * that are put an hour off, a disk that is full and connections that break:
 *
 *     npm run soak -- --minutes 10
 *
 * At the end the shops' books, the ledgers and what was told by events have to agree, to the unit.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
if (!(minutes > 0) || !Number.isSafeInteger(seed)) throw new TypeError('--minutes is a number, --seed a whole one')

const faults: readonly Mock402Fault[] = [
  'settle-then-drop',
  'settle-then-500',
  'settle-then-402',
  'settle-then-raise',
  'settle-then-deny',
  'settle-then-redirect',
  'settlement-pending',
  'settle-fails',
  'never-settle',
  'endless-402',
  'broken-off-body',
  'forged-receipt',
  'odd-receipt',
  'no-receipt',
  'payee-swap',
  'malformed',
  'not-x402',
  'clock-skew',
]
const limitUsd = Math.ceil(minutes * 3)
const directory = mkdtempSync(join(tmpdir(), 'stipend-soak-'))
const postgres = await startPostgres()
const file = join(directory, 'soak.db')
type Side = { readonly name: string; readonly shop: Mock402; readonly crew: Crew; readonly open: () => Ledger }

async function open(
  name: string,
  where: { readonly file?: string; readonly socket?: string },
): Promise<Omit<Side, 'open'>> {
  const shop = mock402({ price: '$0.01', faults, seed })
  const { url, close } = await shop.listen()
  const items = limitUsd * 200
  const crew = startCrew({ ...where, shop: url, seed, limitUsd, items }, { size: 4, seed, onEnd: close })
  return { name, shop, crew }
}

const sides: readonly Side[] = [
  { ...(await open('SQLite', { file })), open: () => sqliteLedger(file) },
  { ...(await open('PostgreSQL', { socket: postgres.socket })), open: () => postgresLedger(postgres.createPool()) },
]
process.stdout.write(
  `soaking for ${minutes} minutes: 8 processes, 2 ledgers, seed ${seed}, a limit of $${limitUsd} each\n`,
)
const owner = postgres.createPool()
let cut = 0
/** Connections break, as they do when a server or what is in between is begun anew. */
const cutting = setInterval(() => {
  const others = 'pid <> pg_backend_pid() AND backend_type = $1'
  const query = `SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE ${others} ORDER BY random() LIMIT 2) AS victims`
  owner.query(query, ['client backend']).then(
    ({ rowCount }) => (cut += rowCount ?? 0),
    (error: unknown) => {
      process.stdout.write(`  BROKEN: no connection could be cut: ${String(error)}\n`)
      process.exitCode = 1
    },
  )
}, 4000)
await new Promise((resolve) => void setTimeout(resolve, minutes * 60_000))
clearInterval(cutting)
process.stdout.write(`${cut} connections were cut\n`)
await Promise.all(sides.map(({ crew }) => crew.stop()))
for (const { name, shop, crew, open: openLedger } of sides) {
  const { problems, figures } = await problemsOf(openLedger(), { shop, told: crew.told(), limitUsd })
  process.stdout.write(`${name}: ${figures}; ${crew.figures()}\n`)
  for (const problem of [...problems, ...crew.problems()]) {
    process.stdout.write(`  BROKEN: ${problem}\n`)
    process.exitCode = 1
  }
}
await postgres.stop()
rmSync(directory, { recursive: true, force: true })
process.exit()
