import { read, type SqliteDatabase } from './database.js'
import type { LedgerAnchor } from './file.js'

/** The end of a journal, as an anchor has it. */
type Place = { readonly seq: number; readonly hash: string }

/** Compares a ledger with its anchor, and keeps the anchor up with it. */
export type AnchorWatch = {
  /** Answers in words why the ledger is not what the anchor has seen; nothing where it is, or there is no anchor. */
  readonly findLoss: () => string | undefined
  /** Writes where the journal ends, if it has grown; after a commit. */
  readonly keepUp: () => void
  readonly close: () => void
}

/** Creates the watch over a database's journal. */
export function watchAnchor(database: SqliteDatabase, anchor: LedgerAnchor | undefined): AnchorWatch {
  const newest = database.prepare('SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1')
  const at = database.prepare('SELECT hash FROM journal WHERE seq = ?')
  let written = 0
  return {
    findLoss: () => {
      const text = anchor?.read()
      if (text === undefined) return undefined
      // Another process can be writing it: then it is whole a moment later.
      const place = readPlace(text) ?? readPlace(anchor?.read() ?? '')
      if (!place) return 'its anchor cannot be read'
      const hash = read(at.get(place.seq), 'hash')
      if (hash === place.hash) return undefined
      return hash === undefined
        ? `its journal ends before entry ${place.seq}, which its anchor has seen`
        : `entry ${place.seq} of its journal is not the one that its anchor has seen`
    },
    keepUp: () => {
      if (!anchor) return
      const row = newest.get()
      const seq = Number(read(row, 'seq') ?? 0)
      if (seq === written) return
      try {
        anchor.write(`${seq} ${String(read(row, 'hash'))}`)
        written = seq
      } catch {
        // The payment is recorded; what cannot be written here shows less of a loss, and lets nothing be spent.
      }
    },
    close: () => anchor?.close?.(),
  }
}

function readPlace(text: string): Place | undefined {
  const [, seq, hash] = /^(\d{1,15}) ([0-9a-f]{64})$/.exec(text) ?? []
  return seq !== undefined && hash !== undefined ? { seq: Number(seq), hash } : undefined
}
