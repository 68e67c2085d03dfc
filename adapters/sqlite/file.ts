import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs'
import { ConfigurationError } from 'stipend'

/** What a ledger's file was found to be, or made. */
export type FoundFile = {
  /** The mode that let others read it, until now. */
  readonly looseMode?: string | undefined
}

/**
 * Opens or makes a ledger's file for its owner only: it holds the secrets that sessions and names are made from. SQLite
 * makes the files beside it like it.
 *
 * @throws ConfigurationError when it is missing or empty and is not to be made, or cannot be closed to others.
 */
export function openPrivately(path: string, create: boolean): FoundFile {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!create && !found) throw new ConfigurationError(`Failed to open the ledger: there is no file ${path}`)
  if (!create && found?.size === 0) {
    throw new ConfigurationError(`Failed to open the ledger: the file ${path} is empty`, {
      details: ['A ledger that was emptied has forgotten what was spent. With `create: true` it is begun anew.'],
    })
  }
  if (found) return tighten(path, found.mode)
  closeSync(openSync(path, 'a', 0o600))
  return {}
}

/** Windows has other means, which Node does not show. */
function isLoose(mode: number): boolean {
  return process.platform !== 'win32' && (mode & 0o077) !== 0
}

function tighten(path: string, mode: number): FoundFile {
  if (!isLoose(mode)) return {}
  try {
    for (const one of [path, `${path}-wal`, `${path}-shm`]) {
      if (statSync(one, { throwIfNoEntry: false })) chmodSync(one, 0o600)
    }
  } catch (cause) {
    throw new ConfigurationError(`Failed to open the ledger: others can read ${path}, and its mode cannot be changed`, {
      details: ['It holds secrets: its owner has to be who runs this, and its mode 0600.'],
      cause,
    })
  }
  return { looseMode: (mode & 0o777).toString(8).padStart(4, '0') }
}

/** Where the end of a ledger's journal is kept besides the ledger, so that an older copy of that shows. */
export type LedgerAnchor = {
  /** Answers what was written last; nothing where nothing ever was. */
  readonly read: () => string | undefined
  /** Keeps up to 128 characters in place of those before; called after each change of a payment. */
  readonly write: (text: string) => void
  readonly close?: (() => void) | undefined
}

const anchorLength = 128

/** Keeps an anchor in a file, written over in place: a copy that is a little old shows less, and no wrong alarm. */
export function fileAnchor(path: string): LedgerAnchor {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  if (isLoose(fstatSync(file).mode)) fchmodSync(file, 0o600)
  return {
    read: () => readFileSync(path, 'utf8').trim() || undefined,
    write: (text) => void writeSync(file, text.padEnd(anchorLength - 1).concat('\n'), 0, 'utf8'),
    close: () => closeSync(file),
  }
}
