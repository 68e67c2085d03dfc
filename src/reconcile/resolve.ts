import { ConfigurationError, isStipendError, LedgerUnavailableError } from '../errors.js'
import type { Chain } from '../ports/chain.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import type { PayContext } from '../pay/context.js'
import { findEvidence } from './reconcile.js'
import type { Payment, PaymentId, PaymentStatus, Resolution } from '../types.js'

/** What the owner says became of a payment, and how that is known. */
export type ResolveOptions = Pick<Resolution, 'as' | 'reason'>

type ResolveContext = Pick<PayContext, 'ledger' | 'time' | 'emit'> & { readonly chains: readonly Chain[] }

const names = ['not-paid', 'paid', 'delivered'] as const
const maxReasonLength = 1000

/** Ends a payment on its owner's word, which the ledger keeps with it. */
export async function resolve(
  id: PaymentId,
  options: ResolveOptions,
  { ledger, time, emit, chains }: ResolveContext,
): Promise<Payment> {
  const { as, reason } = readOptions(id, options)
  const payment = await ledger.get(id).catch(unavailable)
  if (!payment) throw failed(id, 'the ledger has no such payment')
  if (as === 'not-paid' && time().ledger < payment.countsUntil) {
    const end = new Date(payment.countsUntil).toISOString()
    throw failed(id, `it can still be settled until ${end}; wait for that, or cancel it`)
  }
  if (as === 'not-paid') await refuseExecutable(payment, chains)
  const resolution: Resolution = { by: 'owner', as, reason }
  // What is known of the terms that were looked at says nothing of those that the purchase was signed anew with.
  const update = { status: statusOf(payment, as), resolution, ifTerms: payment.terms }
  const resolved = await ledger.update(id, update).catch((cause: unknown) => {
    if (isRefusal(cause)) throw failed(id, `it is ${payment.status}, and cannot become ${as}`, cause)
    return unavailable(cause)
  })
  emit('payment.resolved', { payment: resolved })
  return resolved
}

/** A transaction has no end of its own: what the chain has executed, or still can, is not for anybody to free. */
async function refuseExecutable(payment: Payment, chains: readonly Chain[]): Promise<void> {
  const evidence = await findEvidence(payment, chains)
  if (evidence.type === 'executed') throw failed(payment.id, 'a final block shows that it was paid; call reconcile()')
  if (evidence.type !== 'open') return
  if (evidence.canExecute)
    throw failed(payment.id, 'its transaction can still be executed; use its account nonce up with another one first')
}

function statusOf({ status }: Payment, as: Resolution['as']): Exclude<PaymentStatus, 'authorized'> {
  if (as === 'not-paid') return 'released'
  return status === 'confirmed' ? 'confirmed' : 'claimed'
}

function readOptions(id: PaymentId, options: ResolveOptions): ResolveOptions {
  refuseUnknown('resolve', options, { as: true, reason: true } satisfies OptionNames<ResolveOptions>)
  const { as, reason } = options
  if (!names.includes(as)) throw failed(id, `expected as to be one of ${names.join(', ')}`)
  if (typeof reason === 'string' && reason.trim() !== '' && reason.length <= maxReasonLength) return { as, reason }
  throw failed(id, `expected a reason of up to ${maxReasonLength} characters`)
}

/** A ledger answers a change that the lifecycle does not have with a TypeError; a guarded one has it as the cause. */
function isRefusal(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof LedgerUnavailableError && error.cause instanceof TypeError)
}

function failed(id: PaymentId, reason: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`Failed to resolve ${id}: ${reason}`, { cause })
}

function unavailable(cause: unknown): never {
  throw isStipendError(cause) ? cause : new LedgerUnavailableError(cause)
}
