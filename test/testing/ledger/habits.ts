import type { Limit, Payment, PaymentId, PaymentUpdate, SessionId, Window } from '../../../src/index.js'
import {
  approvalAtLedgerTime,
  decideApproval,
  isStandingApproval,
  isUsableApproval,
} from '../../../src/ledger/approvals.js'
import { nextEvent, nextRecord } from '../../../src/ledger/journal.js'
import type { JournalEntry, PaymentFilter, ReserveOptions } from '../../../src/ports/ledger.js'
import {
  advancePayment,
  countsAsSpent,
  canRenewPayment,
  bindsTwin,
  isPresentable,
  renewPayment,
} from '../../../src/ledger/lifecycle.js'
import { agreesWithPin } from '../../../src/ledger/pins.js'
import { shareOf } from '../../../src/ledger/share.js'
import { hearTime, type LedgerTime, rebaseTime, type TimeSource } from '../../../src/ledger/time.js'
import { leavesAt, windowStart } from '../../../src/ledger/window.js'
import type { Approval, Freeze, Pin } from '../../../src/types.js'

/** A payment, and the instant that windows count it at. */
export type Entry = { payment: Payment; readonly until: number }

/** The decisions of a ledger that adds everything up anew each time; a test replaces one to break it. */
export type Habits = {
  /** Waits between what is checked and what is written. */
  readonly pause: () => Promise<void> | undefined
  readonly copy: (payment: Payment) => Payment
  readonly hear: typeof hearTime
  /** Hears the time of who asks for an approval. */
  readonly hearRequest: typeof hearTime
  /** Hears the time of who gives an approval. */
  readonly hearYes: typeof hearTime
  /** The time from which on who asks what is used was heard. */
  readonly afterAsking: (time: LedgerTime, heard: LedgerTime) => LedgerTime
  readonly rebase: (now: number, source: TimeSource | undefined, time: LedgerTime) => LedgerTime
  readonly event: typeof nextEvent
  readonly record: typeof nextRecord
  /** The entry that the next one of a payment is chained to. */
  readonly head: (journal: readonly JournalEntry[], payment: Payment) => JournalEntry | undefined
  readonly isChange: (moved: Payment, before: Payment) => boolean
  readonly until: (payment: Payment, now: number) => number
  readonly counts: (payment: Payment) => boolean
  readonly isIn: (window: Window, entry: Entry, now: number) => boolean
  readonly isOf: (limit: Limit, payment: Payment) => boolean
  readonly share: (limit: Limit, payment: Payment) => bigint
  readonly add: (sum: bigint, cost: bigint) => bigint
  readonly fits: (sum: bigint, limit: Limit) => boolean
  readonly used: (limit: Limit, entries: readonly Entry[], now: number) => bigint
  readonly checked: (limits: readonly Limit[]) => readonly Limit[]
  readonly existing: (
    entries: readonly Entry[],
    payment: Payment,
    options: ReserveOptions,
    now: number,
  ) => Entry | undefined
  readonly isPresentable: typeof isPresentable
  readonly present: (entry: Entry, now: number) => Payment
  readonly renew: (known: Payment, payment: Payment) => Payment
  readonly existsFirst: boolean
  readonly recordsRefused: boolean
  readonly replaces: (entries: Entry[], id: PaymentId) => void
  readonly fitsAt: (limit: Limit, counted: readonly Entry[], excess: bigint) => number | undefined
  readonly freesAt: (limit: Limit, counted: readonly Entry[]) => number | undefined
  readonly missing: (id: PaymentId, update: PaymentUpdate) => Payment
  readonly advance: (payment: Payment, update: PaymentUpdate) => Payment
  /** The payments that are older than the last one of the page before. */
  readonly older: (payments: readonly Payment[], before: PaymentId, filter: PaymentFilter) => readonly Payment[]
  readonly matches: (payment: Payment, filter: PaymentFilter) => boolean
  readonly arrange: (payments: readonly Payment[], filter: PaymentFilter) => readonly Payment[]
  readonly secret: (secrets: Map<string, Uint8Array>, name: string, first?: Uint8Array) => Uint8Array
  readonly stands: (approval: Approval, now: number) => boolean
  readonly isUsable: (approval: Approval, now: number) => boolean
  readonly decide: typeof decideApproval
  readonly ask: typeof approvalAtLedgerTime
  readonly usesRefused: boolean
  readonly use: (approval: Approval) => Approval
  readonly isListed: (approval: Approval, now: number) => boolean
  readonly blocks: (freeze: Freeze, found: Entry | undefined) => boolean
  readonly isRevoked: (revoked: ReadonlySet<SessionId>, ids: readonly SessionId[]) => SessionId | undefined
  readonly isLate: (notAfter: number, now: number, payment: Payment) => boolean
  readonly halts: (session: SessionId, found: Entry | undefined) => boolean
  readonly agrees: (pin: Pin, remembered: string, found: Entry | undefined) => boolean
  readonly pinsRefused: boolean
  /** Whether a person is asked before limits and pins are looked at. */
  readonly asksFirst: boolean
  readonly pin: (known: Map<string, string>, pins: readonly Pin[]) => void
  readonly repin: (known: Map<string, string>, pins: readonly Pin[]) => void
  readonly note: (notes: Map<string, string>, name: string, text: string) => void
}

/** Habits that keep the contract. */
export const sound: Habits = {
  pause: () => undefined,
  copy: (payment) => structuredClone(payment),
  hear: hearTime,
  hearRequest: hearTime,
  hearYes: hearTime,
  afterAsking: (time) => time,
  rebase: rebaseTime,
  event: nextEvent,
  record: nextRecord,
  head: (journal) => journal.at(-1),
  isChange: (moved, before) => moved !== before,
  until: ({ countsUntil }, now) => Math.max(countsUntil, now),
  counts: countsAsSpent,
  isIn: (window, { until }, now) => window.type !== 'payment' && until > windowStart(window, now),
  isOf: ({ scope }, { scopes }) => scopes.includes(scope),
  share: ({ measure }, payment) => shareOf(payment)[measure],
  add: (sum, more) => sum + more,
  fits: (sum, { max }) => sum <= max,
  used(limit, entries, now) {
    return entries
      .filter(
        (entry) => this.counts(entry.payment) && this.isOf(limit, entry.payment) && this.isIn(limit.window, entry, now),
      )
      .reduce((sum, { payment }) => this.add(sum, this.share(limit, payment)), 0n)
  },
  checked: (limits) => limits,
  existing: (entries, payment, { unresolvedForMs, renew }, now) => {
    const known = entries.find((entry) => entry.payment.id === payment.id && countsAsSpent(entry.payment))
    if (known) return renew && canRenewPayment(known.payment, payment) ? undefined : known
    return entries.find(
      (entry) =>
        entry.payment.requestDigest === payment.requestDigest && bindsTwin(entry.payment, unresolvedForMs, now),
    )
  },
  isPresentable,
  present: (entry, now) => {
    entry.payment = { ...entry.payment, presentations: entry.payment.presentations + 1, sentAt: now }
    return entry.payment
  },
  renew: renewPayment,
  existsFirst: true,
  recordsRefused: false,
  replaces: (entries, id) => {
    const index = entries.findIndex(({ payment }) => payment.id === id)
    if (index >= 0) entries.splice(index, 1)
  },
  fitsAt(limit, counted, excess) {
    let left = excess
    for (const { payment, until } of counted.toSorted((one, other) => one.until - other.until)) {
      left -= this.share(limit, payment)
      if (left <= 0n) return leavesAt(limit.window, until)
    }
    return undefined
  },
  freesAt(limit, counted) {
    return this.fitsAt(limit, counted, 1n)
  },
  missing: (id) => {
    throw new TypeError(`payment ${id} is not in the ledger`)
  },
  advance: advancePayment,
  older: (payments, before) =>
    payments.slice(
      0,
      payments.findIndex(({ id }) => id === before),
    ),
  matches: (payment, filter) =>
    (filter.status ?? payment.status) === payment.status &&
    (filter.host ?? payment.resource.host) === payment.resource.host &&
    (filter.purchaseKey ?? payment.purchaseKey) === payment.purchaseKey &&
    (filter.scope === undefined || payment.scopes.includes(filter.scope)) &&
    (filter.since ?? 0) <= payment.createdAt &&
    (filter.until ?? Number.POSITIVE_INFINITY) > payment.createdAt &&
    Object.entries(filter.labels ?? {}).every(([name, value]) => payment.labels[name] === value),
  arrange: (payments, { limit = 100 }) => payments.toReversed().slice(0, limit),
  secret: (secrets, name, first) => {
    const secret = secrets.get(name) ?? first?.slice() ?? crypto.getRandomValues(new Uint8Array(32))
    secrets.set(name, secret)
    return secret.slice()
  },
  stands: isStandingApproval,
  isUsable: isUsableApproval,
  decide: decideApproval,
  ask: approvalAtLedgerTime,
  usesRefused: false,
  use: (approval) => ({ ...approval, status: 'used' }),
  isListed: ({ expiresAt }, now) => now < expiresAt,
  blocks: () => true,
  isRevoked: (revoked, ids) => ids.find((id) => revoked.has(id)),
  isLate: (notAfter, now) => now >= notAfter,
  halts: () => true,
  agrees: agreesWithPin,
  pinsRefused: false,
  asksFirst: false,
  pin: (known, pins) => {
    for (const { key, value } of pins) if (!known.has(key)) known.set(key, value)
  },
  repin: (known, pins) => {
    for (const { key, value } of pins) known.set(key, value)
  },
  note: (notes, name, text) => void notes.set(name, text),
}
