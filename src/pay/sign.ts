import { within } from '../lib/deadline.js'
import { isUserRejection } from '../lib/user-rejection.js'
import { SessionRevokedError, SigningFailedError, SigningRejectedError, WalletFrozenError } from '../errors.js'
import type { Signer } from '../ports/key-store.js'
import type { Candidate, Parts } from './context.js'
import type { Cancellation } from '../ports/scheme.js'
import type { Payment } from '../types.js'

const signingTimeoutMs = 30_000

/** The payments that are in the ledger: what is not here was never recorded, and no signer is asked for it. */
const recorded = new WeakSet<Payment>()

/** Lets a payment through the gate; only the step that records payments calls it. */
export function admit(payment: Payment): Payment {
  recorded.add(payment)
  return payment
}

/**
 * Asks a signer for a recorded payment, and compares what it signed with what is recorded. This and
 * `signCancellation` are the only places where a signer is asked for anything.
 *
 * @throws SigningFailedError with what a failure means: released where the key was certainly not used, else unknown.
 */
export async function sign(
  payment: Payment,
  { scheme, signer }: Pick<Candidate, 'scheme' | 'signer'>,
  { signal }: { readonly signal?: AbortSignal | undefined },
  parts: Parts,
): Promise<string> {
  if (!recorded.has(payment)) throw new TypeError(`payment ${payment.id} is not recorded`)
  await stopIfHalted(payment, parts)
  if (signal?.aborted) await release(payment, 'the call was aborted', parts)
  signal?.throwIfAborted()
  const signature = await useKey(payment, { scheme, signer }, parts)
  const problem = checkOf(payment, signature, scheme)
  if (problem === undefined) return signature
  await doubt(payment, problem, parts)
  throw new SigningFailedError(payment, { reason: problem, moved: 'maybe' })
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
): Promise<{ readonly signature: string; readonly problem: string | undefined }> {
  const signature = await within(signingTimeoutMs, cancellation.sign(payment, signer), 'no signature in time')
  return { signature, problem: cancellation.check(payment, signature) }
}

/** Whoever freezes the wallet or revokes a session stops the next signature, also of what is recorded already. */
async function stopIfHalted(payment: Payment, parts: Parts): Promise<void> {
  const { ledger, sessions } = parts
  const [freeze, session] = await Promise.all([
    ledger.frozen(),
    sessions.length > 0 ? ledger.revoked(sessions) : undefined,
  ]).catch(async (cause: unknown) => {
    await release(payment, 'the ledger did not answer before the key was used', parts)
    throw new SigningFailedError(payment, { reason: 'the ledger did not answer', moved: 'no', cause })
  })
  if (!freeze && !session) return
  await release(payment, freeze ? 'the wallet was frozen' : 'the session was revoked', parts)
  if (freeze) throw new WalletFrozenError(freeze)
  if (session) throw new SessionRevokedError(session)
}

async function useKey(payment: Payment, { scheme, signer }: Omit<Candidate, 'offer'>, parts: Parts): Promise<string> {
  try {
    return await within(signingTimeoutMs, scheme.sign(payment, signer), 'the signer did not answer in time')
  } catch (cause) {
    const reason = cause instanceof Error && /^[A-Za-z]{1,48}$/.test(cause.name) ? cause.name : 'the signer threw'
    const isRejected = isUserRejection(cause)
    // A signer that is late can still sign.
    const isKeyUnused = isRejected || (signer.throwsUnsigned === true && reason !== 'TimeoutError')
    const isUnsigned = isKeyUnused && payment.presentations === 1
    const note = isRejected ? 'it was rejected at the wallet' : reason
    if (isUnsigned) await release(payment, note, parts)
    else await doubt(payment, note, parts)
    const moved = isUnsigned ? 'no' : 'maybe'
    throw isRejected
      ? new SigningRejectedError(payment, { moved, cause })
      : new SigningFailedError(payment, { reason, moved, cause })
  }
}

/**
 * The ledger refuses this for a payment that was sent before, or is being sent by another call, also where that one has
 * signed it anew since it expired.
 */
async function release(payment: Payment, note: string, { ledger, emit }: Parts): Promise<void> {
  const update = { status: 'released', note, ifTerms: payment.terms } as const
  const released = await ledger.update(payment.id, update).catch(() => undefined)
  if (released) emit('payment.released', { payment: released })
}

/** A ledger that fails here leaves the payment counting as spent, which is the safe side. */
async function doubt(payment: Payment, note: string, { ledger, emit }: Parts): Promise<void> {
  const unknown = await ledger.update(payment.id, { status: 'unknown', note }).catch(() => payment)
  emit('payment.unknown', { payment: unknown })
}
