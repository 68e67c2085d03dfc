import { frozenCopy } from '../lib/freeze.js'
import type { JournalEntry, PaymentFilter } from '../ports/ledger.js'
import type { Payment, PaymentId } from '../types.js'
import { matchesFilter } from './filter.js'
import { nextRecord } from './journal.js'
import { countsAsSpent, isUnresolved } from './lifecycle.js'
import type { LedgerTables } from './reserve.js'

/** Payments as a process remembers them. */
export type MemoryPayments = LedgerTables['payments'] & {
  readonly list: (filter: PaymentFilter) => readonly Payment[]
  /** The entries of one payment, oldest first. */
  readonly history: (id: PaymentId) => readonly JournalEntry[]
  /** Whether a payment counts that is not kept any more. */
  readonly isPast: (id: PaymentId) => boolean
}

type Options = {
  /** How many of the newest are kept whatever became of them. */
  readonly keep: number
  /** Tells whether nothing but sums that never end need a payment any more. */
  readonly hasLeft: (payment: Payment, now: number) => boolean
  readonly letGo: (payment: Payment) => void
}

/** How a payment stood from an instant on. */
type State = {
  readonly payment: Payment
  readonly at: number
  /** How it stood before. */
  readonly before: State | undefined
  /** Written when somebody asks for it: what is hashed then was frozen from the start. */
  entry?: JournalEntry
}

type Kept = {
  state: State
  /** Grows from each payment that is recorded to the next. */
  readonly place: number
  /** Whether it is kept no more, or elsewhere. */
  isGone: boolean
}

/** How many of the oldest are looked at, each time that one is recorded, to be let go of. */
const looksAtOnce = 2

/** Creates the payments of a ledger in memory. */
export function createMemoryPayments({ keep, hasLeft, letGo }: Options): MemoryPayments {
  const kept = new Map<PaymentId, Kept>()
  /** In the order of their places; also such as are gone. */
  let ordered: Kept[] = []
  /** Those that an identical request may have to go on from, by its digest. */
  const unresolved = new Map<string, Set<PaymentId>>()
  /** The places of those that were let go of and count. */
  const past = new Map<PaymentId, number>()
  let lastPlace = 0
  let nextLook = 0

  const get = (id: PaymentId): Payment | undefined => kept.get(id)?.state.payment

  const unfile = ({ requestDigest, id }: Payment): void => {
    const alike = unresolved.get(requestDigest)
    if (alike?.delete(id) && alike.size === 0) unresolved.delete(requestDigest)
  }
  const file = (payment: Payment): void => {
    if (!isUnresolved(payment)) return unfile(payment)
    const alike = unresolved.get(payment.requestDigest)
    if (alike) alike.add(payment.id)
    else unresolved.set(payment.requestDigest, new Set([payment.id]))
  }

  const drop = (one: Kept): void => {
    const { payment } = one.state
    kept.delete(payment.id)
    one.isGone = true
    unfile(payment)
    letGo(payment)
    // Released, its id is free; else it must not be paid once more.
    if (countsAsSpent(payment)) past.set(payment.id, one.place)
  }
  const look = (now: number): void => {
    const end = ordered.length - keep
    for (let looks = 0; looks < looksAtOnce && nextLook < end; looks += 1) {
      const one = ordered[nextLook] as Kept
      nextLook += 1
      const { payment } = one.state
      if (!one.isGone && hasLeft(payment, now) && !isUnresolved(payment)) drop(one)
    }
    if (nextLook >= end) nextLook = 0
    if (ordered.length < 2 * kept.size + 1000) return
    ordered = ordered.filter(({ isGone }) => !isGone)
    nextLook = 0
  }

  return {
    get,
    isPast: (id) => past.has(id),
    byRequest: (digest) =>
      [...(unresolved.get(digest) ?? [])]
        .flatMap((id) => kept.get(id) ?? [])
        .toSorted((one, other) => other.place - one.place)
        .map(({ state }) => state.payment),
    insert: (given, at) => {
      const payment = frozenCopy(given)
      const known = kept.get(payment.id)
      if (known) {
        known.isGone = true
        unfile(known.state.payment)
      }
      lastPlace += 1
      const one = { state: { payment, at, before: known?.state }, place: lastPlace, isGone: false }
      kept.set(payment.id, one)
      ordered.push(one)
      file(payment)
      look(at)
    },
    replace: (payment, at) => {
      const one = kept.get(payment.id)
      if (!one) return
      unfile(one.state.payment)
      one.state = { payment, at, before: one.state }
      file(payment)
    },
    list: (filter) => {
      const { before, limit = 100 } = filter
      const place = before === undefined ? Number.POSITIVE_INFINITY : (kept.get(before)?.place ?? past.get(before))
      if (place === undefined) throw new TypeError(`payment ${before} is not in the ledger`)
      const found: Payment[] = []
      for (let index = ordered.length - 1; index >= 0 && found.length < limit; index -= 1) {
        const one = ordered[index] as Kept
        const { payment } = one.state
        if (one.place < place && !one.isGone && matchesFilter(payment, filter)) found.push(payment)
      }
      return found
    },
    history: (id) => historyOf(kept.get(id)?.state),
  }
}

/** The entries up to a state, each chained to the one before. */
function historyOf(newest: State | undefined): readonly JournalEntry[] {
  const states: State[] = []
  for (let state = newest; state; state = state.before) states.push(state)
  const entries: JournalEntry[] = []
  for (const state of states.toReversed()) {
    state.entry ??= entryOf(state, entries.at(-1))
    entries.push(state.entry)
  }
  return entries
}

function entryOf({ payment, at }: State, head: JournalEntry | undefined): JournalEntry {
  const { number, previous, hash } = nextRecord(payment, at, head)
  return Object.freeze({ number, at, payment, previous, hash })
}
