import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigurationError, LedgerUnavailableError } from 'stipend'
import type { TimeSource } from 'stipend/ledger'
import type { AnchorWatch } from './anchor.js'
import { machineTime } from './machine-time.js'
import type { SqliteDatabase } from './database.js'
import { fileOf, openDatabase } from './database-file.js'
import { fileAnchor, type FoundFile, type LedgerAnchor, openPrivately } from './file.js'
import { refuseNetworkFile } from './network-file.js'
import type { Tables } from './tables.js'
import { prepareSchema } from './schema.js'
import { blockingMs } from './turns.js'

/** Options of `sqliteLedger`. */
export type SqliteLedgerOptions = {
  /**
   * Whether a file that is missing is made. An agent that has run before can say no: a ledger that is gone has forgotten
   * what was spent.
   *
   * @default true
   */
  readonly create?: boolean | undefined
  /**
   * Milliseconds that pass by themselves, for all processes that share the file. A client whose clock is apart from the
   * ledger's time plus what has passed since, by more than five minutes and a little drift, is refused and moves nothing.
   * After the machine was started anew, nobody can say how long it was off: then any later time is believed once. `false`
   * lets the ledger's time follow its clients forward, for tests with a clock of their own.
   *
   * @default the time since this machine was started; `false` for a database in memory
   */
  readonly monotonic?: (() => number) | false | undefined
  /**
   * Where the end of the journal is kept besides the ledger. A ledger that was lost, emptied or put back to an older copy
   * is behind it when it is opened: it is frozen then, and pays nothing until its owner calls `wallet.unfreeze()`, which
   * is on record. Kept elsewhere than in the same folder, it also shows that the folder as a whole was put back.
   *
   * @default the file's name with `.anchor`; none for `:memory:` and for a database that is passed in, whose loss does not
   * show
   */
  readonly anchor?: LedgerAnchor | false | undefined
}

/** A database that is ready to be used, and how its file was found. */
export type Opened = FoundFile & { readonly database: SqliteDatabase }

/** Opens a database, or takes the one that is open, and brings its tables up to date. */
export function open(file: string | SqliteDatabase, create: boolean): Opened {
  checkNamed(file)
  try {
    const path = typeof file === 'string' ? file : fileOf(file)
    if (path !== undefined && path !== ':memory:') refuseNetworkFile(path)
    const found = isPath(file) ? openPrivately(file, create) : {}
    const database = typeof file === 'string' ? openDatabase(file) : file
    prepareSchema(database)
    // From here on, whoever finds it locked tries again by itself.
    if (typeof file === 'string') database.exec(`PRAGMA busy_timeout = ${blockingMs}`)
    return { ...found, database }
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'configuration_invalid'
      ? error
      : new LedgerUnavailableError(error)
  }
}

/** Refuses what a retry would not mend. */
function checkNamed(file: string | SqliteDatabase | undefined): void {
  if (typeof file !== 'string' && typeof file?.prepare !== 'function')
    throw new ConfigurationError('Failed to open the ledger: expected the path of a file, or an open database')
  if (typeof file !== 'string' || file === ':memory:' || existsSync(dirname(file))) return
  throw new ConfigurationError(`Failed to open the ledger: there is no folder ${dirname(file)}`)
}

function isPath(file: string | SqliteDatabase): file is string {
  return typeof file === 'string' && file !== ':memory:'
}

/** Answers the anchor that a ledger is compared with. */
export function anchorOf(
  file: string | SqliteDatabase,
  given: SqliteLedgerOptions['anchor'],
): LedgerAnchor | undefined {
  if (given !== undefined) return given === false ? undefined : given
  if (!isPath(file)) return undefined
  try {
    return fileAnchor(`${file}.anchor`)
  } catch (error) {
    throw new LedgerUnavailableError(error)
  }
}

/** Puts on record what was found when the file was opened; a ledger that has lost something pays nothing from the start. */
export function noteOpening(
  { database, anchor, looseMode }: Opened & { readonly anchor: AnchorWatch },
  { halts, journal, clock }: Tables,
): void {
  const loss = anchor.findLoss()
  if (loss === undefined && looseMode === undefined) return anchor.keepUp()
  database.exec('BEGIN IMMEDIATE')
  try {
    clock.check()
    const now = clock.now()
    if (looseMode !== undefined) journal.note({ type: 'file-tightened', mode: looseMode }, now)
    if (loss !== undefined) {
      const reason = `the ledger has lost payments: ${loss}`
      halts.freeze({ reason, at: now })
      journal.note({ type: 'frozen', reason }, now)
    }
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw new LedgerUnavailableError(error)
  }
  anchor.keepUp()
}

/** Answers what makes the time of a ledger pass by itself. */
export function sourceOf(monotonic: SqliteLedgerOptions['monotonic']): TimeSource | undefined {
  if (monotonic === false) return undefined
  return monotonic ? { run: 'given', elapsed: monotonic } : machineTime()
}
