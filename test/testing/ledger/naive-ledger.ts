import type { Ledger, Limit, Payment, PaymentId, SessionId, Usage } from '../../../src/index.js'
import type { AuditEntry, JournalEntry } from '../../../src/ports/ledger.js'
import { countsAsSpent } from '../../../src/ledger/lifecycle.js'
import type { hearTime, LedgerTime } from '../../../src/ledger/time.js'
import { askedOf } from '../../../src/money.js'
import type { Approval, Freeze, Pin } from '../../../src/types.js'
import { type Habits, sound, type Entry } from './habits.ts'

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
        const isPresented = habits.isPresentable(found.payment, payment)
        const presented = isPresented ? habits.present(found, now) : found.payment
        if (isPresented) write(presented)
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
