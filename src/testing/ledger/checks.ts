import type { Ledger, Reservation } from '../../ports/ledger.js'
import type { Limit, Payment, PaymentStatus } from '../../types.js'
import { claim, claimEqual } from '../claim.js'
import { noon, sampleId, samplePayment } from './sample-payment.js'

/**
 * Makes a ledger that is empty. Given milliseconds that pass, it refuses clients that are apart from them; given none, its
 * time follows what it is told, however far that jumps.
 */
export type CreateLedger = (options?: { readonly monotonic?: () => number }) => Ledger | Promise<Ledger>

/** Checks of a ledger by the sentence that each of them proves; each throws an `Error` that says what is broken. */
export type LedgerContract = Readonly<Record<string, (create: CreateLedger) => Promise<void>>>

/** Reserves, and expects it to be recorded. */
export async function reserves(
  ledger: Ledger,
  payment: Payment,
  limits: readonly Limit[],
  sentence: string,
): Promise<void> {
  claimEqual(await ledger.reserve(payment, limits), { ok: true }, sentence)
}

/** Reserves, and expects it to be refused for a limit. */
export async function refuses(
  ledger: Ledger,
  payment: Payment,
  limits: readonly Limit[],
  sentence: string,
): Promise<Extract<Reservation, { readonly reason: 'limit' }>> {
  const answer = await ledger.reserve(payment, limits)
  claim(!answer.ok && answer.reason === 'limit', `${sentence}: it was ${answer.ok ? 'recorded' : answer.reason}`)
  return answer
}

/** How much of a limit is used. */
export async function usedOf(ledger: Ledger, limit: Limit, now: number = noon): Promise<bigint | undefined> {
  return (await ledger.usage([limit], now))[0]?.used
}

/** A limit with room for many samples. */
export const roomy: Limit = {
  name: 'roomy limit',
  scope: 'wallet',
  window: { type: 'lifetime' },
  measure: 'microUsd',
  max: 1000n,
}

/** Records payment 1 and moves it through these states. */
export async function recordVia(ledger: Ledger, ...statuses: readonly PaymentStatus[]): Promise<void> {
  await reserves(ledger, samplePayment(1), [roomy], 'A payment within a limit was refused')
  for (const status of statuses) {
    if (status !== 'authorized') await ledger.update(sampleId(1), { status })
  }
}
