import type { PaymentId } from '../types.js'

/** What this process has handed over: another one, or this after a crash, may ask a server for it once more. */
export type Delivered = { readonly add: (id: PaymentId) => void; readonly has: (id: PaymentId) => boolean }

const max = 10_000

/** Remembers the latest payments whose answers were handed over. */
export function createDelivered(): Delivered {
  const ids = new Set<PaymentId>()
  return {
    add: (id) => {
      const [oldest] = ids
      if (ids.size >= max && oldest !== undefined) ids.delete(oldest)
      ids.add(id)
    },
    has: (id) => ids.has(id),
  }
}
