import {
  ClockJumpedError,
  type Ledger,
  type Limit,
  type Payment,
  type PaymentFilter,
  type ReserveOptions,
} from 'stipend'
import { reservePayment, updatePayment } from 'stipend/ledger'
import type { Access } from './access.js'
import type { Tick } from './clock.js'
import type { Tables } from './tables.js'

/** A ledger over tables, and the ways to their database. */
export function ledgerOf(access: Access, tables: Tables): Omit<Ledger, 'durable'> {
  return {
    ...paymentsOf(access, tables),
    ...approvalsOf(access, tables),
    ...haltsOf(access, tables),
    ...memoryOf(access, tables),
    ...timeOf(access, tables),
  }
}

function paymentsOf(
  { change, look }: Access,
  tables: Tables,
): Pick<Ledger, 'reserve' | 'update' | 'get' | 'list' | 'history' | 'usage'> {
  const { payments, listing, meters, journal, clock } = tables
  return {
    reserve: async (payment: Payment, limits: readonly Limit[], options: ReserveOptions = {}) =>
      change(() => reservePayment(payment, limits, options, tables)),
    update: async (id, update) => change(() => updatePayment(id, update, tables)),
    get: async (id) => look(() => payments.get(id)),
    list: async (filter: PaymentFilter = {}) => look(() => listing.list(filter)),
    history: async (id) => look(() => journal.history(id)),
    usage: async (limits, now) =>
      change(() => {
        const [at, ledgerNow] = [clock.peek(now), clock.now()]
        return limits.map((limit) => meters.usage(limit, at, ledgerNow))
      }),
  }
}

function approvalsOf(
  { change, look }: Access,
  { approvals, clock }: Tables,
): Pick<Ledger, 'requestApproval' | 'decideApproval' | 'listApprovals'> {
  return {
    requestApproval: async (approval) =>
      change(() => approvals.request(approval, believed(clock.tell(approval.requestedAt)))),
    decideApproval: async (id, status, now) =>
      change(() => {
        const tick = clock.tell(now)
        // Whatever the time, a no is taken.
        return approvals.decide(id, status, !tick.ok && status === 'denied' ? clock.now() : believed(tick))
      }),
    listApprovals: async (now) => look(() => approvals.list(now)),
  }
}

function believed(tick: Tick): number {
  if (tick.ok) return tick.now
  throw new ClockJumpedError(tick.aheadMs, 'ledger')
}

function haltsOf(
  { change, look }: Access,
  { halts, journal, clock }: Tables,
): Pick<Ledger, 'freeze' | 'frozen' | 'revokeSession' | 'revoked'> {
  return {
    freeze: async (freeze) =>
      change(() => {
        const before = halts.frozen()
        halts.freeze(freeze)
        if (freeze) journal.note({ type: 'frozen', reason: freeze.reason }, clock.now())
        else if (before) journal.note({ type: 'unfrozen', reason: before.reason }, clock.now())
      }),
    frozen: async () => look(halts.frozen),
    revokeSession: async (id) => change(() => halts.revoke(id)),
    revoked: async (ids) => look(() => halts.revoked(ids)),
  }
}

function timeOf(
  { change, look }: Access,
  { clock, journal, meters }: Tables,
): Required<Pick<Ledger, 'setTime' | 'audit'>> {
  return {
    setTime: async (now, reason) =>
      change(() => {
        const before = clock.set(now)
        // Sums of windows that had moved on too far lack what left them too early.
        if (now < before) meters.forget()
        journal.note({ type: 'time-set', from: before, to: now, reason }, now)
      }),
    audit: async () => look(journal.audit),
  }
}

function memoryOf({ change, look }: Access, { memory }: Tables): Pick<Ledger, 'secret' | 'remember' | 'recall'> {
  return {
    secret: async (name, first) =>
      change(() => memory.secret(name, first ?? crypto.getRandomValues(new Uint8Array(32)))),
    remember: async (name, text) => change(() => memory.remember(name, text)),
    recall: async (name) => look(() => memory.recall(name)),
  }
}
