import type { Ledger, Limit, Payment, PaymentId, PaymentUpdate, SessionId, Usage, Window } from '../../../src/index.js'
import {
  approvalAtLedgerTime,
  decideApproval,
  isStandingApproval,
  isUsableApproval,
} from '../../../src/ledger/approvals.js'
import { nextEvent, nextRecord } from '../../../src/ledger/journal.js'
import type { AuditEntry, JournalEntry, PaymentFilter, ReserveOptions } from '../../../src/ports/ledger.js'
import {
  advancePayment,
  countsAsSpent,
  canRenewPayment,
  bindsTwin,
  renewPayment,
} from '../../../src/ledger/lifecycle.js'
import { agreesWithPin } from '../../../src/ledger/pins.js'
import { shareOf } from '../../../src/ledger/share.js'
import { hearTime, type LedgerTime, rebaseTime, type TimeSource } from '../../../src/ledger/time.js'
import { leavesAt, windowStart } from '../../../src/ledger/window.js'
import { askedOf } from '../../../src/money.js'
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

/** Creates a ledger of these habits. */
export function naiveLedger(habits: Habits = sound, { monotonic }: { readonly monotonic?: () => number } = {}): Ledger {
  const entries: Entry[] = []
  const secrets = new Map<string, Uint8Array>()
  const approvals = new Map<string, Approval>()
  const revoked = new Set<SessionId>()
  const pinned = new Map<string, string>()
  const notes = new Map<string, string>()
  const journal = new Map<PaymentId, JournalEntry[]>()
  const audit: AuditEntry[] = []
  const source = monotonic && { run: '', elapsed: monotonic }
  let frozen: Freeze | undefined
  let time: LedgerTime = { now: 0 }

  const tell = (told: number, hear = habits.hear): number | undefined => {
    const heard = hear(told, time, source)
    if (!heard.ok) return heard.aheadMs
    time = heard.time
    return undefined
  }
  const believe = (told: number, hear: typeof hearTime): void => {
    if (tell(told, hear) !== undefined) throw new TypeError('the clock of who asks is apart')
  }
  const write = (payment: Payment): void => {
    const known = journal.get(payment.id) ?? []
    const { number, at, previous, hash } = habits.record(payment, time.now, habits.head(known, payment))
    journal.set(payment.id, [...known, { number, at, payment: habits.copy(payment), previous, hash }])
  }

  const countedOf = (limit: Limit, now: number): readonly Entry[] =>
    entries.filter(
      (entry) =>
        habits.counts(entry.payment) && habits.isOf(limit, entry.payment) && habits.isIn(limit.window, entry, now),
    )
  const usageOf = (limit: Limit, now: number): Usage => ({
    limit,
    used: habits.used(limit, entries, now),
    freesAt: habits.freesAt(limit, countedOf(limit, now)),
  })
  const broken = (payment: Payment, limits: readonly Limit[]) => {
    const { now } = time
    const others = entries.filter((entry) => entry.payment.id !== payment.id)
    const limit = habits
      .checked(limits)
      .find((one) => !habits.fits(habits.add(habits.used(one, others, now), askedOf(one, payment)), one))
    if (!limit) return undefined
    const used = habits.used(limit, others, now)
    const excess = used + askedOf(limit, payment) - limit.max
    const fitsAt = askedOf(limit, payment) > limit.max ? undefined : habits.fitsAt(limit, countedOf(limit, now), excess)
    return { ok: false, reason: 'limit', limit, used, fitsAt } as const
  }

  const differing = (pins: readonly Pin[] = [], found: Entry | undefined) => {
    const pin = pins.find(({ key }, index) => {
      const remembered = pinned.get(key)
      return remembered !== undefined && !habits.agrees(pins[index] as Pin, remembered, found)
    })
    return pin && ({ ok: false, reason: 'pin', pin, remembered: pinned.get(pin.key) ?? '' } as const)
  }

  return {
    reserve: async (payment, limits, options = {}) => {
      const aheadMs = tell(payment.createdAt)
      if (aheadMs !== undefined) return { ok: false, reason: 'clock', aheadMs }
      const { now } = time
      const found = habits.existing(entries, payment, options, now)
      if (frozen && habits.blocks(frozen, found)) return { ok: false, reason: 'frozen', freeze: frozen }
      const session = habits.isRevoked(revoked, options.sessions ?? [])
      if (session && habits.halts(session, found)) return { ok: false, reason: 'revoked', session }
      const { notAfter = Number.POSITIVE_INFINITY } = options
      if (habits.isLate(notAfter, now, payment)) return { ok: false, reason: 'late' }
      const different = differing(options.pins, found)
      const refusal = broken(payment, limits)
      const waiting = habits.pause()
      if (waiting) await waiting
      if (found && (habits.existsFirst || !refusal)) {
        const presented = habits.present(found, now)
        write(presented)
        return { ok: false, reason: 'exists', payment: habits.copy(presented) }
      }
      const approval = approvals.get(options.approval ?? '')
      const isMissing = options.approval !== undefined && !(approval && habits.isUsable(approval, now))
      const missing = isMissing && ({ ok: false, reason: 'approval', approval } as const)
      if (missing && habits.asksFirst) return missing
      if (different) return different
      if (missing && !refusal) return missing
      if (approval && (!refusal || habits.usesRefused)) approvals.set(approval.id, habits.use(approval))
      if (!refusal || habits.pinsRefused) {
        habits.pin(pinned, options.pins ?? [])
        habits.repin(pinned, options.newPins ?? [])
      }
      if (refusal && !habits.recordsRefused) return refusal
      const known = entries.find((entry) => entry.payment.id === payment.id && countsAsSpent(entry.payment))
      const recorded = known ? habits.renew(known.payment, payment) : payment
      habits.replaces(entries, payment.id)
      entries.push({ payment: habits.copy(recorded), until: habits.until(recorded, now) })
      write(recorded)
      return refusal ?? { ok: true }
    },
    update: async (id, update) => {
      const entry = entries.find(({ payment }) => payment.id === id)
      if (!entry) return habits.missing(id, update)
      const before = entry.payment
      entry.payment = habits.advance(before, update)
      if (habits.isChange(entry.payment, before)) write(entry.payment)
      return habits.copy(entry.payment)
    },
    get: async (id) =>
      entries
        .filter(({ payment }) => payment.id === id)
        .map(({ payment }) => habits.copy(payment))
        .at(-1),
    list: async (filter = {}) => {
      const { before } = filter
      const all = entries.map(({ payment }) => habits.copy(payment))
      const page = before === undefined ? all : habits.older(all, before, filter)
      return habits.arrange(
        page.filter((payment) => habits.matches(payment, filter)),
        filter,
      )
    },
    history: async (id) => journal.get(id) ?? [],
    usage: async (limits, asked) => {
      const heard = habits.hear(asked, time, source)
      const at = heard.ok ? heard.time : time
      time = habits.afterAsking(time, at)
      return limits.map((limit) => usageOf(limit, Math.max(time.now, at.now)))
    },
    setTime: async (to, reason) => {
      const from = time.now
      time = habits.rebase(to, source, time)
      const event = { type: 'time-set', from, to, reason } as const
      const { number, at, previous, hash } = habits.event(event, to, audit.at(-1))
      audit.push({ number, at, event, previous, hash })
    },
    audit: async () => audit,
    secret: async (name, first) => habits.secret(secrets, name, first),
    requestApproval: async (asked) => {
      believe(asked.requestedAt, habits.hearRequest)
      const { now } = time
      const standing = approvals.get(asked.id)
      if (standing && habits.stands(standing, now)) return standing
      approvals.delete(asked.id)
      const kept = structuredClone(habits.ask(asked, now))
      approvals.set(asked.id, kept)
      return kept
    },
    decideApproval: async (id, status, at) => {
      if (status === 'denied') tell(at)
      else believe(at, habits.hearYes)
      const approval = approvals.get(id)
      const decided = approval && habits.decide(approval, status, time.now)
      if (decided) approvals.set(id, decided)
      return decided
    },
    listApprovals: async (at) => [...approvals.values()].filter((one) => habits.isListed(one, at)).toReversed(),
    freeze: async (freeze) => {
      frozen = freeze
    },
    frozen: async () => frozen,
    revokeSession: async (id) => void revoked.add(id),
    revoked: async (ids) => habits.isRevoked(revoked, ids),
    remember: async (name, text) => habits.note(notes, name, text),
    recall: async (name) => notes.get(name),
  }
}
