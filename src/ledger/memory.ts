import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import { AlreadyPaidError, ClockJumpedError, ConfigurationError } from '../errors.js'
import { frozenCopy } from '../lib/freeze.js'
import type { AuditEntry, AuditEvent, Ledger } from '../ports/ledger.js'
import { createCounters } from './counters.js'
import { nextEvent } from './journal.js'
import { createMemoryPayments } from './memory-payments.js'
import { createMemoryApprovals, createMemoryHalts, createMemoryPins } from './memory-tables.js'
import { type LedgerTables, reservePayment, updatePayment } from './reserve.js'
import { hearTime, type LedgerTime, rebaseTime, type TimeSource } from './time.js'

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
  /**
   * How many of the newest payments are kept whatever became of them. An older one is let go of, with its history, once it
   * is resolved and has left every window that any limit has: then it is listed no more, only its id and what it adds to
   * sums stay, and its purchase is not paid again. A wallet that watches its chains keeps at least as many as it makes
   * between two rounds.
   *
   * @default 10000
   */
  readonly keep?: number | undefined
}

const optionNames: OptionNames<MemoryLedgerOptions> = { monotonic: true, keep: true }

const forgotten = 'it was made before, and is kept no longer: these are the terms that are asked now'

/**
 * Creates a ledger that lives as long as the process: right for tests, and for limits that may start anew with it.
 *
 * @throws ConfigurationError when an option is not usable.
 */
export function memoryLedger(options: MemoryLedgerOptions = {}): Ledger {
  refuseUnknown('memoryLedger', options, optionNames)
  const { monotonic, keep = 10_000 } = options
  if (!(keep >= 0)) throw new ConfigurationError(`Failed to read keep: ${keep} is not a number of payments`)
  const meters = createCounters()
  const payments = createMemoryPayments({ keep, hasLeft: meters.hasLeft, letGo: meters.letGo })
  const clock = createMemoryClock(monotonic && { run: '', elapsed: monotonic })
  const approvals = createMemoryApprovals()
  const halts = createMemoryHalts()
  const tables: LedgerTables = { clock, payments, meters, approvals, halts, memory: createMemoryPins() }
  const audit: AuditEntry[] = []
  const note = (event: AuditEvent): void => {
    const { number, at, previous, hash } = nextEvent(event, clock.now(), audit.at(-1))
    audit.push(Object.freeze({ number, at, event: Object.freeze(event), previous, hash }))
  }

  return {
    durable: false,
    ...createMemoryNotes(),

    // No await in here: what is checked is what is recorded.
    async reserve(payment, limits, given = {}) {
      if (payments.isPast(payment.id)) throw new AlreadyPaidError({ ...payment, status: 'claimed', note: forgotten })
      return reservePayment(payment, limits, given, tables)
    },
    async update(id, update) {
      return updatePayment(id, frozenCopy(update), tables)
    },
    async get(id) {
      return payments.get(id)
    },
    async list(filter = {}) {
      return payments.list(filter)
    },
    async history(id) {
      return payments.history(id)
    },
    async usage(limits, now) {
      const at = clock.peek(now)
      return limits.map((limit) => meters.usage(limit, at))
    },

    async setTime(now, reason) {
      const from = clock.set(now)
      // Sums of windows that had moved on too far lack what left them too early.
      if (now < from) meters.forget()
      note({ type: 'time-set', from, to: now, reason })
    },
    async audit() {
      return audit.slice()
    },

    async requestApproval(approval) {
      return approvals.request(approval, clock.believe(approval.requestedAt))
    },
    async decideApproval(id, status, now) {
      // Whatever the time, a no is taken.
      if (status === 'denied') clock.tell(now)
      else clock.believe(now)
      return approvals.decide(id, status, clock.now())
    },
    async listApprovals(now) {
      return approvals.list(now)
    },

    async freeze(next) {
      const freeze = halts.frozen()
      if (next) note({ type: 'frozen', reason: next.reason })
      else if (freeze) note({ type: 'unfrozen', reason: freeze.reason })
      halts.freeze(next)
    },
    async frozen() {
      return halts.frozen()
    },
    async revokeSession(id) {
      halts.revoke(id)
    },
    async revoked(ids) {
      return halts.revoked(ids)
    },
  }
}

type MemoryClock = LedgerTables['clock'] & {
  /** Answers what time the ledger would have if a client told it, and moves nothing. */
  readonly peek: (told: number) => number
  /** Moves the time on; @throws ClockJumpedError when the client is apart from it. */
  readonly believe: (told: number) => number
  /** Puts the time right; answers what it was. */
  readonly set: (now: number) => number
}

function createMemoryClock(source: TimeSource | undefined): MemoryClock {
  let time: LedgerTime = { now: 0 }
  const tell: MemoryClock['tell'] = (told) => {
    const heard = hearTime(told, time, source)
    if (!heard.ok) return heard
    time = heard.time
    return { ok: true, now: time.now }
  }
  return {
    tell,
    now: () => time.now,
    peek: (told) => {
      const heard = hearTime(told, time, source)
      return heard.ok ? heard.time.now : time.now
    },
    believe: (told) => {
      const tick = tell(told)
      if (tick.ok) return tick.now
      throw new ClockJumpedError(tick.aheadMs, 'ledger')
    },
    set: (now) => {
      const { now: before } = time
      time = rebaseTime(now, source)
      return before
    },
  }
}

function createMemoryNotes(): Pick<Ledger, 'secret' | 'remember' | 'recall'> {
  const secrets = new Map<string, Uint8Array>()
  const notes = new Map<string, string>()
  return {
    async secret(name, first) {
      const secret = secrets.get(name) ?? first?.slice() ?? crypto.getRandomValues(new Uint8Array(32))
      secrets.set(name, secret)
      return secret.slice()
    },
    async remember(name, text) {
      notes.set(name, text)
    },
    async recall(name) {
      return notes.get(name)
    },
  }
}
