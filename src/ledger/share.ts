import type { Measure, Payment } from '../types.js'

/** Answers what a payment adds to each measure of a counter, standing where it stands. */
export function shareOf({ status, microUsd }: Pick<Payment, 'status' | 'microUsd'>): Readonly<Record<Measure, bigint>> {
  const isUnknown = status === 'unknown'
  const isOpen = isUnknown || status === 'authorized'
  return { microUsd, count: 1n, open: isOpen ? 1n : 0n, unknown: isUnknown ? 1n : 0n }
}
