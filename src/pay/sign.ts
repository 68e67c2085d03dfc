import { isLate, unlessAborted, waitFor, within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { isOwn } from '../lib/own-signers.js'
import { isUserRejection } from '../lib/user-rejection.js'
import {
  LedgerUnavailableError,
  type Moved,
  SessionRevokedError,
  SigningFailedError,
  SigningRejectedError,
  WalletFrozenError,
} from '../errors.js'
import type { Signer } from '../ports/key-store.js'
import type { Candidate, PayContext } from './context.js'
import type { Cancellation } from '../ports/scheme.js'
import type { Payment } from '../types.js'

/** The payments that are in the ledger: what is not here was never recorded, and no signer is asked for it. */
const recorded = new WeakSet<Payment>()

/** Marks a payment as recorded, so that it may be signed; only the step that records payments calls it. */
export function admit(payment: Payment): Payment {
  recorded.add(payment)
  return payment
}

type Abortable = { readonly signal?: AbortSignal | undefined }

/**
 * Asks a signer for a recorded payment, and compares what it signed with what is recorded. This and
 * `signCancellation` are the only places where a signer is asked for anything.
 *
 * @throws SigningFailedError with what a failure means: released where no signature can have left, else unknown.
 * @throws LedgerUnavailableError when the ledger does not say whether it may sign; then it is released.
 * @throws the signal's reason when it is aborted before the key is asked; then it is released.
 */
export async function sign(
  payment: Payment,
  { scheme, signer }: Pick<Candidate, 'scheme' | 'signer'>,
  { signal }: Abortable,
  context: PayContext,
): Promise<string> {
  if (!recorded.has(payment)) throw new TypeError(`payment ${payment.id} is not recorded`)
  await stopIfHalted(payment, { signal }, context)
  if (signal?.aborted) await release(payment, aborted, context)
  signal?.throwIfAborted()
  const signature = await useKey(payment, { scheme, signer, signal }, context)
  if (isTrusted(signer, context)) return signature
  const problem = signer.isContract
    ? await context.contracts.check(payment, signature, scheme.contract)
    : checkOf(payment, signature, scheme)
  if (problem === undefined) {
    checked.add(signer)
    return signature
  }
  await markUnknown(payment, problem, context)
  throw new SigningFailedError(payment, { reason: problem, moved: 'maybe' })
}

/** The signers of which a signature has been found right. */
const checked = new WeakSet<Signer>()

/**
 * Tells whether what a signer answers needs no look: it is this package's own, in this process, and has been found right
 * before. The check takes twice as long as the signature itself, by code that shares its arithmetic.
 */
function isTrusted(signer: Signer, { checkSignatures }: PayContext): boolean {
  return checkSignatures === 'foreign' && isOwn(signer) && checked.has(signer)
}

/** A scheme of anybody's make that fails to read what was signed has found nothing right with it. */
function checkOf(payment: Payment, signature: string, scheme: Candidate['scheme']): string | undefined {
  try {
    return scheme.check(payment, signature)
  } catch {
    return 'the scheme cannot read what the signer answered'
  }
}

/** Asks a signer to take a recorded payment back; answers the signature, or what is wrong with it. */
export async function signCancellation(
  payment: Payment,
  cancellation: Cancellation,
  signer: Signer,
  contracts: PayContext['contracts'],
): Promise<{ readonly signature: string; readonly problem: string | undefined }> {
  const signature = await within(deadlines.signature, cancellation.sign(payment, signer), 'no signature in time')
  const problem = signer.isContract
    ? await contracts.check(payment, signature, cancellation.contract)
    : cancellation.check(payment, signature)
  return { signature, problem }
}

/** Whoever freezes the wallet or revokes a session stops the next signature, also of what is recorded already. */
async function stopIfHalted(payment: Payment, { signal }: Abortable, context: PayContext): Promise<void> {
  const { ledger, sessions } = context
  const asked = Promise.all([ledger.frozen(), sessions.length > 0 ? ledger.revoked(sessions) : undefined])
  const [freeze, session] = await unlessAborted(signal, asked).catch(async (cause: unknown) => {
    await release(payment, signal?.aborted ? aborted : 'the ledger did not answer before the key was used', context)
    signal?.throwIfAborted()
    throw cause instanceof LedgerUnavailableError ? cause : new LedgerUnavailableError(cause)
  })
  if (!freeze && !session) return
  await release(payment, freeze ? 'the wallet was frozen' : 'the session was revoked', context)
  if (freeze) throw new WalletFrozenError(freeze)
  if (session) throw new SessionRevokedError(session)
}

const aborted = 'the call was aborted'

/** The name of what a signer threw, where it is a name. */
function nameOf(cause: unknown): string {
  return cause instanceof Error && /^[A-Za-z]{1,48}$/.test(cause.name) ? cause.name : 'the signer threw'
}

type KeyUse = Omit<Candidate, 'offer'> & Abortable

/**
 * Waits for the signature. When the call is aborted meanwhile, what a signer inside this process signs, now or later, is
 * dropped here: no signature of the payment is anywhere else, so it is as dead as one that was never made. What another
 * program signs may be in its hands.
 */
async function useKey(payment: Payment, { scheme, signer, signal }: KeyUse, context: PayContext): Promise<string> {
  try {
    const sentence = 'the signer did not answer in time'
    const signature = await waitFor(scheme.sign(payment, signer), { ms: deadlines.signature, sentence, signal })
    signal?.throwIfAborted()
    return signature
  } catch (cause) {
    const isAborted = signal?.aborted === true
    const isRejected = !isAborted && isUserRejection(cause)
    const reason = isAborted ? aborted : nameOf(cause)
    // A signer that is late can still sign.
    const isOver = isAborted || !isLate(cause)
    const isKeyUnused = isRejected || (isOver && provesUnused(cause, signer))
    const note = isRejected ? 'it was rejected at the wallet' : reason
    const moved = await giveUp(payment, { isKeyUnused, note }, context)
    throw isRejected
      ? new SigningRejectedError(payment, { moved, cause })
      : new SigningFailedError(payment, { reason, moved, cause })
  }
}

/** A signer of anybody's make that fails to say so has proved nothing. */
function provesUnused(cause: unknown, { throwsUnsigned }: Signer): boolean {
  try {
    return throwsUnsigned === true || (typeof throwsUnsigned === 'function' && throwsUnsigned(cause) === true)
  } catch {
    return false
  }
}

/**
 * Gives up a signed payment that nobody has sent. What a signer inside this process signed is dropped here, and is nowhere
 * else; what another program signed may be in its hands.
 */
export async function dropSigned(
  payment: Payment,
  signer: Signer,
  { reason, cause }: { readonly reason: string; readonly cause?: unknown },
  context: PayContext,
): Promise<SigningFailedError> {
  const moved = await giveUp(payment, { isKeyUnused: signer.throwsUnsigned === true, note: reason }, context)
  return new SigningFailedError(payment, { reason, moved, cause })
}

/** What was sent before can still be settled, also where the key was not used this time. */
async function giveUp(
  payment: Payment,
  { isKeyUnused, note }: { readonly isKeyUnused: boolean; readonly note: string },
  context: PayContext,
): Promise<Moved> {
  const isUnsent = isKeyUnused && payment.presentations === 1
  if (isUnsent) await release(payment, note, context)
  else await markUnknown(payment, note, context)
  return isUnsent ? 'no' : 'maybe'
}

/**
 * Gives the budget of a payment back of which no signature is anywhere. The ledger refuses this for a payment that was
 * sent before, or is being sent by another call, also where that one has signed it anew since it expired.
 */
export async function release(payment: Payment, note: string, { ledger, emit }: ReleaseContext): Promise<void> {
  const update = { status: 'released', note, ifTerms: payment.terms } as const
  await briefly(ledger.update(payment.id, update).then((released) => emit('payment.released', { payment: released })))
}

/** A ledger that fails here leaves the payment counting as spent, which is the safe side. */
async function markUnknown(payment: Payment, note: string, { ledger, emit }: ReleaseContext): Promise<void> {
  const written = ledger.update(payment.id, { status: 'unknown', note }).catch(() => payment)
  await briefly(written.then((unknown) => emit('payment.unknown', { payment: unknown })))
}

type ReleaseContext = Pick<PayContext, 'ledger' | 'emit'>

/** The caller is told soon: what is written goes on without it. */
async function briefly(written: Promise<void>): Promise<void> {
  await within(deadlines.ledgerOutcome, written, 'the ledger is slow').catch(() => {})
}
