import { ClockSkewError, NoPayableOfferError } from '../errors.js'
import { unlessAborted } from '../lib/deadline.js'
import { deepFreeze } from '../lib/freeze.js'
import { forgottenName } from './forgotten-name.js'
import { release } from './sign.js'
import { signInTime } from './sign-in-time.js'
import type { Allowed, Candidate, PurchaseRequest, PayContext } from './context.js'
import { match } from './match.js'
import { type Prepared, readTime } from './prepare.js'
import { record } from './reserve.js'
import { withoutQuery } from '../resource.js'
import type { Authorization, PaymentRequired, Usage } from '../types.js'

const reportedSkewMs = 30_000
const maxSkewMs = 120_000

/** Takes a parsed 402 to a signed payment: match, judge, record, sign. The only way to a key. */
export async function authorize(
  required: PaymentRequired,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Authorization> {
  const recorded = await unlessGivenUp(judgeAndRecord(required, request, context), request, context)
  const { payment, allowed, signature } = await signInTime(recorded, required, request, context)
  const authorization = deepFreeze({
    payment,
    offer: allowed.offer,
    payload: allowed.scheme.payload(payment, signature),
    extensions: allowed.scheme.extensions?.(payment, signature),
  })
  tell(authorization, allowed, context)
  return authorization
}

/** Takes a parsed 402 to a recorded payment. It uses no key, so that it can be given up wherever it waits. */
async function judgeAndRecord(
  required: PaymentRequired,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Prepared> {
  checkName(request, context)
  await checkClock(request, context)
  const { candidates: all, setAside } = await match(required, context)
  const candidates = request.ahead ? all.filter(canBeRepriced) : all
  if (candidates.length === 0) throw new NoPayableOfferError(setAside)
  return record({ required, candidates }, request, context)
}

/** What is sent before the server has asked must be one that it cannot take beside what it asks then. */
function canBeRepriced({ offer: { flow, challenge }, scheme }: Candidate): boolean {
  return scheme.atMostOnce && flow === undefined && challenge === undefined
}

/** Waits for a record until the call is aborted. What is recorded after that is released: no key is asked for it. */
async function unlessGivenUp(
  recording: Promise<Prepared>,
  { signal }: PurchaseRequest,
  context: PayContext,
): Promise<Prepared> {
  try {
    return await unlessAborted(signal, recording)
  } catch (error) {
    if (signal?.aborted)
      recording.then(({ payment }) => release(payment, 'the call was aborted', context)).catch(() => {})
    throw error
  }
}

/** Whatever a name stands for is forgotten with the process where nothing keeps it: it could be paid once more. */
function checkName({ isNamed }: PurchaseRequest, { keyStore, ledger }: PayContext): void {
  if (!isNamed || keyStore.deriveSecret || ledger.durable !== false) return
  throw forgottenName('The ledger is in memory, and the key store cannot derive secrets')
}

async function checkClock(
  { serverAheadMs: skewMs, resource }: PurchaseRequest,
  { time, askTime, emit }: PayContext,
): Promise<void> {
  if (time().aheadMs !== undefined) await askTime()
  readTime({ time })
  if (skewMs === undefined) return
  if (Math.abs(skewMs) > reportedSkewMs) emit('clock.skewed', { resource: withoutQuery(resource), skewMs })
  if (Math.abs(skewMs) > maxSkewMs) throw new ClockSkewError(skewMs)
}

/** Tells listeners what was signed, and which limits it brought near their end. */
function tell(
  { payment }: Authorization,
  { limits, notify }: Allowed,
  { ledger, time, emit, hasListeners }: PayContext,
): void {
  emit('payment.authorized', { payment })
  if (notify) emit('payment.notified', { payment })
  if (!hasListeners('limit.approached')) return
  const tellUsage = (usage: readonly Usage[]): void => {
    for (const one of usage)
      if (one.used * 5n >= one.limit.max * 4n && one.used > 0n) emit('limit.approached', { usage: one })
  }
  ledger.usage(limits, time().ledger).then(tellUsage, () => {})
}
