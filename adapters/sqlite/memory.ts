import type { Pin } from 'stipend'
import { agreesWithPin } from 'stipend/ledger'
import { read, type SqliteDatabase } from './database.js'

/** What is remembered besides payments: what later payments have to agree with, texts by name, and secrets. */
export type Memory = {
  /** Answers the first pin that does not agree with what is remembered under its key. */
  readonly differs: (pins: readonly Pin[]) => { readonly pin: Pin; readonly remembered: string } | undefined
  /** Remembers pins where nothing is yet, and new ones whatever was before. */
  readonly pin: (pins: readonly Pin[], newPins: readonly Pin[]) => void
  readonly remember: (name: string, text: string) => void
  readonly recall: (name: string) => string | undefined
  /** Keeps a secret under a name unless there is one, and answers the one that is kept. */
  readonly secret: (name: string, first: Uint8Array) => Uint8Array
}

/** Creates the memory over a database's tables. */
export function createMemory(database: SqliteDatabase): Memory {
  const byKey = database.prepare('SELECT value FROM pins WHERE key = ?')
  const first = database.prepare('INSERT OR IGNORE INTO pins VALUES (?, ?)')
  const latest = database.prepare('INSERT OR REPLACE INTO pins VALUES (?, ?)')
  const note = database.prepare('INSERT OR REPLACE INTO notes VALUES (?, ?)')
  const byName = database.prepare('SELECT text FROM notes WHERE name = ?')
  const draw = database.prepare('INSERT OR IGNORE INTO secrets VALUES (?, ?)')
  const drawn = database.prepare('SELECT secret FROM secrets WHERE name = ?')

  const textOf = (row: unknown, column: string): string | undefined => {
    const text = read(row, column)
    return text === undefined ? undefined : String(text)
  }
  return {
    differs: (pins) => {
      for (const pin of pins) {
        const remembered = textOf(byKey.get(pin.key), 'value')
        if (remembered !== undefined && !agreesWithPin(pin, remembered)) return { pin, remembered }
      }
      return undefined
    },
    pin: (pins, newPins) => {
      for (const { key, value } of pins) first.run(key, value)
      for (const { key, value } of newPins) latest.run(key, value)
    },
    remember: (name, text) => void note.run(name, text),
    recall: (name) => textOf(byName.get(name), 'text'),
    secret: (name, first) => {
      draw.run(name, first)
      return Uint8Array.from(read(drawn.get(name), 'secret') as Uint8Array)
    },
  }
}
