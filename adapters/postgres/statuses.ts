import type { Payment, PaymentStatus } from 'stipend'
import { canRenewPayment, countsAsSpent, isPresentable, isUnresolved, shareOf } from 'stipend/ledger'

/** Every status there is; a new one does not compile until it is here. */
const all: Readonly<Record<PaymentStatus, true>> = {
  authorized: true,
  unknown: true,
  claimed: true,
  confirmed: true,
  released: true,
  expired: true,
  cancelled: true,
}

const least = { terms: { validBefore: 0 }, asset: {}, presentations: 1 }

/** Lists in SQL the statuses of which something holds. */
function list(holds: (payment: Payment) => boolean): string {
  const found = Object.keys(all).filter((status) => holds({ ...least, status } as Payment))
  return `(${found.map((status) => `'${status}'`).join(', ')})`
}

/** Of payments that count as spent. */
export const spent: string = list(countsAsSpent)

/** Of payments that another may take the place of. */
export const renewable: string = list((payment) => canRenewPayment(payment, payment))

/** Of payments that may be sent again. */
export const presentable: string = list((payment) => isPresentable(payment, payment))

/** Of payments that count as open. */
export const open: string = list((payment) => shareOf(payment).open > 0n)

/** Of payments that count as unknown. */
export const unknown: string = list((payment) => shareOf(payment).unknown > 0n)

const always = list(isUnresolved)
const undelivered = list((payment) => !isUnresolved(payment) && isUnresolved({ ...payment, undelivered: true }))

/** The condition on a payment's row that nobody has resolved it. */
export const unresolved: string = `(status IN ${always} OR (status IN ${undelivered} AND (payment->>'undelivered')::boolean))`
