import {
  type AuditEntry,
  type AuditEvent,
  decodePayment,
  entriesPerSeal,
  type JournalEntry,
  type JournalHead,
  type JournalRecord,
  nextEvent,
  nextRecord,
  nextSeal,
  type Payment,
  type PaymentId,
  type Seal,
} from 'stipend'
import { read, type SqliteDatabase } from './database.js'

/** Every change of every payment, as a database keeps it; called within the transaction of the change. */
export type Journal = {
  /** Adds how a payment stands from an instant of the ledger's time on. */
  readonly append: (payment: Payment, at: number) => void
  /** The entries of one payment, oldest first. */
  readonly history: (id: PaymentId) => readonly JournalEntry[]
  /** Adds what the ledger's owner did to it. */
  readonly note: (event: AuditEvent, at: number) => void
  readonly audit: () => readonly AuditEntry[]
}

/** Creates the journal over a database's tables. */
export function createJournal(database: SqliteDatabase): Journal {
  const latest = database.prepare('SELECT number, hash FROM journal WHERE id = ? ORDER BY number DESC LIMIT 1')
  const insert = database.prepare(
    'INSERT INTO journal (id, number, at, record, previous, hash) VALUES (?, ?, ?, ?, ?, ?) RETURNING seq',
  )
  const ofPayment = database.prepare(
    'SELECT number, at, record, previous, hash FROM journal WHERE id = ? ORDER BY number',
  )
  const seal = createSealer(database)
  const write = (id: string, { number, at, record, previous, hash }: JournalRecord): void => {
    const seq = Number(read(insert.get(id, number, at, record, previous, hash), 'seq'))
    if (seq % entriesPerSeal === 0) seal()
  }
  return {
    append: (payment, at) => write(payment.id, nextRecord(payment, at, readHead(latest.get(payment.id)))),
    note: (event, at) => write(auditId, nextEvent(event, at, readHead(latest.get(auditId)))),
    audit: () => ofPayment.all(auditId).map(readAudit),
    history: (id) => ofPayment.all(id).map(readEntry),
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

function readHead(row: unknown): JournalHead | undefined {
  if (row === undefined || row === null) return undefined
  return { number: Number(read(row, 'number')), hash: String(read(row, 'hash')) }
}

function readEntry(row: unknown): JournalEntry {
  const { record, ...entry } = readRecord(row)
  return Object.freeze({ ...entry, payment: decodePayment(record) })
}

function readAudit(row: unknown): AuditEntry {
  const { record, ...entry } = readRecord(row)
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
