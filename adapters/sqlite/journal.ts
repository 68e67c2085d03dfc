import type { AuditEntry, AuditEvent, JournalEntry, Payment, PaymentId } from 'stipend'
import {
  decodePayment,
  entriesPerSeal,
  type JournalHead,
  type JournalRecord,
  nextEvent,
  nextRecord,
  nextSeal,
  type Seal,
} from 'stipend/ledger'
import { createInserted, read, type SqliteDatabase } from './database.js'

/** Every change of every payment, as a database keeps it; called within the transaction of the change. */
export type Journal = {
  /** Adds how a payment stands from an instant of the ledger's time on. */
  readonly append: (payment: Payment, at: number) => Appended
  /** The entries of one payment, oldest first. */
  readonly history: (id: PaymentId) => readonly JournalEntry[]
  /** Adds what the ledger's owner did to it. */
  readonly note: (event: AuditEvent, at: number) => void
  readonly audit: () => readonly AuditEntry[]
}

/** How an entry is written, where it is, and whether its payment had none before. */
export type Appended = { readonly record: string; readonly seq: number; readonly isFirst: boolean }

/** Creates the journal over a database's tables. */
export function createJournal(database: SqliteDatabase): Journal {
  const ofPayment = database.prepare(
    'SELECT j.seq, j.number, j.hash FROM payments p JOIN journal j ON j.seq = p.entry WHERE p.id = ?',
  )
  const ofLedger = database.prepare('SELECT j.seq, j.number, j.hash FROM clock c JOIN journal j ON j.seq = c.audit')
  const insert = database.prepare(
    'INSERT INTO journal (id, number, at, before, record, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const inserted = createInserted(database)
  const audited = database.prepare('UPDATE clock SET audit = ?')
  const bySeq = database.prepare('SELECT before, number, at, record, previous, hash FROM journal WHERE seq = ?')
  const seal = createSealer(database)

  const write = (id: string, before: Place | undefined, entry: JournalRecord): number => {
    const { number, at, record, previous, hash } = entry
    const seq = inserted(insert.run(id, number, at, before?.seq ?? null, record, previous, hash))
    if (seq % entriesPerSeal === 0) seal()
    return seq
  }
  const walkBack = (place: Place | undefined): readonly JournalRecord[] => {
    const found: JournalRecord[] = []
    for (let seq: unknown = place?.seq; seq !== undefined && seq !== null; ) {
      const row = bySeq.get(Number(seq))
      found.push(readRecord(row))
      seq = read(row, 'before')
    }
    return found.toReversed()
  }
  return {
    append: (payment, at) => {
      const before = readPlace(ofPayment.get(payment.id))
      const entry = nextRecord(payment, at, before)
      return { record: entry.record, seq: write(payment.id, before, entry), isFirst: !before }
    },
    note: (event, at) => {
      const before = readPlace(ofLedger.get())
      audited.run(write(auditId, before, nextEvent(event, at, before)))
    },
    audit: () => walkBack(readPlace(ofLedger.get())).map(toAudit),
    history: (id) => walkBack(readPlace(ofPayment.get(id))).map(toEntry),
  }
}

/** What the entries of the owner's acts have in place of a payment's id. */
export const auditId = 'ledger'

/** Answers a function that seals all that is not sealed yet. */
function createSealer(database: SqliteDatabase): () => void {
  const newest = database.prepare('SELECT number, first, last, previous, hash FROM seals ORDER BY number DESC LIMIT 1')
  const unsealed = database.prepare('SELECT hash FROM journal WHERE seq > ? ORDER BY seq')
  const insert = database.prepare('INSERT INTO seals VALUES (?, ?, ?, ?, ?)')
  return () => {
    const last = readSeal(newest.get())
    const hashes = unsealed.all(last?.last ?? 0).map((row) => String(read(row, 'hash')))
    const { number, first, last: end, previous, hash } = nextSeal(hashes, last)
    insert.run(number, first, end, previous, hash)
  }
}

/** Reads a row of the seals. */
export function readSeal(row: unknown): Seal | undefined {
  if (row === undefined || row === null) return undefined
  const [number = 0, first = 0, last = 0] = ['number', 'first', 'last'].map((column) => Number(read(row, column)))
  return { number, first, last, previous: String(read(row, 'previous')), hash: String(read(row, 'hash')) }
}

type Place = JournalHead & { readonly seq: number }

function readPlace(row: unknown): Place | undefined {
  if (row === undefined || row === null) return undefined
  return { seq: Number(read(row, 'seq')), number: Number(read(row, 'number')), hash: String(read(row, 'hash')) }
}

function toEntry({ record, ...entry }: JournalRecord): JournalEntry {
  return Object.freeze({ ...entry, payment: decodePayment(record) })
}

function toAudit({ record, ...entry }: JournalRecord): AuditEntry {
  return Object.freeze({ ...entry, event: JSON.parse(record) })
}

/** Reads a row of the journal. */
export function readRecord(row: unknown): JournalRecord {
  const [number, at] = [Number(read(row, 'number')), Number(read(row, 'at'))]
  const [record, previous, hash] = ['record', 'previous', 'hash'].map((column) => String(read(row, column))) as [
    string,
    string,
    string,
  ]
  return { number, at, record, previous, hash }
}
