import { deepFreeze } from '../freeze.js'
import type { Payment, PaymentId } from '../types.js'
import { createCounters } from './counters.js'
import type { Ledger, PaymentFilter, Reservation } from './ledger.js'
import { advance, counts } from './lifecycle.js'

/** Creates a ledger that lives as long as the process: right for tests, and for one process that starts anew. */
export function memoryLedger(): Ledger {
  const payments = new Map<PaymentId, Payment>()
  const purchases = new Map<string, PaymentId>()
  const counters = createCounters()
  let ledgerNow = 0

  const livePayment = (payment: Payment): Payment | undefined =>
    [payments.get(payment.id), payments.get(purchases.get(payment.purchaseKey) ?? payment.id)].find(
      (known) => known && counts(known),
    )

  return {
    // No await in here: what is checked is what is recorded.
    async reserve(payment, limits): Promise<Reservation> {
      const existing = livePayment(payment)
      if (existing) return { ok: false, reason: 'exists', payment: existing }
      ledgerNow = Math.max(ledgerNow, payment.createdAt)
      for (const limit of limits) {
        const refusal = counters.refuse(limit, payment, ledgerNow)
        if (refusal) return { ok: false, reason: 'limit', limit, ...refusal }
      }
      payments.set(payment.id, deepFreeze(structuredClone(payment)))
      purchases.set(payment.purchaseKey, payment.id)
      counters.add(payment)
      return { ok: true }
    },

    async update(id, update) {
      const payment = payments.get(id)
      if (!payment) throw new TypeError(`payment ${id} is not in the ledger`)
      const moved = deepFreeze(advance(payment, structuredClone(update)))
      payments.set(id, moved)
      if (counts(payment) && !counts(moved)) counters.remove(payment)
      return moved
    },

    async get(id) {
      return payments.get(id)
    },

    async list(filter = {}) {
      return [...payments.values()]
        .filter((payment) => matches(payment, filter))
        .toReversed()
        .slice(0, filter.limit ?? 100)
    },

    async usage(limits, now) {
      ledgerNow = Math.max(ledgerNow, now)
      return limits.map((limit) => counters.usage(limit, ledgerNow))
    },
  }
}

function matches(payment: Payment, filter: PaymentFilter): boolean {
  return (
    (filter.status === undefined || payment.status === filter.status) &&
    (filter.host === undefined || payment.resource.host === filter.host) &&
    (filter.purchaseKey === undefined || payment.purchaseKey === filter.purchaseKey) &&
    (filter.since === undefined || payment.createdAt >= filter.since) &&
    (filter.until === undefined || payment.createdAt < filter.until) &&
    Object.entries(filter.labels ?? {}).every(([name, value]) => payment.labels[name] === value)
  )
}
