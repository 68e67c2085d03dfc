import type { Ledger, PaymentFilter } from '../ports/ledger.js'
import type { Payment } from '../types.js'

/** Lists all that match, with a growing limit: instants do not tell pages apart, since many payments can share one. */
export async function listAll(ledger: Ledger, filter: Omit<PaymentFilter, 'limit'>): Promise<readonly Payment[]> {
  for (let limit = 500; ; limit *= 4) {
    const payments = await ledger.list({ ...filter, limit })
    if (payments.length < limit) return payments
  }
}
