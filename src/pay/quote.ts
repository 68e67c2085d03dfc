import { NoPayableOfferError } from '../errors.js'
import { explainLimit } from '../ledger/explain-limit.js'
import { match } from './match.js'
import { askedOf } from '../money.js'
import type { Parts } from './context.js'
import type { Hold, MicroUsd, Offer, PaymentRequired, Resource, SetAside, Usage } from '../types.js'

/** One offer, its price, and what the policy and the limits make of it. */
export type QuotedOffer = {
  readonly offer: Offer
  readonly microUsd: MicroUsd
  readonly allowed: boolean
  /** What it has to wait for: a person, where only limits beyond which one is asked are in its way, or its time. */
  readonly waitsFor?: Hold['kind'] | undefined
  /** In words: which rules or limits say no. */
  readonly reasons: readonly string[]
}

/** What a resource costs, offer by offer. */
export type Quote = {
  readonly resource: Resource
  readonly offers: readonly QuotedOffer[]
  /** Offers that this wallet cannot pay, whatever the policy says. */
  readonly setAside: readonly SetAside[]
  /** The offer that would be paid now; none when nothing is allowed. */
  readonly payable: QuotedOffer | undefined
}

/** Works out what a 402 would cost and whether it would be paid, without recording or signing anything. */
export async function appraise(required: PaymentRequired, resource: Resource, parts: Parts): Promise<Quote> {
  const { offers, setAside } = await payableOffers(required, parts)
  const quoted = await Promise.all(offers.map((offer) => quoteOffer(offer, resource, parts)))
  const payable = quoted
    .filter((one) => one.allowed)
    .reduce<QuotedOffer | undefined>((best, one) => (best && best.microUsd <= one.microUsd ? best : one), undefined)
  return { resource, offers: quoted, setAside, payable }
}

async function payableOffers(
  required: PaymentRequired,
  parts: Parts,
): Promise<{ offers: Offer[]; setAside: readonly SetAside[] }> {
  try {
    const candidates = await match(required, parts)
    return { offers: candidates.map((candidate) => candidate.offer), setAside: required.setAside }
  } catch (error) {
    if (error instanceof NoPayableOfferError) return { offers: [], setAside: error.setAside }
    throw error
  }
}

async function quoteOffer(offer: Offer, resource: Resource, parts: Parts): Promise<QuotedOffer> {
  const { wall, ledger: now } = parts.time()
  const verdict = await parts.policy.evaluate({ resource, offer, labels: {}, now: wall })
  if (verdict.type === 'deny') {
    const reasons = verdict.refusals.map((refusal) => `${refusal.rule}: ${refusal.reason}`)
    return { offer, microUsd: offer.microUsd, allowed: false, reasons }
  }
  const usage = await parts.ledger.usage(verdict.limits, now)
  const beyond = usage.filter(({ limit, used }) => used + askedOf(limit, offer) > limit.max)
  const reasons = beyond.map((one) => explain(one, offer))
  return {
    offer,
    microUsd: offer.microUsd,
    allowed: reasons.length === 0,
    waitsFor: waitsFor(beyond, verdict.hold),
    reasons,
  }
}

function waitsFor(beyond: readonly Usage[], hold: Hold | undefined): Hold['kind'] | undefined {
  if (beyond.length === 0) return hold?.kind
  return beyond.every(({ limit }) => limit.onExceed === 'approve') ? 'approval' : undefined
}

function explain({ limit, used }: Usage, offer: Offer): string {
  return `${limit.onExceed === 'approve' ? 'needs approval: ' : ''}${explainLimit({ limit, used, asked: askedOf(limit, offer) })}`
}
