import {
  advancePayment,
  ConfigurationError,
  countsAsSpent,
  type Ledger,
  LedgerUnavailableError,
  type Limit,
  type Payment,
  type PaymentFilter,
  type PaymentId,
  type PaymentUpdate,
  type ReserveOptions,
} from 'stipend'
import { type Access, createAccess } from './access.js'
import { createApprovals } from './approvals.js'
import { findBreak } from './check-journal.js'
import { isOnDisk, openDatabase, type SqliteDatabase, watchFile } from './database.js'
import { createHalts } from './halts.js'
import { createJournal } from './journal.js'
import { createMemory } from './memory.js'
import { createMeters } from './meters.js'
import { createPayments } from './payments.js'
import { type Books, reserve } from './reserve.js'
import { prepareSchema } from './schema.js'
import { blockingMs } from './turns.js'
import { findDifference, inSnapshot } from './verify.js'

export type { SqliteDatabase, SqliteStatement } from './database.js'

/** Options of `sqliteLedger`. */
export type SqliteLedgerOptions = {
  /**
   * Whether a file that is missing is made. An agent that has run before can say no: a ledger that is gone has forgotten
   * what was spent.
   *
   * @default true
   */
  readonly create?: boolean | undefined
}

/** A ledger in a SQLite file, which any number of processes on one machine can share. */
export type SqliteLedger = Ledger & {
  /**
   * Adds up anew all that is recorded, payment by payment, and compares it with what is counted; compares each payment with
   * its journal; and follows the journal's chains and seals from its first entry on. For a hundred thousand payments that
   * takes seconds. Where anything differs, the ledger is frozen for all processes.
   *
   * @throws ConfigurationError that says what differs.
   */
  readonly verify: () => Promise<void>
  readonly close: () => void
}

/**
 * Opens a ledger in a SQLite file, or in a database that is open: of node:sqlite, or better-sqlite3. A reservation is
 * one commit that is on disk when it returns (WAL, `synchronous=FULL`). A file of an older version is brought up to date;
 * one that is damaged, or whose sums are not those of its payments, is refused. While another program holds the file, a
 * call tries again for ten seconds, and the rest of the process goes on; only opening it waits with the process.
 *
 * The file belongs on a disk of this machine: a network file system is refused, and memory (tmpfs) or a folder that is
 * synced elsewhere is no place for it. A copy that is put back has forgotten what was spent since it was made. That is
 * noticed while the file is open; otherwise, freeze the wallet until all that was signed since has ended. A purchase with a
 * key of the caller's has the same nonce all the same, and is not paid twice.
 *
 * @throws ConfigurationError or LedgerUnavailableError when the file cannot be used.
 *
 * @example
 * ```ts
 * import { createAgentWallet } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 * import { sqliteLedger } from 'stipend/sqlite'
 *
 * const wallet = createAgentWallet({ keyStore: privateKey(process.env.AGENT_KEY), ledger: sqliteLedger('agent.db') })
 * ```
 */
export function sqliteLedger(file: string | SqliteDatabase, options: SqliteLedgerOptions = {}): SqliteLedger {
  const database = open(file, options.create ?? true)
  const access = createAccess(database, watchFile(typeof file === 'string' ? file : undefined))
  const journal = createJournal(database)
  const books: Books = {
    journal,
    payments: createPayments(database, journal),
    meters: createMeters(database),
    approvals: createApprovals(database),
    halts: createHalts(database),
    memory: createMemory(database),
  }
  return Object.freeze({
    durable: isOnDisk(database),
    ...paymentsOf(access, books),
    ...approvalsOf(access, books),
    ...haltsOf(access, books),
    ...memoryOf(access, books),
    verify: () => verify(database, access, books),
    close: () => {
      database.close()
    },
  } satisfies SqliteLedger)
}

function open(file: string | SqliteDatabase, create: boolean): SqliteDatabase {
  try {
    const database = typeof file === 'string' ? openDatabase(file, create) : file
    prepareSchema(database)
    // From here on, whoever finds it locked tries again by itself.
    if (typeof file === 'string') database.exec(`PRAGMA busy_timeout = ${blockingMs}`)
    return database
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'configuration_invalid'
      ? error
      : new LedgerUnavailableError(error)
  }
}

function paymentsOf(
  { change, look }: Access,
  books: Books,
): Pick<Ledger, 'reserve' | 'update' | 'get' | 'list' | 'history' | 'usage'> {
  const { payments, meters, journal } = books
  return {
    reserve: async (payment: Payment, limits: readonly Limit[], options: ReserveOptions = {}) =>
      change(() => reserve(payment, limits, options, books)),
    update: async (id, update) => change(() => advance(id, update, books)),
    get: async (id) => look(() => payments.get(id)),
    list: async (filter: PaymentFilter = {}) => look(() => payments.list(filter)),
    history: async (id) => look(() => journal.history(id)),
    usage: async (limits, now) =>
      change(() => {
        const ledgerNow = meters.tick(now)
        return limits.map((limit) => meters.usage(limit, ledgerNow))
      }),
  }
}

function advance(id: PaymentId, update: PaymentUpdate, { payments, meters }: Books): Payment {
  const payment = payments.get(id)
  if (!payment) throw new TypeError(`payment ${id} is not in the ledger`)
  const moved = advancePayment(payment, update)
  if (moved !== payment) payments.replace(moved, meters.tick(0))
  if (countsAsSpent(payment) && !countsAsSpent(moved)) meters.remove(payment)
  else meters.move(payment, moved)
  return moved
}

function approvalsOf(
  { change, look }: Access,
  { approvals, meters }: Books,
): Pick<Ledger, 'requestApproval' | 'decideApproval' | 'listApprovals'> {
  return {
    requestApproval: async (approval) => change(() => approvals.request(approval, meters.tick(approval.requestedAt))),
    decideApproval: async (id, status, now) => change(() => approvals.decide(id, status, meters.tick(now))),
    listApprovals: async (now) => look(() => approvals.list(now)),
  }
}

function haltsOf(
  { change, look }: Access,
  { halts }: Books,
): Pick<Ledger, 'freeze' | 'frozen' | 'revokeSession' | 'revoked'> {
  return {
    freeze: async (freeze) => change(() => halts.freeze(freeze)),
    frozen: async () => look(halts.frozen),
    revokeSession: async (id) => change(() => halts.revoke(id)),
    revoked: async (ids) => look(() => halts.revoked(ids)),
  }
}

async function verify(database: SqliteDatabase, { change, look }: Access, { halts, meters }: Books): Promise<void> {
  const difference =
    (await look(() => inSnapshot(database, () => findDifference(database)))) ?? (await findBreak(database, look))
  if (difference === undefined) return
  await change(() => halts.freeze({ reason: `it is not as it was written: ${difference}`, at: meters.tick(0) }))
  throw new ConfigurationError(`Failed to verify the ledger, which is frozen now: ${difference}`)
}

function memoryOf({ change, look }: Access, { memory }: Books): Pick<Ledger, 'secret' | 'remember' | 'recall'> {
  return {
    secret: async (name, first) =>
      change(() => memory.secret(name, first ?? crypto.getRandomValues(new Uint8Array(32)))),
    remember: async (name, text) => change(() => memory.remember(name, text)),
    recall: async (name) => look(() => memory.recall(name)),
  }
}
