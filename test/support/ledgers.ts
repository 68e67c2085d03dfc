import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ledger, memoryLedger } from 'stipend'
import { type PostgresLedger, postgresLedger } from 'stipend/postgres'
import { sqliteLedger } from 'stipend/sqlite'
import { noon } from '../../src/testing/ledger/sample-payment.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'

/** Makes new ledgers of one kind, until it is told to stop. */
export type LedgerMaker = {
  readonly create: (options?: { readonly monotonic?: () => number }) => Ledger
  readonly stop: () => Promise<void>
}

/** How to make each ledger there is. */
export const ledgerMakers: Readonly<Record<string, () => Promise<LedgerMaker>>> = {
  memory: async () => ({ create: memoryLedger, stop: async () => {} }),
  SQLite: async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stipend-'))
    let made = 0
    return {
      create: ({ monotonic = false as const } = {}) => {
        made += 1
        return sqliteLedger(join(directory, `${made}.db`), { monotonic })
      },
      stop: async () => rmSync(directory, { recursive: true, force: true }),
    }
  },
  PostgreSQL: async () => {
    const server: TestPostgres = await startPostgres()
    const pool = server.createPool()
    let made = 0
    return {
      create: ({ monotonic } = {}) => {
        made += 1
        const start = monotonic?.() ?? 0
        const clock = monotonic ? () => noon + monotonic() - start : (false as const)
        // Three in turn, as three processes have them: one alone sends what comes at once one after the other.
        const all = [1, 2, 3].map(() => postgresLedger(pool, { schema: `ledger_${made}`, clock }))
        const [first] = all as [PostgresLedger]
        let turn = 0
        const reserve: Ledger['reserve'] = (...given) => {
          turn += 1
          return (all[turn % all.length] ?? first).reserve(...given)
        }
        return { ...first, reserve }
      },
      stop: server.stop,
    }
  },
}
