import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import { ClockJumpedError } from '../errors.js'
import { deepFreeze } from '../lib/freeze.js'
import type { Approval, ApprovalId, Freeze, Limit, Payment, PaymentId, SessionId } from '../types.js'
import {
  approvalAtLedgerTime,
  decideApproval,
  isUsableApproval,
  maxApprovals,
  isStandingApproval,
} from './approvals.js'
import { createCounters } from './counters.js'
import { matchesFilter } from './filter.js'
import { nextEvent, nextRecord } from './journal.js'
import type { AuditEntry, AuditEvent, JournalEntry, Ledger, Reservation, ReserveOptions } from '../ports/ledger.js'
import {
  advancePayment,
  atLedgerTime,
  bindsTwin,
  canRenewPayment,
  countsAsSpent,
  presentPayment,
  renewPayment,
} from './lifecycle.js'
import { agreesWithPin } from './pins.js'
import { hearTime, type LedgerTime, rebaseTime, type TimeSource } from './time.js'

type Refused = Exclude<Reservation, { readonly ok: true }>

/** The longest that an unresolved payment binds: as long as it is looked for by its request. */
const maxUnresolvedMs = 7 * 86_400_000

/** Options of `memoryLedger`. */
export type MemoryLedgerOptions = {
  /**
   * Milliseconds that pass by themselves, such as `performance.now`: a client whose clock is apart from the ledger's time
   * plus what has passed since, by more than five minutes, is refused and moves nothing. Right where wallets with clocks
   * of their own share the ledger.
   *
   * @default none: its time follows its clients forward, each of which guards its own clock
   */
  readonly monotonic?: (() => number) | undefined
}

const optionNames: OptionNames<MemoryLedgerOptions> = { monotonic: true }

/** Creates a ledger that lives as long as the process: right for tests, and for limits that may start anew with it. */
export function memoryLedger(options: MemoryLedgerOptions = {}): Ledger {
  refuseUnknown('memoryLedger', options, optionNames)
  const { monotonic } = options
  const payments = new Map<PaymentId, Payment>()
  const journal = new Map<PaymentId, JournalEntry[]>()
  const requests = new Map<string, readonly PaymentId[]>()
  const secrets = new Map<string, Uint8Array>()
  const approvals = new Map<ApprovalId, Approval>()
  const pins = new Map<string, string>()
  const notes = new Map<string, string>()
  const revoked = new Set<SessionId>()
  let freeze: Freeze | undefined
  const counters = createCounters()
  const source: TimeSource | undefined = monotonic && { run: '', elapsed: monotonic }
  const audit: AuditEntry[] = []
  let time: LedgerTime = { now: 0 }
  let ledgerNow = 0

  /** Moves the ledger's time on, or answers how far the client is apart. */
  const tell = (told: number): number | undefined => {
    const heard = hearTime(told, time, source)
    if (!heard.ok) return heard.aheadMs
    time = heard.time
    ledgerNow = time.now
    return undefined
  }
  const note = (event: AuditEvent): void => {
    const { number, at, previous, hash } = nextEvent(event, ledgerNow, audit.at(-1))
    audit.push(Object.freeze({ number, at, event: Object.freeze(event), previous, hash }))
  }
  const believe = (told: number): void => {
    const aheadMs = tell(told)
    if (aheadMs !== undefined) throw new ClockJumpedError(aheadMs, 'ledger')
  }

  /** Keeps how a payment stands now, and that it came to stand so. */
  const put = (payment: Payment): void => {
    payments.set(payment.id, payment)
    const entries = journal.get(payment.id) ?? []
    const { number, at, previous, hash } = nextRecord(payment, ledgerNow, entries.at(-1))
    entries.push(Object.freeze({ number, at, payment, previous, hash }))
    journal.set(payment.id, entries)
  }

  const existing = (payment: Payment, { unresolvedForMs, renew }: ReserveOptions): Payment | undefined => {
    const known = payments.get(payment.id)
    if (known && countsAsSpent(known)) return renew && canRenewPayment(known, payment) ? undefined : known
    if (unresolvedForMs === undefined) return undefined
    const alike = (requests.get(payment.requestDigest) ?? []).flatMap((id) => payments.get(id) ?? [])
    // A payment that was made anew since can be of another request.
    return alike.findLast(
      (one) => one.requestDigest === payment.requestDigest && bindsTwin(one, unresolvedForMs, ledgerNow),
    )
  }

  const present = (payment: Payment): Refused => {
    const presented = presentPayment(payment, ledgerNow)
    put(presented)
    return { ok: false, reason: 'exists', payment: presented }
  }

  /** What stands in the way besides limits. */
  const blockOf = (payment: Payment, options: ReserveOptions): Refused | undefined => {
    if (freeze) return { ok: false, reason: 'frozen', freeze }
    const session = options.sessions?.find((id) => revoked.has(id))
    if (session) return { ok: false, reason: 'revoked', session }
    if (options.notAfter !== undefined && ledgerNow >= options.notAfter) return { ok: false, reason: 'late' }
    const found = existing(payment, options)
    if (found) return present(found)
    for (const pin of options.pins ?? []) {
      const remembered = pins.get(pin.key)
      if (remembered !== undefined && !agreesWithPin(pin, remembered))
        return { ok: false, reason: 'pin', pin, remembered }
    }
    return undefined
  }

  /** The first limit that would not hold with the payment in place of the one that it renews. */
  const exceeded = (payment: Payment, limits: readonly Limit[], replaced: Payment | undefined): Refused | undefined => {
    if (replaced) counters.remove(replaced)
    try {
      for (const limit of limits) {
        const refusal = counters.refuse(limit, payment, ledgerNow)
        if (refusal) return { ok: false, reason: 'limit', limit, ...refusal }
      }
      return undefined
    } finally {
      if (replaced) counters.add(replaced)
    }
  }

  /** Asked for last: nobody is asked for a payment that a limit or a pin forbids. */
  const unapproved = ({ approval: id }: ReserveOptions): Refused | undefined => {
    const approval = id && approvals.get(id)
    if (!id || (approval && isUsableApproval(approval, ledgerNow))) return undefined
    return { ok: false, reason: 'approval', approval: approval || undefined }
  }

  const useUp = ({ approval: id, pins: old = [], newPins = [] }: ReserveOptions): void => {
    const approval = id && approvals.get(id)
    if (approval) approvals.set(approval.id, Object.freeze({ ...approval, status: 'used' }))
    for (const { key, value } of old) if (!pins.has(key)) pins.set(key, value)
    for (const { key, value } of newPins) pins.set(key, value)
  }

  /** Whether a payment can still stand in the way of an identical one: it is unresolved, or its answer may yet break off. */
  const isWaiting = (id: PaymentId): boolean => {
    const payment = payments.get(id)
    if (!payment) return false
    return bindsTwin(payment, maxUnresolvedMs, ledgerNow) || ledgerNow < payment.countsUntil
  }

  const keep = (payment: Payment): void => {
    const recorded = deepFreeze(structuredClone(atLedgerTime(payment, ledgerNow)))
    payments.delete(payment.id)
    put(recorded)
    const alike = (requests.get(payment.requestDigest) ?? []).filter((id) => id !== payment.id && isWaiting(id))
    requests.set(payment.requestDigest, [...alike, payment.id])
    counters.add(recorded)
  }

  return {
    durable: false,

    // No await in here: what is checked is what is recorded.
    async reserve(payment, limits, options = {}): Promise<Reservation> {
      const aheadMs = tell(payment.createdAt)
      if (aheadMs !== undefined) return { ok: false, reason: 'clock', aheadMs }
      const block = blockOf(payment, options)
      if (block) return block
      const known = payments.get(payment.id)
      const replaced = known && countsAsSpent(known) ? known : undefined
      const refusal = exceeded(payment, limits, replaced) ?? unapproved(options)
      if (refusal) return refusal
      if (replaced) counters.remove(replaced)
      useUp(options)
      keep(replaced ? renewPayment(replaced, payment) : payment)
      return { ok: true }
    },

    async update(id, update) {
      const payment = payments.get(id)
      if (!payment) throw new TypeError(`payment ${id} is not in the ledger`)
      const moved = deepFreeze(advancePayment(payment, structuredClone(update)))
      if (moved !== payment) put(moved)
      if (countsAsSpent(payment) && !countsAsSpent(moved)) counters.remove(payment)
      else counters.move(moved)
      return moved
    },

    async history(id) {
      return journal.get(id)?.slice() ?? []
    },

    async get(id) {
      return payments.get(id)
    },

    async list(filter = {}) {
      const { before, limit = 100 } = filter
      const all = [...payments.values()]
      const end = before === undefined ? all.length : all.findLastIndex(({ id }) => id === before)
      if (end < 0) throw new TypeError(`payment ${before} is not in the ledger`)
      return all
        .slice(0, end)
        .filter((payment) => matchesFilter(payment, filter))
        .toReversed()
        .slice(0, limit)
    },

    async usage(limits, now) {
      const heard = hearTime(now, time, source)
      return limits.map((limit) => counters.usage(limit, heard.ok ? heard.time.now : ledgerNow))
    },

    async setTime(now, reason) {
      const from = ledgerNow
      if (now < from) counters.forget()
      time = rebaseTime(now, source)
      ledgerNow = now
      note({ type: 'time-set', from, to: now, reason })
    },

    async audit() {
      return audit.slice()
    },

    async secret(name, first) {
      const secret = secrets.get(name) ?? first?.slice() ?? crypto.getRandomValues(new Uint8Array(32))
      secrets.set(name, secret)
      return secret.slice()
    },

    async requestApproval(approval) {
      believe(approval.requestedAt)
      const standing = approvals.get(approval.id)
      if (standing && isStandingApproval(standing, ledgerNow)) return standing
      for (const one of approvals.values()) if (ledgerNow >= one.expiresAt) approvals.delete(one.id)
      approvals.delete(approval.id)
      const [oldest] = approvals.keys()
      if (oldest !== undefined && approvals.size >= maxApprovals) approvals.delete(oldest)
      const kept = deepFreeze(structuredClone(approvalAtLedgerTime(approval, ledgerNow)))
      approvals.set(approval.id, kept)
      return kept
    },

    async decideApproval(id, status, now) {
      // Whatever the time, a no is taken.
      if (status === 'denied') tell(now)
      else believe(now)
      const approval = approvals.get(id)
      const decided = approval && decideApproval(approval, status, ledgerNow)
      if (decided) approvals.set(id, decided)
      return decided
    },

    async listApprovals(now) {
      return [...approvals.values()].filter((approval) => now < approval.expiresAt).toReversed()
    },

    async freeze(next) {
      if (next) note({ type: 'frozen', reason: next.reason })
      else if (freeze) note({ type: 'unfrozen', reason: freeze.reason })
      freeze = next && Object.freeze({ ...next })
    },

    async frozen() {
      return freeze
    },

    async revokeSession(id) {
      revoked.add(id)
    },

    async revoked(ids) {
      return ids.find((id) => revoked.has(id))
    },

    async remember(name, text) {
      notes.set(name, text)
    },

    async recall(name) {
      return notes.get(name)
    },
  }
}
