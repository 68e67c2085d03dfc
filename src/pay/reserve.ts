import { approvalId, awaitApproval } from './approve.js'
import {
  AlreadyPaidError,
  ClockJumpedError,
  isStipendError,
  LedgerUnavailableError,
  LimitExceededError,
  PaymentDeniedError,
  PaymentOutcomeUnknownError,
  SessionRevokedError,
  UnpayableRequestError,
  WalletFrozenError,
} from '../errors.js'
import { explainLimit } from '../ledger/explain-limit.js'
import { deepFreeze } from '../lib/freeze.js'
import { admit } from './sign.js'
import type { ReserveOptions } from '../ports/ledger.js'
import { bindsUntil, isLivePayment, isUsefulPayment } from '../ledger/lifecycle.js'
import { askedOf } from '../money.js'
import type { Allowed, Ask, Parts } from './context.js'
import type { Hold, Limit, Payment, Pin } from '../types.js'

/** The first sending and two more. */
const maxPresentations = 3

/** A payment that the policy allows, and under what. */
export type Judged = { readonly payment: Payment; readonly allowed: Allowed }

/** A payment that is ready to be recorded. */
export type Prepared = Judged & {
  /**
   * Judges it and fixes its terms anew, for this purchase or another of the same request: while a person is asked the
   * policy can change, and the terms grow old.
   */
  readonly again: (purchaseKey: string) => Promise<Judged>
}

/**
 * Records the payment under its limits, in one step of the ledger, once it need not wait any more. Where the purchase or
 * an identical request has an unresolved payment already, it is that one which is signed and sent again: the same nonce, so
 * that it is paid once.
 */
export async function record(prepared: Prepared, ask: Ask, parts: Parts): Promise<Payment> {
  ask.signal?.throwIfAborted()
  const { existing, payment, allowed } = await reserveWhenApproved(prepared, ask, parts)
  if (existing === undefined) return admit(payment)
  return admit(await resumeOrRenew(existing, { payment, allowed, again: prepared.again }, parts))
}

/**
 * Answers the payment that is there to be sent once more, or, where its time is over and its token refuses a nonce twice,
 * signed anew under its own nonce.
 */
async function resumeOrRenew(existing: Payment, { again, ...judged }: Prepared, parts: Parts): Promise<Payment> {
  const isTwin = existing.id !== judged.payment.id
  const unknown = (payment: Payment, reason: string) =>
    new PaymentOutcomeUnknownError(payment, {
      reason,
      bindsUntil: isTwin ? bindsUntil(payment, parts.unresolvedForMs) : undefined,
    })
  const resumed = resume(existing, judged.payment, { now: parts.clock(), unknown })
  if (isUsefulPayment(resumed, parts.clock())) return resumed
  if (!judged.allowed.scheme.atMostOnce)
    throw unknown(resumed, 'it is too late to send it again, and too early to sign anew')
  const { payment, allowed } = isTwin ? await again(existing.purchaseKey) : judged
  if (
    payment.id !== existing.id ||
    payment.terms.nonce !== existing.terms.nonce ||
    !isSamePurchase(existing, payment)
  ) {
    throw unknown(resumed, 'its nonce cannot be made again')
  }
  const renewed = deepFreeze({ ...payment, presentations: resumed.presentations })
  const { sessions, notAfter } = parts
  const other = await reserve(renewed, firm(allowed), { renew: true, sessions, notAfter }, parts)
  if (other === undefined) return renewed
  // Another process was first: it has paid meanwhile, or renewed the payment by a clock that is ahead of ours.
  if ('id' in other && isLivePayment(other, parts.clock()))
    return resume(other, judged.payment, { now: parts.clock(), unknown })
  throw unknown(resumed, 'another call is at it')
}

/** Reserves; where a payment has to wait, asks for leave first, and reserves by using that up. */
async function reserveWhenApproved(
  { again, ...judged }: Prepared,
  ask: Ask,
  parts: Parts,
): Promise<Judged & { readonly existing: Payment | undefined }> {
  const { payment, allowed } = judged
  const { hold } = allowed
  const reserveBy = (wanted: Judged, kind: Hold['kind'] | undefined) => {
    const approval = kind && approvalId(wanted.payment, kind, ask)
    const { sessions, notAfter } = parts
    const { limits, pins, newPins } =
      kind === 'approval' ? approved(wanted.allowed) : { ...wanted.allowed, newPins: undefined }
    const unresolvedForMs = ask.sameRequest ? parts.unresolvedForMs : undefined
    const options = { unresolvedForMs, approval, sessions, notAfter, pins, newPins }
    return reserve(wanted.payment, limits, options, parts)
  }
  const first = await reserveBy(judged, hold?.kind)
  if (first === undefined || 'id' in first) return { ...judged, existing: first }
  const isBeyond = first.reason !== 'approval'
  const wanted: Hold = isBeyond || !hold ? { kind: 'approval', reason: first.explanation } : hold
  const second = isBeyond ? await reserveBy(judged, wanted.kind) : first
  if (second === undefined || 'id' in second) return { ...judged, existing: second }
  checkConsent(payment, wanted, ask)
  await awaitApproval(payment, wanted, ask, parts)
  ask.signal?.throwIfAborted()
  const young = await again(ask.purchaseKey)
  const third = await reserveBy(young, wanted.kind)
  if (third === undefined || 'id' in third) return { ...young, existing: third }
  throw new PaymentDeniedError([{ rule: 'approval', reason: 'it was given for something else, or has expired' }])
}

/** Who was told yes to some terms is not to ask for others in the same breath: nobody would have seen them. */
function checkConsent(payment: Payment, { kind }: Hold, ask: Ask): void {
  if (ask.approval === undefined || kind !== 'approval' || approvalId(payment, kind, ask) === ask.approval) return
  const reason = 'nobody has approved what would be paid now; what was asked for is over, or was for other terms'
  throw new PaymentDeniedError([{ rule: 'approval', reason }])
}

/** What a person's yes goes beyond is left out; all the rest holds on, and what is new is remembered. */
function approved(allowed: Allowed): Pick<Allowed, 'limits' | 'pins'> & { readonly newPins: readonly Pin[] } {
  const { pins = [] } = allowed
  return {
    limits: firm(allowed),
    pins: pins.filter(({ onDiffer }) => onDiffer !== 'approve'),
    newPins: pins.filter(({ onDiffer }) => onDiffer === 'approve'),
  }
}

/** The limits beyond which nobody can approve. */
function firm({ limits }: Pick<Allowed, 'limits'>): readonly Limit[] {
  return limits.filter((limit) => !isSoft(limit))
}

function isSoft({ onExceed }: Limit): boolean {
  return onExceed === 'approve'
}

/** A reservation that a person can still make possible. */
type Waiting = { readonly reason: 'approval' | 'limit' | 'pin'; readonly explanation: string }

/** Answers nothing when the payment was recorded, the one that is there already, or that it has to wait. */
async function reserve(
  payment: Payment,
  limits: readonly Limit[],
  options: ReserveOptions,
  { ledger }: Parts,
): Promise<Payment | Waiting | undefined> {
  // A person is only asked for what no other limit forbids.
  const ordered = limits.toSorted((one, other) => Number(isSoft(one)) - Number(isSoft(other)))
  const reservation = await ledger.reserve(payment, ordered, options).catch((cause: unknown) => {
    throw isStipendError(cause) ? cause : new LedgerUnavailableError(cause)
  })
  if (reservation.ok) return undefined
  if (reservation.reason === 'exists') return reservation.payment
  if (reservation.reason === 'frozen') throw new WalletFrozenError(reservation.freeze)
  if (reservation.reason === 'clock') throw new ClockJumpedError(reservation.aheadMs, 'ledger')
  if (reservation.reason === 'late')
    throw new PaymentDeniedError([{ rule: 'session', reason: 'the session has expired' }])
  if (reservation.reason === 'revoked') throw new SessionRevokedError(reservation.session)
  if (reservation.reason === 'approval') return { reason: 'approval', explanation: 'it needs approval' }
  if (reservation.reason === 'pin') return refusePin(reservation.pin, reservation.remembered)
  const asked = askedOf(reservation.limit, payment)
  const explanation = explainLimit({ ...reservation, asked })
  if (reservation.limit.onExceed === 'approve') return { reason: 'limit', explanation }
  throw new LimitExceededError({ ...reservation, asked, explanation })
}

function refusePin(pin: Pin, remembered: string): Waiting {
  const explanation = `${pin.name} is now ${pin.value}, and was ${remembered}`
  if (pin.onDiffer === 'approve') return { reason: 'pin', explanation }
  throw new PaymentDeniedError([{ rule: pin.name, reason: explanation }])
}

type Resuming = {
  readonly now: number
  readonly unknown: (payment: Payment, reason: string) => PaymentOutcomeUnknownError
}

/** Answers the payment that is there already, if it may be sent for this request once more. */
function resume(existing: Payment, wanted: Payment, { now, unknown }: Resuming): Payment {
  if (existing.requestDigest !== wanted.requestDigest) {
    throw new UnpayableRequestError('Purchase key names another request; nothing was signed', {
      details: ['A key is one purchase: use a new one for another method, URL or body.'],
    })
  }
  const isPaid = existing.status === 'confirmed' || (existing.status === 'claimed' && !isLivePayment(existing, now))
  if (isPaid) throw new AlreadyPaidError(existing)
  if (!isSamePurchase(existing, wanted))
    throw unknown(existing, 'the server now asks other terms for the same purchase')
  if (existing.presentations > maxPresentations) throw unknown(existing, `it was sent ${maxPresentations} times`)
  return existing
}

/** Tells whether two payments differ in nothing but their nonce and their time. */
function isSamePurchase(one: Payment, other: Payment): boolean {
  return (
    one.terms.payer === other.terms.payer &&
    one.asset.network === other.asset.network &&
    one.asset.address === other.asset.address &&
    one.scheme === other.scheme &&
    one.amount === other.amount &&
    one.payTo === other.payTo
  )
}
