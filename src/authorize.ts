import type { AssetTable } from './assets.js'
import { priceOffers } from './assets.js'
import { within } from './deadline.js'
import {
  AlreadyPaidError,
  ClockSkewError,
  ConfigurationError,
  isStipendError,
  LedgerUnavailableError,
  LimitExceededError,
  MalformedMessageError,
  NoPayableOfferError,
  PaymentDeniedError,
  PaymentOutcomeUnknownError,
  type Refusal,
  SigningFailedError,
  UnpayableRequestError,
} from './errors.js'
import type { Emit } from './events.js'
import { explainLimit } from './explain.js'
import { deepFreeze } from './freeze.js'
import type { KeyStore, Signer } from './keys/key-store.js'
import type { Ledger, ReserveOptions } from './ledger/ledger.js'
import { isLive } from './ledger/lifecycle.js'
import { formatUsd } from './money.js'
import type { PolicyEngine } from './policy/engine.js'
import { nonceOf, paymentId, requestDigest } from './purchase.js'
import type { Scheme } from './schemes/scheme.js'
import type {
  Authorization,
  Labels,
  Limit,
  MicroUsd,
  Offer,
  Payment,
  PaymentRequired,
  Resource,
  SetAside,
} from './types.js'

/** The parts of a wallet that stand between a 402 and a signature. */
export type Parts = {
  readonly keyStore: KeyStore
  readonly schemes: readonly Scheme[]
  readonly assets: AssetTable
  /** Already guarded: it answers a verdict, whatever the owner's engine does. */
  readonly policy: PolicyEngine
  readonly ledger: Ledger
  /** Unix milliseconds. */
  readonly clock: () => number
  /** 32 bytes that nonces and ids are derived from. */
  readonly secret: () => Promise<Uint8Array>
  readonly emit: Emit
}

/** Who asks for a payment, and within what bounds of its own. */
export type Ask = {
  readonly resource: Resource
  readonly purchaseKey: string
  /** Whether a live payment of the same request is to be sent again before anything new is signed. */
  readonly sameRequest: boolean
  /** A hash of what the request consists of. */
  readonly requestHash: string
  readonly labels: Labels
  /** The most this call may cost; it can only lower what the policy allows. */
  readonly maxMicroUsd?: MicroUsd | undefined
  /** Nothing is signed once it is aborted. */
  readonly signal?: AbortSignal | undefined
  /** The server's clock in Unix milliseconds, as it says. */
  readonly serverTime?: number | undefined
  /** Says why an authorization cannot be sent by this transport, measured before anything is signed. */
  readonly misfit?: ((authorization: Authorization) => string | undefined) | undefined
}

type Candidate = { readonly offer: Offer; readonly scheme: Scheme; readonly signer: Signer }
type Allowed = Candidate & { readonly limits: readonly Limit[] }

const reportedSkewMs = 30_000
const largestSkewMs = 120_000
/** How long a block may lag behind an authorization's end and still execute it. */
const clockMarginSeconds = 120
const signingTimeoutMs = 30_000
/** The first sending and two more. */
const mostPresentations = 3

/** Takes a parsed 402 to a signed payment: match, judge, record, sign. The only way to a key. */
export async function authorize(required: PaymentRequired, ask: Ask, parts: Parts): Promise<Authorization> {
  checkClock(ask, parts)
  const candidates = await match(required, parts)
  const allowed = await judge(candidates, ask, parts)
  const payment = await prepare(required, allowed, ask, parts)
  checkFit(payment, allowed, ask)
  const recorded = await record(payment, allowed, ask, parts)
  return sign(recorded, allowed, ask, parts)
}

function checkClock({ serverTime, resource }: Ask, { clock, emit }: Parts): void {
  if (serverTime === undefined) return
  const skewMs = serverTime - clock()
  if (Math.abs(skewMs) > reportedSkewMs) emit('clock.skewed', { resource, skewMs })
  if (Math.abs(skewMs) > largestSkewMs) throw new ClockSkewError(skewMs)
}

/** Finds the offers that are in an asset we know, by a scheme we have, on a network we hold a key for. */
export async function match(required: PaymentRequired, parts: Parts): Promise<readonly Candidate[]> {
  const { offers, setAside } = priceOffers(required.claims, parts.assets)
  const matched = await Promise.all(offers.map((offer) => matchOffer(offer, parts)))
  const candidates = matched.filter((one): one is Candidate => 'signer' in one)
  if (candidates.length > 0) return candidates
  const reasons = [...required.setAside, ...setAside, ...matched.filter((one): one is SetAside => 'reason' in one)]
  throw new NoPayableOfferError(reasons.toSorted((one, other) => one.index - other.index))
}

async function matchOffer(offer: Offer, { schemes, keyStore }: Parts): Promise<Candidate | SetAside> {
  const { index, network } = offer
  const aside = (reason: string): SetAside => ({ index, scheme: offer.scheme, network, reason })
  const scheme = schemes.find((one) => one.name === offer.scheme && network.startsWith(`${one.namespace}:`))
  if (!scheme) return aside(`scheme ${offer.scheme} on ${network} is not supported`)
  const signer = await getSigner(offer, keyStore)
  if (signer?.namespace !== scheme.namespace) return aside(`no key for ${network}`)
  const refusal = scheme.refuse(offer, signer.address)
  return refusal === undefined ? { offer, scheme, signer } : aside(refusal)
}

async function getSigner({ asset }: Offer, keyStore: KeyStore): Promise<Signer | undefined> {
  try {
    return await within(signingTimeoutMs, keyStore.getSigner(asset.network), 'no answer in time')
  } catch (cause) {
    if (isStipendError(cause)) throw cause
    throw new ConfigurationError('Failed to get a signer from the key store; nothing was signed', { cause })
  }
}

/** Asks the policy about each candidate and takes the cheapest that it allows; the server's order breaks ties. */
async function judge(candidates: readonly Candidate[], ask: Ask, parts: Parts): Promise<Allowed> {
  const judged = await Promise.all(candidates.map((candidate) => judgeCandidate(candidate, ask, parts)))
  ask.signal?.throwIfAborted()
  const [cheapest] = judged
    .filter((one): one is Allowed => 'limits' in one)
    .toSorted((one, other) => Number(one.offer.microUsd > other.offer.microUsd) - Number(one.offer.microUsd < other.offer.microUsd))
  if (cheapest) return cheapest
  throw new PaymentDeniedError(judged.flatMap((one) => ('refusals' in one ? one.refusals : [])))
}

async function judgeCandidate(
  candidate: Candidate,
  ask: Ask,
  parts: Parts,
): Promise<Allowed | { readonly refusals: readonly Refusal[] }> {
  const { offer } = candidate
  const { resource, labels, maxMicroUsd } = ask
  if (maxMicroUsd !== undefined && offer.microUsd > maxMicroUsd) {
    const reason = `this call may cost ${formatUsd(maxMicroUsd)} at most, ${formatUsd(offer.microUsd)} asked`
    return { refusals: [{ offer, rule: 'maxUsd', reason }] }
  }
  const verdict = await parts.policy.evaluate(deepFreeze({ resource, offer, labels, now: parts.clock() }))
  if (verdict.type === 'deny') return { refusals: verdict.refusals.map((refusal) => ({ offer, ...refusal })) }
  return { ...candidate, limits: verdict.limits }
}

/** Fixes everything that will be recorded and signed, and freezes it. */
async function prepare(required: PaymentRequired, { offer, scheme, signer, limits }: Allowed, ask: Ask, parts: Parts) {
  const now = parts.clock()
  const secret = await parts.secret()
  const nonce = nonceOf(secret, ask.purchaseKey, offer.asset)
  const terms = scheme.terms(offer, { payer: signer.address, nonce, now })
  const payment: Payment = {
    id: paymentId(secret, ask.purchaseKey),
    purchaseKey: ask.purchaseKey,
    requestDigest: requestDigest(secret, ask.requestHash),
    presentations: 1,
    status: 'authorized',
    resource: withoutQuery(ask.resource),
    protocol: required.protocol,
    scheme: scheme.name,
    asset: offer.asset,
    amount: offer.amount,
    microUsd: offer.microUsd,
    payTo: offer.payTo,
    terms,
    labels: ask.labels,
    scopes: [...new Set([...scopesOf(ask.resource), ...limits.map((limit) => limit.scope)])],
    createdAt: now,
    countsUntil: (terms.validBefore + clockMarginSeconds) * 1000,
  }
  return deepFreeze(payment)
}

/** Queries can hold secrets, and the ledger has no use for them. */
function withoutQuery(resource: Resource): Resource {
  const url = new URL(resource.url)
  return { ...resource, url: `${url.origin}${url.pathname}` }
}

/** Names the counters that every payment for a resource is added to. */
export function scopesOf(resource: Resource): readonly string[] {
  return ['wallet', `host:${resource.host}`]
}

function checkFit(payment: Payment, { offer, scheme }: Allowed, ask: Ask): void {
  const misfit = ask.misfit?.({ payment, offer, payload: scheme.payload(payment, scheme.placeholder) })
  if (misfit !== undefined) throw new MalformedMessageError(`Answer to the 402 cannot be sent: ${misfit}; nothing was signed`)
}

/**
 * Records the payment under its limits, in one step of the ledger. Where the purchase has a live payment already, it
 * is that one which is signed and sent again: the same nonce, so that it is paid once.
 */
async function record(payment: Payment, { limits }: Allowed, ask: Ask, parts: Parts): Promise<Payment> {
  ask.signal?.throwIfAborted()
  const reservation = await reserve(payment, limits, { sameRequest: ask.sameRequest }, parts)
  if (reservation === undefined) return payment
  const again = resume(reservation, payment, parts.clock())
  if (isLive(again, parts.clock())) return again
  const renewed = deepFreeze({ ...payment, presentations: again.presentations })
  await reserve(renewed, limits, { renew: true }, parts)
  return renewed
}

/** Answers nothing when the payment was recorded, or the one that is there already. */
async function reserve(
  payment: Payment,
  limits: readonly Limit[],
  options: ReserveOptions,
  { ledger }: Parts,
): Promise<Payment | undefined> {
  const reservation = await ledger.reserve(payment, limits, options).catch((cause: unknown) => {
    throw isStipendError(cause) ? cause : new LedgerUnavailableError(cause)
  })
  if (reservation.ok) return undefined
  if (reservation.reason === 'exists') return reservation.payment
  const asked = reservation.limit.measure === 'count' ? 1n : payment.microUsd
  throw new LimitExceededError({ ...reservation, asked, explanation: explainLimit({ ...reservation, asked }) })
}

/** Answers the payment that is there already, if it may be sent for this request once more. */
function resume(existing: Payment, wanted: Payment, now: number): Payment {
  if (existing.requestDigest !== wanted.requestDigest) {
    throw new UnpayableRequestError('Purchase key names another request; nothing was signed', {
      details: ['A key is one purchase: use a new one for another method, URL or body.'],
    })
  }
  const isPaid = existing.status === 'confirmed' || (existing.status === 'claimed' && !isLive(existing, now))
  if (isPaid) throw new AlreadyPaidError(existing)
  const unknown = (reason: string) => new PaymentOutcomeUnknownError(existing, { reason })
  if (!isSamePurchase(existing, wanted)) throw unknown('the server now asks other terms for the same purchase')
  if (existing.presentations > mostPresentations) throw unknown(`it was sent ${mostPresentations} times`)
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

/** Asks the signer for the recorded payment, and compares what it signed with what is recorded. */
async function sign(payment: Payment, { offer, scheme, signer }: Allowed, ask: Ask, parts: Parts): Promise<Authorization> {
  if (ask.signal?.aborted) await release(payment, 'the call was aborted', parts)
  ask.signal?.throwIfAborted()
  const signature = await useKey(payment, { scheme, signer }, parts)
  const problem = scheme.check(payment, signature)
  if (problem !== undefined) {
    await doubt(payment, problem, parts)
    throw new SigningFailedError(payment, { reason: problem, moved: 'maybe' })
  }
  parts.emit('payment.authorized', { payment })
  return deepFreeze({ payment, offer, payload: scheme.payload(payment, signature) })
}

async function useKey(payment: Payment, { scheme, signer }: Omit<Candidate, 'offer'>, parts: Parts): Promise<string> {
  try {
    return await within(signingTimeoutMs, scheme.sign(payment, signer), 'the signer did not answer in time')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.name : 'the signer threw'
    // A signer that is late can still sign.
    const isUnsigned = signer.throwsUnsigned === true && reason !== 'TimeoutError' && payment.presentations === 1
    if (isUnsigned) await release(payment, reason, parts)
    else await doubt(payment, reason, parts)
    throw new SigningFailedError(payment, { reason, moved: isUnsigned ? 'no' : 'maybe', cause })
  }
}

/** The ledger refuses this for a payment that was sent before, or is being sent by another call. */
async function release(payment: Payment, note: string, { ledger, emit }: Parts): Promise<void> {
  const released = await ledger.update(payment.id, { status: 'released', note }).catch(() => undefined)
  if (released) emit('payment.released', { payment: released })
}

/** A ledger that fails here leaves the payment counting as spent, which is the safe side. */
async function doubt(payment: Payment, note: string, { ledger, emit }: Parts): Promise<void> {
  const unknown = await ledger.update(payment.id, { status: 'unknown', note }).catch(() => payment)
  emit('payment.unknown', { payment: unknown })
}
