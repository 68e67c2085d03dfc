import { describeShortage, type Shortage } from '../errors.js'
import { shortageOf } from './funds.js'
import { jsonSafe } from '../lib/json-safe.js'
import { explainLimit } from '../ledger/explain-limit.js'
import { byPreference, isAllowed, judge, type JudgeRequest, type Judged } from './judge.js'
import { match } from './match.js'
import { askedOf } from '../money.js'
import type { Allowed, PayContext } from './context.js'
import type { Hold, MicroUsd, Offer, PaymentRequired, Resource, SetAside, Usage } from '../types.js'

/** One offer, its price, and what the policy and the limits make of it. */
export type QuotedOffer = {
  readonly offer: Offer
  readonly microUsd: MicroUsd
  readonly allowed: boolean
  /** What it has to wait for: a person, where only limits beyond which one is asked are in its way, or its time. */
  readonly waitsFor?: Hold['kind'] | undefined
  /** In words: which rules or limits say no, or what the wallet holds too little of. */
  readonly reasons: readonly string[]
  /** What the wallet holds too little of, where its chain says so. */
  readonly shortage?: Shortage | undefined
}

/** What a resource costs, offer by offer. */
export type Quote = {
  readonly resource: Resource
  readonly offers: readonly QuotedOffer[]
  /** Offers that this wallet cannot pay, whatever the policy says, and why. */
  readonly setAside: readonly SetAside[]
  /** The offer that would be paid now; none when nothing is allowed. */
  readonly payable: QuotedOffer | undefined
}

/** Works out what a 402 would cost and whether it would be paid, without recording or signing anything. */
export async function appraise(required: PaymentRequired, request: JudgeRequest, context: PayContext): Promise<Quote> {
  const { candidates, setAside } = await match(required, context)
  const judged = await judge(candidates, request, context)
  const quoted = await Promise.all(judged.map((one) => quoteOffer(one, context)))
  const preferred = byPreference(judged.filter(isAllowed), context)
  const quotes = preferred.map(({ offer }) => quoted.find((one) => one.offer === offer))
  const payable = quotes.find((one) => one?.allowed)
  return jsonSafe({ resource: request.resource, offers: quoted, setAside, payable })
}

async function quoteOffer(judged: Judged, context: PayContext): Promise<QuotedOffer> {
  const { offer } = judged
  const { microUsd } = offer
  if (isAllowed(judged)) return { offer, microUsd, ...(await quoteAllowed(judged, context)) }
  return { offer, microUsd, allowed: false, reasons: judged.refusals.map(({ rule, reason }) => `${rule}: ${reason}`) }
}

type Findings = Pick<QuotedOffer, 'allowed' | 'waitsFor' | 'reasons' | 'shortage'>

async function quoteAllowed(allowed: Allowed, context: PayContext): Promise<Findings> {
  const [findings, shortage] = await Promise.all([
    quoteLimits(allowed, context),
    shortageOf(allowed, context.findShortage),
  ])
  if (!shortage) return findings
  const reasons = [...findings.reasons, `insufficient funds: ${describeShortage(shortage)}`]
  return { allowed: false, reasons, shortage }
}

async function quoteLimits({ offer, limits, hold }: Allowed, { ledger, time }: PayContext): Promise<Findings> {
  const usage = await ledger.usage(limits, time().ledger)
  const beyond = usage.filter(({ limit, used }) => used + askedOf(limit, offer) > limit.max)
  const reasons = beyond.map((one) => explain(one, offer))
  return { allowed: reasons.length === 0, waitsFor: waitsFor(beyond, hold), reasons }
}

function waitsFor(beyond: readonly Usage[], hold: Hold | undefined): Hold['kind'] | undefined {
  if (beyond.length === 0) return hold?.kind
  return beyond.every(({ limit }) => limit.onExceed === 'approve') ? 'approval' : undefined
}

function explain({ limit, used }: Usage, offer: Offer): string {
  return `${limit.onExceed === 'approve' ? 'needs approval: ' : ''}${explainLimit({ limit, used, asked: askedOf(limit, offer) })}`
}
