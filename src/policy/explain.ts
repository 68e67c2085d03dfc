import { ConfigurationError } from '../errors.js'
import { explainLimit } from '../ledger/explain-limit.js'
import { formatUsd } from '../lib/format-amount.js'
import { askedOf } from '../money.js'
import { whileExecutable } from './built-in-limits.js'
import { guardPolicy, rulesOf } from './engine.js'
import type { PaymentRequest, PolicyEngine, Rule, RuleRefusal, Verdict } from '../ports/policy.js'
import { isObjection, judgeBy } from './judge.js'
import type { Hold, Limit, Pin, Window } from '../types.js'

/**
 * What becomes of a payment: paid at once, paid and told of, paid after a delay, paid if a person approves, or not paid.
 */
export type ExplanationOutcome = 'instant' | 'notify' | 'delay' | 'approval' | 'deny'

/** What one rule says of a request. */
export type RuleOpinion = {
  readonly rule: string
  readonly type: 'allow' | 'deny'
  /** Why it denies. */
  readonly reason?: string | undefined
  /** Whether it gives permission to pay: the host, or for a transfer the payee. */
  readonly grants: boolean
  /** The limits it sets. */
  readonly limits: readonly Limit[]
  readonly hold?: Hold | undefined
  readonly notify: boolean
  /** What it remembers, and has later payments agree with. */
  readonly pins: readonly Pin[]
}

/** What a policy says of a request, and why. */
export type Explanation = {
  /**
   * What becomes of it where the limits have room and it agrees with what was remembered: both are known to the ledger
   * alone.
   */
  readonly outcome: ExplanationOutcome
  /** The rules and limits that make it so, and why. */
  readonly decidedBy: readonly RuleRefusal[]
  /** What each rule says; none where the policy is an engine of the owner's own. */
  readonly rules: readonly RuleOpinion[]
  /** The limits the payment would be recorded under, the built-in ones among them. */
  readonly limits: readonly Limit[]
  readonly hold?: Hold | undefined
  readonly notify: boolean
  /** All of it in words, for a person or a model. */
  readonly text: string
}

/**
 * Tells what a policy says of a request, rule by rule, and which of them decides. It asks no ledger, and records and
 * signs nothing: what is spent already is what `wallet.budget()` tells.
 *
 * @throws ConfigurationError when the policy is neither rules nor an engine, or the request has no offer.
 *
 * @example
 * ```ts
 * import { type AgentWallet, explain, type PolicyEngine } from 'stipend'
 *
 * declare const wallet: AgentWallet
 * declare const policy: PolicyEngine
 * const quote = await wallet.quote('https://api.example.com/report')
 * for (const { offer } of quote?.offers ?? []) {
 *   const { resource } = quote ?? {}
 *   if (resource) console.log((await explain(policy, { resource, offer, labels: {}, now: Date.now() })).text)
 * }
 * ```
 */
export async function explain(policy: PolicyEngine | readonly Rule[], request: PaymentRequest): Promise<Explanation> {
  const engine = guardPolicy(policy)
  const asked: Partial<PaymentRequest> | undefined = request
  if (!asked?.offer || !asked.resource)
    throw new ConfigurationError(
      'Failed to explain: expected { resource, offer, labels, now }, with an offer of wallet.quote(url)',
    )
  const verdict = await engine.evaluate(request)
  const rules = rulesOf(policy).map((rule) => readOpinion(rule, request))
  const limits = verdict.type === 'allow' ? verdict.limits : []
  const hold = verdict.type === 'allow' ? verdict.hold : undefined
  const notify = verdict.type === 'allow' && verdict.notify === true
  const decision = decide(verdict, rules, request)
  const told = { ...decision, rules, limits, hold, notify }
  return Object.freeze({ ...told, text: write(told, request) })
}

function readOpinion(rule: Rule, request: PaymentRequest): RuleOpinion {
  const opinion = judgeBy(rule, request)
  if (isObjection(opinion)) {
    return { rule: rule.name, type: 'deny', reason: opinion.reason, grants: false, limits: [], notify: false, pins: [] }
  }
  const { grants, limits, hold, notify, pins } = opinion
  return { rule: rule.name, type: 'allow', grants: grants !== undefined, limits, ...(hold && { hold }), notify, pins }
}

type Decided = Pick<Explanation, 'outcome' | 'decidedBy'>

/** The ledger asks a person only for what no other limit forbids, and a person's word is more than a delay. */
function decide(verdict: Verdict, rules: readonly RuleOpinion[], request: PaymentRequest): Decided {
  if (verdict.type === 'deny') return { outcome: 'deny', decidedBy: verdict.refusals }
  const { limits, hold, notify } = verdict
  const beyond = limits.filter((limit) => askedOf(limit, request.offer) > limit.max)
  const say = (limit: Limit): RuleRefusal => ({
    rule: ownerOf(limit, rules),
    reason: explainLimit({ limit, asked: askedOf(limit, request.offer) }),
  })
  const forbidding = beyond.filter(({ onExceed }) => onExceed !== 'approve')
  if (forbidding.length > 0) return { outcome: 'deny', decidedBy: forbidding.map(say) }
  const held = hold ? whoHolds(hold, rules) : []
  if (beyond.length > 0) {
    return { outcome: 'approval', decidedBy: [...beyond.map(say), ...(hold?.kind === 'approval' ? held : [])] }
  }
  if (hold) return { outcome: hold.kind, decidedBy: held }
  if (notify) {
    return { outcome: 'notify', decidedBy: [{ rule: nameOf(rules, (one) => one.notify), reason: 'the owner is told' }] }
  }
  const reason = 'it gives permission to pay, and no rule objects'
  return { outcome: 'instant', decidedBy: [{ rule: nameOf(rules, (one) => one.grants), reason }] }
}

/** Whoever asks for a person, or the rule with the longest delay. */
function whoHolds(hold: Hold, rules: readonly RuleOpinion[]): readonly RuleRefusal[] {
  const own = rules.flatMap(({ rule, hold: its }) =>
    its && (hold.kind === 'approval' ? its.kind === 'approval' : isSame(its, hold))
      ? [{ rule, reason: its.reason }]
      : [],
  )
  return own.length > 0 ? own : [{ rule: 'policy', reason: hold.reason }]
}

function ownerOf(limit: Limit, rules: readonly RuleOpinion[]): string {
  const owner = rules.find(({ limits }) => limits.some((one) => isSame(one, limit)))
  return owner?.rule ?? (rules.length > 0 ? 'built-in limits' : 'policy')
}

function nameOf(rules: readonly RuleOpinion[], isMeant: (rule: RuleOpinion) => boolean): string {
  return rules.find(isMeant)?.rule ?? 'policy'
}

function isSame(one: Limit | Hold | undefined, other: Limit | Hold): boolean {
  const words = (value: unknown): string =>
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}` : inner)) ?? ''
  return words(one) === words(other)
}

function write(told: Omit<Explanation, 'text'>, { offer, resource }: PaymentRequest): string {
  const { decidedBy, rules, limits } = told
  const { symbol, network } = offer.asset
  return [
    `${formatUsd(offer.microUsd)} in ${symbol} on ${network} to ${resource.host} ${writeOutcome(told)}.`,
    ...decidedBy.map(({ rule, reason }) => `Decided by ${rule}: ${reason}.`),
    ...(rules.length > 0 ? ['Rules:', ...rules.map((one) => `- ${one.rule} ${writeOpinion(one)}`)] : []),
    ...(limits.length > 0 ? ['Limits, of which some may be used already:', ...limits.map(writeLimit)] : []),
  ].join('\n')
}

function writeOutcome({ outcome, hold, notify }: Omit<Explanation, 'text'>): string {
  const told = notify ? ', and the owner is told' : ''
  if (outcome === 'deny') return 'is not paid'
  if (outcome === 'approval') return `is paid once a person approves it${told}`
  const seconds = hold?.kind === 'delay' ? hold.seconds : 0
  return outcome === 'delay' ? `is paid after ${seconds} s unless it is cancelled${told}` : `is paid at once${told}`
}

function writeOpinion({ type, reason, grants, hold, notify, limits, pins }: RuleOpinion): string {
  if (type === 'deny') return `denies: ${reason ?? 'denied'}`
  const parts = [
    grants ? 'gives permission to pay' : 'does not object',
    ...(limits.length > 0 ? [`sets ${limits.map(({ name }) => name).join(', ')}`] : []),
    ...(pins.length > 0 ? [`holds it to the ${pins.map(({ name }) => name).join(', ')}`] : []),
    ...(hold ? [hold.kind === 'delay' ? `asks for a delay of ${hold.seconds} s` : 'asks for approval'] : []),
    ...(notify ? ['has the owner told'] : []),
  ]
  return parts.join(', ')
}

const counted = { count: 'payments', open: 'open payments', unknown: 'payments without an answer' } as const

function writeLimit({ name, scope, window, measure, max, onExceed }: Limit): string {
  const amount = measure === 'microUsd' ? formatUsd(max) : `${max} ${counted[measure]}`
  const beyond = onExceed === 'approve' ? '; beyond it a person is asked' : ''
  return `- ${name}: ${amount} ${writeWindow(window)}, counted by ${scope}${beyond}`
}

function writeWindow(window: Window): string {
  if (window.type === 'payment') return 'a payment'
  if (window.type === 'lifetime') return 'for as long as the ledger lives'
  if (window.type === 'calendar') return `a ${window.period} by the calendar of ${window.timeZone}`
  if (window.seconds === whileExecutable.seconds) return 'at once'
  const [unit, name] = (
    [
      [86_400, 'days'],
      [3600, 'hours'],
      [60, 'minutes'],
    ] as const
  ).find(([length]) => window.seconds % length === 0 && window.seconds > length) ?? [1, 'seconds']
  return `in any ${window.seconds / unit} ${name}`
}
