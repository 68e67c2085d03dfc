import type { Payment } from '../types.js'
import type { PaymentFilter } from '../ports/ledger.js'

/** Tells whether a payment matches every field that is given. */
export function matchesFilter(payment: Payment, filter: PaymentFilter): boolean {
  return (
    (filter.status === undefined || payment.status === filter.status) &&
    (filter.host === undefined || payment.resource.host === filter.host) &&
    (filter.purchaseKey === undefined || payment.purchaseKey === filter.purchaseKey) &&
    (filter.scope === undefined || payment.scopes.includes(filter.scope)) &&
    (filter.since === undefined || payment.createdAt >= filter.since) &&
    (filter.until === undefined || payment.createdAt < filter.until) &&
    Object.entries(filter.labels ?? {}).every(([name, value]) => payment.labels[name] === value)
  )
}
