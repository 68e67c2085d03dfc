import { ConfigurationError, isStipendError, type Ledger, LedgerUnavailableError } from 'stipend'
import { type OptionNames, refuseUnknown } from '../../../src/lib/known-options.js'
import type { Access } from '../access.js'
import { read, type Snapshot, type SqliteDatabase } from '../database.js'
import { guard } from '../guard.js'
import { ledgerOf } from '../ledger.js'
import { checkEnds, takeSteps, version } from '../schema.js'
import { createTables, type Tables } from '../tables.js'
import { verify } from '../verify-ledger.js'
import { type DurableObjectStorage, objectDatabase } from './storage.js'

export type { DurableObjectStorage } from './storage.js'

/** Options of `durableObjectLedger`. */
export type DurableObjectLedgerOptions = {
  /**
   * What the names of the ledger's tables begin with, for more than one ledger in an object.
   *
   * @default 'stipend_'
   */
  readonly prefix?: string | undefined
  /**
   * What time it is, in Unix milliseconds. A client whose own clock is more than five minutes apart from it is refused, and
   * moves nothing. With `false` nobody checks, and the ledger's time follows what it is told: for tests with other clocks.
   *
   * @default the platform's clock
   */
  readonly clock?: (() => number) | false | undefined
}

const optionNames: OptionNames<DurableObjectLedgerOptions> = { prefix: true, clock: true }

/** A ledger in a Durable Object. */
export type DurableObjectLedger = Ledger & {
  /**
   * Adds up anew all that is recorded, payment by payment, and compares it with what is counted and with the journal. Where
   * they differ, the ledger is frozen.
   *
   * @throws ConfigurationError that says what differs.
   */
  readonly verify: () => Promise<void>
}

/**
 * Keeps a ledger in a Durable Object of Cloudflare, in the object's own SQLite: all who share its limits pay through that
 * object. A reservation is one transaction, and the object sends nothing out before it is stored, signed payments included.
 *
 * @throws ConfigurationError when the object has no SQLite, or an option is not usable.
 *
 * @example
 * ```ts
 * import { type AgentWallet, allowHosts, createAgentWallet } from 'stipend'
 * import { type DurableObjectStorage, durableObjectLedger } from 'stipend/durable-object'
 * import { privateKey } from 'stipend/keys'
 *
 * export class Agent {
 *   readonly wallet: AgentWallet
 *   constructor(ctx: { readonly storage: DurableObjectStorage }, env: { readonly AGENT_KEY: string }) {
 *     this.wallet = createAgentWallet({
 *       keyStore: privateKey(env.AGENT_KEY),
 *       policy: [allowHosts(['api.example.com'])],
 *       ledger: durableObjectLedger(ctx.storage),
 *     })
 *   }
 * }
 * ```
 */
export function durableObjectLedger(
  storage: DurableObjectStorage,
  options: DurableObjectLedgerOptions = {},
): DurableObjectLedger {
  refuseUnknown('durableObjectLedger', options, optionNames)
  refuseOthers(storage)
  const { prefix = 'stipend_', clock = Date.now } = options
  if (!/^[A-Za-z][A-Za-z0-9_]{0,31}$/.test(prefix)) {
    throw new ConfigurationError(`Failed to read prefix: ${prefix} cannot begin the name of a table`)
  }
  const database = objectDatabase(storage, prefix)
  prepare(storage, database, `${prefix}schema`)
  const source = clock ? { run: 'platform', elapsed: clock } : undefined
  const tables = createTables(database, { source, snapshot })
  const access = createAccess(storage, tables)
  return Object.freeze({
    durable: true,
    ...ledgerOf(access, tables),
    verify: () => verify(database, { access, tables, snapshot }),
  } satisfies DurableObjectLedger)
}

/** Nothing else of the object runs between queries that no `await` is between. */
const snapshot: Snapshot = (queries) => queries()

/** An object of JavaScript's own cannot be told from one that has no SQLite: that fails at its first use. */
function refuseOthers(storage: unknown): void {
  if (typeof read(storage, 'transactionSync') === 'function') return
  throw new ConfigurationError('Failed to open the ledger: this is no storage of a Durable Object with SQLite', {
    details: ['Pass `ctx.storage` of a class that is listed in `new_sqlite_classes` of the Worker’s migrations.'],
  })
}

/** An object's SQLite has no `user_version`: which version its tables are of is in a table. */
function prepare(storage: DurableObjectStorage, database: SqliteDatabase, schema: string): void {
  try {
    storage.transactionSync(() => {
      database.exec(`CREATE TABLE IF NOT EXISTS ${schema} (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER)`)
      const found = Number(read(database.prepare(`SELECT version FROM ${schema}`).get(), 'version') ?? 0)
      if (found === version) return
      takeSteps(database, found)
      database.prepare(`INSERT OR REPLACE INTO ${schema} VALUES (1, ?)`).run(version)
    })
    checkEnds(database)
  } catch (error) {
    throw isStipendError(error) ? error : new LedgerUnavailableError(error)
  }
}

function createAccess(storage: DurableObjectStorage, { clock }: Tables): Access {
  return {
    change: (work) =>
      guard(
        (async () => {
          const value = storage.transactionSync(() => {
            clock.check()
            const answer = work()
            clock.keep()
            return answer
          })
          clock.committed()
          return value
        })(),
      ),
    look: (query) => guard((async () => query())()),
    flush: () => {},
  }
}
