import type { Payment, PaymentStatus } from '../types.js'
import type { PaymentUpdate } from './ledger.js'

/**
 * Where a payment may go from where it stands. Only a payment whose key was never used is released here: what a
 * server says moves a payment to `claimed` or `unknown`, which both count as spent.
 */
const next: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  authorized: ['claimed', 'unknown', 'released'],
  unknown: ['claimed', 'unknown'],
  claimed: ['claimed'],
  released: ['released'],
}

/** Moves a payment on; a claimed payment stays claimed, whatever is heard of it later. */
export function advance(payment: Payment, update: PaymentUpdate): Payment {
  if (payment.status === 'claimed' && update.status === 'unknown') return payment
  if (!next[payment.status].includes(update.status)) {
    throw new TypeError(`payment ${payment.id} is ${payment.status} and cannot become ${update.status}`)
  }
  return Object.freeze({ ...payment, ...update })
}

/** Tells whether a payment counts towards limits. */
export function counts(payment: Payment): boolean {
  return payment.status !== 'released'
}
