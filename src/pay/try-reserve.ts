import {
  ClockJumpedError,
  isStipendError,
  LedgerUnavailableError,
  LimitExceededError,
  PaymentDeniedError,
  SessionRevokedError,
  WalletFrozenError,
} from '../errors.js'
import { explainLimit } from '../ledger/explain-limit.js'
import { askedOf } from '../money.js'
import type { ReserveOptions } from '../ports/ledger.js'
import type { PayContext } from './context.js'
import type { Allowance, Limit, Payment, Pin } from '../types.js'

/** One thing in the way of a payment that a person can let through, and what it is in words. */
export type Excess = { readonly allowance: Allowance; readonly explanation: string }

/** What the ledger made of a payment, where it can still be paid. */
export type Tried =
  | { readonly type: 'recorded' }
  /** The purchase, or an identical request, has a payment already. */
  | { readonly type: 'existing'; readonly payment: Payment }
  /** It goes beyond something that a person can let through. */
  | { readonly type: 'beyond'; readonly excess: Excess }
  /** Nothing is in its way but that nobody has let it through, or its time has not come. */
  | { readonly type: 'waiting' }

/**
 * Reserves a payment in one step of the ledger.
 *
 * @throws LimitExceededError, PaymentDeniedError, WalletFrozenError or SessionRevokedError where nobody can be asked, ClockJumpedError where the ledger's own time says so.
 * @throws LedgerUnavailableError when the ledger does not answer.
 */
export async function tryReserve(
  payment: Payment,
  limits: readonly Limit[],
  options: ReserveOptions,
  { ledger }: Pick<PayContext, 'ledger'>,
): Promise<Tried> {
  const reservation = await ledger.reserve(payment, limits, options).catch((cause: unknown) => {
    throw isStipendError(cause) ? cause : new LedgerUnavailableError(cause)
  })
  if (reservation.ok) return { type: 'recorded' }
  if (reservation.reason === 'exists') return { type: 'existing', payment: reservation.payment }
  if (reservation.reason === 'frozen') throw new WalletFrozenError(reservation.freeze)
  if (reservation.reason === 'late')
    throw new PaymentDeniedError([{ rule: 'session', reason: 'the session has expired' }])
  if (reservation.reason === 'revoked') throw new SessionRevokedError(reservation.session)
  if (reservation.reason === 'clock') throw new ClockJumpedError(reservation.aheadMs, 'ledger')
  if (reservation.reason === 'approval') return { type: 'waiting' }
  if (reservation.reason === 'pin')
    return { type: 'beyond', excess: differsFrom(reservation.pin, reservation.remembered) }
  const asked = askedOf(reservation.limit, payment)
  const explanation = explainLimit({ ...reservation, asked })
  if (!isSoft(reservation.limit)) throw new LimitExceededError({ ...reservation, asked, explanation })
  const { name, scope, window, measure, max } = reservation.limit
  return { type: 'beyond', excess: { allowance: { type: 'limit', name, scope, window, measure, max }, explanation } }
}

/** Tells whether a person can let a payment go beyond a limit. */
export function isSoft({ onExceed }: Limit): boolean {
  return onExceed === 'approve'
}

function differsFrom({ name, key, value, onDiffer }: Pin, remembered: string): Excess {
  const explanation = `${name} is now ${value}, and was ${remembered}`
  if (onDiffer !== 'approve') throw new PaymentDeniedError([{ rule: name, reason: explanation }])
  return { allowance: { type: 'pin', name, key, remembered, value }, explanation }
}
