import type { Reading } from './clock.js'
import {
  ChainUnavailableError,
  ClockJumpedError,
  type ClockSkewError,
  MalformedMessageError,
  PaymentDeniedError,
} from '../errors.js'
import { whyLate } from './fits-window.js'
import { forgottenName } from './forgotten-name.js'
import { domainOf } from '../hosts/registered-domain.js'
import { clockMarginMs } from '../ledger/lifecycle.js'
import { isLate, within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { deepFreeze } from '../lib/freeze.js'
import type { Allowed, PurchaseRequest, Candidate, PayContext } from './context.js'
import { readyPermit } from './permits.js'
import { byPreference, type Denied, isAllowed, judge } from './judge.js'
import { nameIn, nonceOf, paymentId, requestDigest } from './purchase-id.js'
import { withoutQuery } from '../resource.js'
import type { Offer, Payment, PaymentRequired } from '../types.js'

/** A 402, and the offers in it that this wallet could pay. */
export type Payable = { readonly required: PaymentRequired; readonly candidates: readonly Candidate[] }

/** A payment that the policy allows, and under what. */
export type Prepared = { readonly payment: Payment; readonly allowed: Allowed }

/**
 * Judges offers, and fixes what will be recorded and signed for the one to pay: the preferred one of those that come in time.
 *
 * @throws PaymentDeniedError when none is allowed.
 * @throws ClockSkewError when all that are allowed would be over before the server has them.
 * @throws MalformedMessageError when the answer to the 402 could not be sent.
 * @throws ChainUnavailableError when it needs a permit, and the chain does not say which.
 */
export async function prepare(
  { required, candidates }: Payable,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Prepared> {
  let late: ClockSkewError | undefined
  for (const chosen of await choose(candidates, request, context)) {
    const allowed = await readyPermit(chosen, request, context)
    const payment = await fixPayment(required, allowed, request, context)
    const why = whyLate(payment, { request, context })
    late ??= why
    if (why) continue
    checkFit(payment, allowed, request)
    checkChallengeName(payment, request, context)
    return { payment, allowed: onceForChallenge(payment, allowed) }
  }
  throw late ?? new PaymentDeniedError([])
}

/** What is signed is valid by the wall clock, and counts by the ledger's time: while these two disagree, nothing is. */
export function readTime({ time }: Pick<PayContext, 'time'>): Reading {
  const reading = time()
  if (reading.aheadMs !== undefined) throw new ClockJumpedError(reading.aheadMs)
  return reading
}

/** Judges offers, and answers those that are allowed, the one to pay first; there is at least one. */
async function choose(
  candidates: readonly Candidate[],
  request: PurchaseRequest,
  context: PayContext,
): Promise<readonly Allowed[]> {
  const judged = await judge(candidates, request, context)
  request.signal?.throwIfAborted()
  const allowed = byPreference(judged.filter(isAllowed), context)
  if (allowed.length > 0) return allowed
  const denied = judged.filter((one): one is Denied => !isAllowed(one))
  const cause = denied.find((one) => one.cause !== undefined)?.cause
  throw new PaymentDeniedError(
    denied.flatMap((one) => one.refusals),
    { cause },
  )
}

/** Fixes everything that will be recorded and signed, and freezes it. */
async function fixPayment(
  required: PaymentRequired,
  { offer, scheme, signer, limits }: Allowed,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Payment> {
  const { wall: now, ledger: createdAt } = readTime(context)
  const secret = await context.secret(signer.address)
  const purchase = nameIn(context.sessions.at(-1), request.purchaseKey)
  const { challenge } = offer
  const nonce = challenge?.nonce ?? nonceOf(secret, purchase, offer.asset)
  const fixed = await inTime(scheme.terms(offer, { payer: signer.address, nonce, now }))
  const terms = challenge ? { ...fixed, challenge: challenge.echo } : fixed
  const payment: Payment = {
    id: paymentId(secret, purchase),
    purchaseKey: request.purchaseKey,
    requestDigest: requestDigest(secret, nameIn(context.sessions.at(-1), request.requestHash)),
    presentations: 1,
    status: 'authorized',
    resource: withoutQuery(request.resource),
    protocol: required.protocol,
    scheme: scheme.name,
    asset: offer.asset,
    amount: offer.amount,
    microUsd: offer.microUsd,
    payTo: offer.payTo,
    terms,
    labels: request.labels,
    scopes: [...new Set([...scopesOf(request, offer, context), ...limits.map((limit) => limit.scope)])],
    createdAt,
    // The wall clock may be behind the ledger's time, and what is spent must not fall behind its windows.
    countsUntil: terms.validBefore * 1000 + clockMarginMs + (createdAt - now),
  }
  return deepFreeze(payment)
}

/** A server's nonce is another one each time that it asks: only a ledger that is kept says that the purchase was made. */
function checkChallengeName({ terms }: Payment, { isNamed }: PurchaseRequest, { ledger }: PayContext): void {
  if (terms.challenge !== undefined && isNamed && ledger.durable === false)
    throw forgottenName('The ledger is in memory, and the nonce is that of the server')
}

/**
 * A nonce that is not made of the purchase could be asked for by two of them, of which the chain would execute one: the
 * ledger remembers whose it is, in the step in which it records the payment.
 */
function onceForChallenge({ id, asset, terms }: Payment, allowed: Allowed): Allowed {
  if (terms.challenge === undefined) return allowed
  const key = `challenge:${asset.network}:${asset.address}:${terms.payer}:${terms.nonce}`
  const pin = { name: 'purchase of the challenge', key, value: id, onDiffer: 'deny' } as const
  return { ...allowed, pins: [...(allowed.pins ?? []), pin] }
}

/** A scheme may have to ask its chain first. */
async function inTime<terms>(answer: terms | Promise<terms>): Promise<terms> {
  try {
    return await within(deadlines.terms, Promise.resolve(answer), 'the scheme did not answer in time')
  } catch (cause) {
    throw isLate(cause) ? new ChainUnavailableError('what to sign was not known in time', { cause }) : cause
  }
}

/** Names the counters that a payment is added to, whether a limit looks at them yet or not. */
function scopesOf(
  { resource, ownerLabels }: PurchaseRequest,
  { payTo, network }: Offer,
  { sessions }: PayContext,
): readonly string[] {
  const { host } = resource
  const named = Object.entries(ownerLabels).map(([name, value]) => `label:${name}=${value}`)
  return [
    'wallet',
    `host:${host}`,
    `domain:${domainOf(host)}`,
    `payee:${network}:${payTo}`,
    ...named,
    ...sessions.map((session) => `session:${session}`),
  ]
}

function checkFit(payment: Payment, { offer, scheme, signer }: Allowed, request: PurchaseRequest): void {
  const { placeholder } = (signer.isContract && scheme.contract) || scheme
  const problem = request.whyUnsendable?.({
    payment,
    offer,
    payload: scheme.payload(payment, placeholder),
    extensions: scheme.extensions?.(payment, placeholder),
  })
  if (problem !== undefined)
    throw new MalformedMessageError(`Answer to the 402 cannot be sent: ${problem}; nothing was signed`)
}
