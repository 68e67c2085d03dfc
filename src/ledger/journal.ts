import { canonicalJSON } from '../lib/canonical-json.js'
import { sha256Hex } from '../lib/sha256.js'
import type { AuditEvent, JournalEntry } from '../ports/ledger.js'
import type { Payment } from '../types.js'
import { encodePayment } from './codec.js'

/** What the next entry of a payment is chained to. */
export type JournalHead = Pick<JournalEntry, 'number' | 'hash'>

/** An entry as a ledger writes it: the payment as `encodePayment` has it. */
export type JournalRecord = Omit<JournalEntry, 'payment'> & { readonly record: string }

/** Writes the next entry of a payment's journal, chained to the one before where there is one. */
export function nextRecord(payment: Payment, at: number, head: JournalHead | undefined): JournalRecord {
  const entry = { number: (head?.number ?? 0) + 1, at, record: encodePayment(payment), previous: head?.hash ?? '' }
  return { ...entry, hash: hashRecord(entry) }
}

/** Writes the next entry of what the owner did to a ledger. */
export function nextEvent(event: AuditEvent, at: number, head: JournalHead | undefined): JournalRecord {
  const entry = { number: (head?.number ?? 0) + 1, at, record: canonicalJSON(event), previous: head?.hash ?? '' }
  return { ...entry, hash: hashRecord(entry, 'event') }
}

/** Hashes an entry's RFC 8785 form, in which what it is an entry of is written already. */
export function hashRecord(entry: Omit<JournalRecord, 'hash'>, of: 'payment' | 'event' = 'payment'): string {
  const { number, at, record, previous } = entry
  const own = `"number":${number},"previous":${JSON.stringify(previous)}`
  if (of === 'event') return sha256Hex(`{"at":${at},"event":${record},${own}}`)
  return sha256Hex(`{"at":${at},"number":${number},"payment":${record},"previous":${JSON.stringify(previous)}}`)
}

/** A seal over the entries of all payments that were written since the seal before, so that none can be taken out. */
export type Seal = {
  /** Counts the seals, from 1. */
  readonly number: number
  /** The first and the last entry that it is over, counted through all payments from 1. */
  readonly first: number
  readonly last: number
  /** The hash of the seal before; of the first one, empty. */
  readonly previous: string
  /** SHA-256, in hex, of the RFC 8785 form of this seal, with the `entries`' hashes in place of its own. */
  readonly hash: string
}

/** How many entries a seal is over. */
export const entriesPerSeal = 64

/** Seals the entries of these hashes, which follow the last seal. */
export function nextSeal(hashes: readonly string[], last: Seal | undefined): Seal {
  const first = (last?.last ?? 0) + 1
  const seal = {
    number: (last?.number ?? 0) + 1,
    first,
    last: first + hashes.length - 1,
    previous: last?.hash ?? '',
  }
  return Object.freeze({ ...seal, hash: sha256Hex(canonicalJSON({ ...seal, entries: hashes })) })
}
