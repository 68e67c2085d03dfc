import type { Reading } from './clock.js'
import { domainOf } from '../hosts/registered-domain.js'
import {
  ChainUnavailableError,
  ClockJumpedError,
  ClockSkewError,
  ConfigurationError,
  MalformedMessageError,
  NoPayableOfferError,
  PaymentDeniedError,
} from '../errors.js'
import { isLate, unlessAborted, within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { deepFreeze } from '../lib/freeze.js'
import { release, sign } from './sign.js'
import { clockMarginMs } from '../ledger/lifecycle.js'
import { byPreference, type Denied, isAllowed, judge } from './judge.js'
import { match } from './match.js'
import type { Allowed, Ask, Candidate, Parts } from './context.js'
import { nameIn, nonceOf, paymentId, requestDigest } from './purchase-id.js'
import { type Judged, record } from './reserve.js'
import { withoutQuery } from '../resource.js'
import type { Authorization, Offer, Payment, PaymentRequired, Usage } from '../types.js'

const reportedSkewMs = 30_000
const largestSkewMs = 120_000

/** Takes a parsed 402 to a signed payment: match, judge, record, sign. The only way to a key. */
export async function authorize(required: PaymentRequired, ask: Ask, parts: Parts): Promise<Authorization> {
  const { payment, allowed } = await unlessGivenUp(judgeAndRecord(required, ask, parts), ask, parts)
  const signature = await sign(payment, allowed, ask, parts)
  const authorization = deepFreeze({
    payment,
    offer: allowed.offer,
    payload: allowed.scheme.payload(payment, signature),
  })
  tell(authorization, allowed, parts)
  return authorization
}

/** Takes a parsed 402 to a recorded payment. It uses no key, so that it can be given up wherever it waits. */
async function judgeAndRecord(required: PaymentRequired, ask: Ask, parts: Parts): Promise<Judged> {
  checkName(ask, parts)
  await checkClock(ask, parts)
  const { candidates, setAside } = await match(required, parts)
  if (candidates.length === 0) throw new NoPayableOfferError(setAside)
  const allowed = await judgeAll(candidates, ask, parts)
  const payment = await prepare(required, allowed, ask, parts)
  const again = async (purchaseKey: string): Promise<Judged> => {
    const anew = await judgeAll([allowed], ask, parts)
    return { allowed: anew, payment: await prepare(required, anew, { ...ask, purchaseKey }, parts) }
  }
  checkFit(payment, allowed, ask)
  return { allowed, payment: await record({ allowed, payment, again }, ask, parts) }
}

/** Waits for a record until the call is aborted. What is recorded after that is released: no key is asked for it. */
async function unlessGivenUp(recording: Promise<Judged>, { signal }: Ask, parts: Parts): Promise<Judged> {
  try {
    return await unlessAborted(signal, recording)
  } catch (error) {
    if (signal?.aborted)
      recording.then(({ payment }) => release(payment, 'the call was aborted', parts)).catch(() => {})
    throw error
  }
}

/** Whatever a name stands for is forgotten with the process where nothing keeps it: it could be paid once more. */
function checkName({ isNamed }: Ask, { keyStore, ledger }: Parts): void {
  if (!isNamed || keyStore.deriveSecret || ledger.durable !== false) return
  throw new ConfigurationError('Failed to name the purchase: its name would be forgotten with the process', {
    details: [
      'The ledger is in memory, and the key store cannot derive secrets: after a restart it would be paid again.',
      'Use a ledger that is kept, such as sqliteLedger, or pay without a key; nothing was signed.',
    ],
  })
}

async function checkClock({ serverTime, resource }: Ask, { clock, time, askTime, emit }: Parts): Promise<void> {
  if (time().aheadMs !== undefined) await askTime()
  readTime({ time })
  if (serverTime === undefined) return
  const skewMs = serverTime - clock()
  if (Math.abs(skewMs) > reportedSkewMs) emit('clock.skewed', { resource: withoutQuery(resource), skewMs })
  if (Math.abs(skewMs) > largestSkewMs) throw new ClockSkewError(skewMs)
}

/** What is signed is valid by the wall clock, and counts by the ledger's time: while these two disagree, nothing is. */
function readTime({ time }: Pick<Parts, 'time'>): Reading {
  const reading = time()
  if (reading.aheadMs !== undefined) throw new ClockJumpedError(reading.aheadMs)
  return reading
}

/** Judges offers, and answers those that are allowed, the one to pay first. */
async function judgeAll(candidates: readonly Candidate[], ask: Ask, parts: Parts): Promise<Allowed> {
  const judged = await judge(candidates, ask, parts)
  ask.signal?.throwIfAborted()
  const [chosen] = byPreference(judged.filter(isAllowed), parts)
  if (chosen) return chosen
  const denied = judged.filter((one): one is Denied => !isAllowed(one))
  const cause = denied.find((one) => one.cause !== undefined)?.cause
  throw new PaymentDeniedError(
    denied.flatMap((one) => one.refusals),
    { cause },
  )
}

/** Fixes everything that will be recorded and signed, and freezes it. */
async function prepare(required: PaymentRequired, { offer, scheme, signer, limits }: Allowed, ask: Ask, parts: Parts) {
  const { wall: now, ledger: createdAt } = readTime(parts)
  const secret = await parts.secret(signer.address)
  const purchase = nameIn(parts.sessions.at(-1), ask.purchaseKey)
  const nonce = nonceOf(secret, purchase, offer.asset)
  const terms = await inTime(scheme.terms(offer, { payer: signer.address, nonce, now }))
  const payment: Payment = {
    id: paymentId(secret, purchase),
    purchaseKey: ask.purchaseKey,
    requestDigest: requestDigest(secret, nameIn(parts.sessions.at(-1), ask.requestHash)),
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
    scopes: [...new Set([...scopesOf(ask, offer, parts), ...limits.map((limit) => limit.scope)])],
    createdAt,
    // The wall clock may be behind the ledger's time, and what is spent must not fall behind its windows.
    countsUntil: terms.validBefore * 1000 + clockMarginMs + (createdAt - now),
  }
  return deepFreeze(payment)
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
function scopesOf({ resource, ownerLabels }: Ask, { payTo, network }: Offer, { sessions }: Parts): readonly string[] {
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

function checkFit(payment: Payment, { offer, scheme }: Allowed, ask: Ask): void {
  const misfit = ask.misfit?.({ payment, offer, payload: scheme.payload(payment, scheme.placeholder) })
  if (misfit !== undefined)
    throw new MalformedMessageError(`Answer to the 402 cannot be sent: ${misfit}; nothing was signed`)
}

/** Tells listeners what was signed, and which limits it brought near their end. */
function tell({ payment }: Authorization, { limits, notify }: Allowed, { ledger, time, emit, hears }: Parts): void {
  emit('payment.authorized', { payment })
  if (notify) emit('payment.notified', { payment })
  if (!hears('limit.approached')) return
  const tellUsage = (usage: readonly Usage[]): void => {
    for (const one of usage)
      if (one.used * 5n >= one.limit.max * 4n && one.used > 0n) emit('limit.approached', { usage: one })
  }
  ledger.usage(limits, time().ledger).then(tellUsage, () => {})
}
