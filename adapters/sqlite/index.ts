import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import {
  ClockJumpedError,
  ConfigurationError,
  type Ledger,
  type Limit,
  type Payment,
  type PaymentFilter,
  type ReserveOptions,
} from 'stipend'
import { reservePayment, updatePayment } from 'stipend/ledger'
import { type Access, createAccess } from './access.js'
import { watchAnchor } from './anchor.js'
import { createApprovals } from './approvals.js'
import { findBreak } from './check-journal.js'
import { createClock, isPrivate, type Tick } from './clock.js'
import { fileOf, type SqliteDatabase, watchFile } from './database.js'
import { createHalts } from './halts.js'
import { createJournal } from './journal.js'
import { createListing } from './listing.js'
import { createMemory } from './memory.js'
import { createMeters } from './meters.js'
import { anchorOf, noteOpening, open, sourceOf, type SqliteLedgerOptions } from './open.js'
import { createPayments } from './payments.js'
import type { Tables } from './tables.js'
import { findDamage, findDifference, inSnapshot } from './verify.js'

export type { SqliteDatabase, SqliteStatement } from './database.js'
export type { LedgerAnchor } from './file.js'
export type { SqliteLedgerOptions } from './open.js'

const optionNames: OptionNames<SqliteLedgerOptions> = { create: true, anchor: true, monotonic: true }

/** A ledger in a SQLite file, which any number of processes on one machine can share. */
export type SqliteLedger = Ledger & {
  /**
   * Checks the file page by page; adds up anew all that is recorded, payment by payment, and compares it with what is
   * counted; compares each payment with its journal; and follows the journal's chains and seals from its first entry on.
   * For a hundred thousand payments that takes seconds: opening checks the sums and the end of the journal alone. Where
   * anything differs, the ledger is frozen for all processes.
   *
   * @throws ConfigurationError that says what differs.
   */
  readonly verify: () => Promise<void>
  readonly close: () => void
}

/**
 * Opens a ledger in a SQLite file, or in a database that is open: of node:sqlite, or better-sqlite3. A reservation is
 * on disk when it returns (WAL, `synchronous=FULL`); what is asked for in one turn of the event loop shares a commit. A file of an older version is brought up to date;
 * one whose sums are not those of its payments, or whose journal ends otherwise than it was written, is refused. While another program holds the file, a
 * call tries again for ten seconds, and the rest of the process goes on; only opening it waits with the process.
 *
 * The file belongs on a disk of this machine: a network file system is refused, and memory (tmpfs) or a folder that is
 * synced elsewhere is no place for it. The file, and those beside it, are for its owner only; one that others could read is
 * closed to them, and the ledger's audit says so. A copy that is put back has forgotten what was spent since it was made:
 * see `anchor`. A purchase with a key of the caller's has the same nonce all the same, and is not paid twice.
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
  refuseUnknown('sqliteLedger', options, optionNames)
  const { database, looseMode } = open(file, options.create ?? true)
  const { monotonic = isPrivate(database) ? false : undefined } = options
  const anchor = watchAnchor(database, anchorOf(file, options.anchor))
  const isSameFile = watchFile(fileOf(database))
  const clock = createClock(database, sourceOf(monotonic))
  const access = createAccess(database, { isSameFile, onBegin: clock.check, onCommit: anchor.keepUp })
  const journal = createJournal(database)
  const listing = createListing(database)
  const tables: Tables = {
    journal,
    clock,
    payments: createPayments(database, { journal, listing }),
    listing,
    meters: createMeters(database),
    approvals: createApprovals(database),
    halts: createHalts(database),
    memory: createMemory(database),
  }
  noteOpening({ database, anchor, looseMode }, tables)
  return Object.freeze({
    durable: !isPrivate(database),
    ...paymentsOf(access, tables),
    ...approvalsOf(access, tables),
    ...haltsOf(access, tables),
    ...memoryOf(access, tables),
    ...timeOf(access, tables),
    verify: () => verify(database, access, tables),
    close: () => {
      access.flush()
      database.close()
      anchor.close()
    },
  } satisfies SqliteLedger)
}

function paymentsOf(
  { change, look }: Access,
  tables: Tables,
): Pick<Ledger, 'reserve' | 'update' | 'get' | 'list' | 'history' | 'usage'> {
  const { payments, listing, meters, journal, clock } = tables
  return {
    reserve: async (payment: Payment, limits: readonly Limit[], options: ReserveOptions = {}) =>
      change(() => reservePayment(payment, limits, options, tables)),
    update: async (id, update) => change(() => updatePayment(id, update, tables)),
    get: async (id) => look(() => payments.get(id)),
    list: async (filter: PaymentFilter = {}) => look(() => listing.list(filter)),
    history: async (id) => look(() => journal.history(id)),
    usage: async (limits, now) =>
      change(() => {
        const [at, ledgerNow] = [clock.peek(now), clock.now()]
        return limits.map((limit) => meters.usage(limit, at, ledgerNow))
      }),
  }
}

function approvalsOf(
  { change, look }: Access,
  { approvals, clock }: Tables,
): Pick<Ledger, 'requestApproval' | 'decideApproval' | 'listApprovals'> {
  return {
    requestApproval: async (approval) =>
      change(() => approvals.request(approval, believed(clock.tell(approval.requestedAt)))),
    decideApproval: async (id, status, now) =>
      change(() => {
        const tick = clock.tell(now)
        // Whatever the time, a no is taken.
        return approvals.decide(id, status, !tick.ok && status === 'denied' ? clock.now() : believed(tick))
      }),
    listApprovals: async (now) => look(() => approvals.list(now)),
  }
}

function believed(tick: Tick): number {
  if (tick.ok) return tick.now
  throw new ClockJumpedError(tick.aheadMs, 'ledger')
}

function haltsOf(
  { change, look }: Access,
  { halts, journal, clock }: Tables,
): Pick<Ledger, 'freeze' | 'frozen' | 'revokeSession' | 'revoked'> {
  return {
    freeze: async (freeze) =>
      change(() => {
        const before = halts.frozen()
        halts.freeze(freeze)
        if (freeze) journal.note({ type: 'frozen', reason: freeze.reason }, clock.now())
        else if (before) journal.note({ type: 'unfrozen', reason: before.reason }, clock.now())
      }),
    frozen: async () => look(halts.frozen),
    revokeSession: async (id) => change(() => halts.revoke(id)),
    revoked: async (ids) => look(() => halts.revoked(ids)),
  }
}

async function verify(database: SqliteDatabase, { change, look }: Access, { halts, clock }: Tables): Promise<void> {
  const difference =
    (await look(() => findDamage(database))) ??
    (await look(() => inSnapshot(database, () => findDifference(database)))) ??
    (await findBreak(database, look))
  if (difference === undefined) return
  await change(() => halts.freeze({ reason: `it is not as it was written: ${difference}`, at: clock.now() }))
  throw new ConfigurationError(`Failed to verify the ledger, which is frozen now: ${difference}`)
}

function timeOf(
  { change, look }: Access,
  { clock, journal, meters }: Tables,
): Required<Pick<Ledger, 'setTime' | 'audit'>> {
  return {
    setTime: async (now, reason) =>
      change(() => {
        const before = clock.set(now)
        // Sums of windows that had moved on too far lack what left them too early.
        if (now < before) meters.forget()
        journal.note({ type: 'time-set', from: before, to: now, reason }, now)
      }),
    audit: async () => look(journal.audit),
  }
}

function memoryOf({ change, look }: Access, { memory }: Tables): Pick<Ledger, 'secret' | 'remember' | 'recall'> {
  return {
    secret: async (name, first) =>
      change(() => memory.secret(name, first ?? crypto.getRandomValues(new Uint8Array(32)))),
    remember: async (name, text) => change(() => memory.remember(name, text)),
    recall: async (name) => look(() => memory.recall(name)),
  }
}
