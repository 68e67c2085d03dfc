import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import type { Ledger } from 'stipend'
import { createAccess } from './access.js'
import { watchAnchor } from './anchor.js'
import type { Snapshot, SqliteDatabase } from './database.js'
import { fileOf, isPrivate, watchFile } from './database-file.js'
import { ledgerOf } from './ledger.js'
import { anchorOf, noteOpening, open, sourceOf, type SqliteLedgerOptions } from './open.js'
import { createTables } from './tables.js'
import { inSnapshot } from './verify.js'
import { verify } from './verify-ledger.js'

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
  const snapshot: Snapshot = (queries) => inSnapshot(database, queries)
  const tables = createTables(database, { source: sourceOf(monotonic), snapshot })
  const { check: onBegin, keep: onEnd, committed } = tables.clock
  const onCommit = (): void => {
    committed()
    anchor.keepUp()
  }
  const access = createAccess(database, { isSameFile, onBegin, onEnd, onCommit })
  noteOpening({ database, anchor, looseMode }, tables)
  return Object.freeze({
    durable: !isPrivate(database),
    ...ledgerOf(access, tables),
    verify: () => verify(database, { access, tables, snapshot }),
    close: () => {
      access.flush()
      database.close()
      anchor.close()
    },
  } satisfies SqliteLedger)
}
