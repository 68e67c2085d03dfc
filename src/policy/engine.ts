import { within } from '../deadline.js'
import { deepFreeze } from '../freeze.js'
import type { Labels, Limit, Offer, Resource } from '../types.js'
import { withBuiltInLimits } from './built-in-limits.js'

/** What rules judge: one offer, for one resource. Frozen. */
export type PaymentRequest = {
  readonly resource: Resource
  readonly offer: Offer
  readonly labels: Labels
  /** Unix milliseconds. */
  readonly now: number
}

/**
 * What a rule says of a request. `allow` is no objection, under limits; only a rule about hosts gives leave to pay
 * at all, and says so with `grants`.
 */
export type Decision =
  | { readonly type: 'allow'; readonly limits?: readonly Limit[] | undefined; readonly grants?: 'host' | undefined }
  | { readonly type: 'deny'; readonly reason: string }

/** Judges a request; pure, and can only narrow what other rules allow. */
export type Rule = {
  readonly name: string
  readonly judge: (request: PaymentRequest) => Decision
  /** The limits it sets on a host (or, without one, on the wallet as a whole), for `budget()`. */
  readonly limits?: ((resource: Resource | undefined) => readonly Limit[]) | undefined
}

/** One rule's no. */
export type RuleRefusal = { readonly rule: string; readonly reason: string }

/** What a policy says of a request, all rules taken together. */
export type Verdict =
  | { readonly type: 'allow'; readonly limits: readonly Limit[] }
  | { readonly type: 'deny'; readonly refusals: readonly RuleRefusal[] }

/** Judges requests by whatever it likes; an error, a wrong answer or none in time is a deny. */
export type PolicyEngine = {
  readonly evaluate: (request: PaymentRequest) => Verdict | Promise<Verdict>
  readonly limits?: ((resource: Resource | undefined) => readonly Limit[]) | undefined
}

const timeoutMs = 10_000

/** Creates an engine in which all rules must agree: any deny wins, and limits add up. Their order does not matter. */
export function createPolicyEngine(rules: readonly Rule[]): PolicyEngine {
  const own = rules.map(({ name, judge, limits }) => Object.freeze({ name: String(name), judge, limits }))
  return Object.freeze({
    evaluate: (request: PaymentRequest) => fold(own.map((rule) => judgeBy(rule, request))),
    limits: (resource: Resource | undefined) => own.flatMap((rule) => rule.limits?.(resource) ?? []),
  })
}

type Judged = { readonly limits: readonly Limit[]; readonly isGrant: boolean } | RuleRefusal

function fold(judged: readonly Judged[]): Verdict {
  const refusals = judged.filter((one): one is RuleRefusal => 'reason' in one)
  if (refusals.length > 0) return { type: 'deny', refusals }
  const allowed = judged.filter((one) => 'isGrant' in one)
  if (allowed.some((one) => one.isGrant)) return { type: 'allow', limits: allowed.flatMap((one) => one.limits) }
  return {
    type: 'deny',
    refusals: [{ rule: 'policy', reason: 'no rule allows any host; allowHosts([…]) names those to pay' }],
  }
}

/** Reads one rule's decision; a rule that throws or answers anything else denies. */
function judgeBy(rule: Rule, request: PaymentRequest): Judged {
  try {
    const decision: unknown = rule.judge(request)
    const type = own(decision, 'type')
    if (type === 'deny') return { rule: rule.name, reason: String(own(decision, 'reason') ?? 'denied') }
    const limits = own(decision, 'limits') ?? []
    if (type === 'allow' && areLimits(limits)) return { limits, isGrant: own(decision, 'grants') === 'host' }
  } catch {
    // What it threw may hold anything; that it threw is enough.
  }
  return { rule: rule.name, reason: 'the rule failed to judge' }
}

/**
 * Guards whatever policy the owner gave: it always answers in time, with a verdict that is well-formed, frozen, and
 * under limits.
 */
export function guardPolicy(policy: PolicyEngine | readonly Rule[]): Required<PolicyEngine> {
  const engine = 'evaluate' in policy ? policy : createPolicyEngine(policy)
  return Object.freeze({
    evaluate: async (request: PaymentRequest) => deepFreeze(await evaluate(engine, request)),
    limits: (resource: Resource | undefined) => withBuiltInLimits(engine.limits?.(resource) ?? []),
  })
}

async function evaluate(engine: PolicyEngine, request: PaymentRequest): Promise<Verdict> {
  try {
    const verdict: unknown = await within(
      timeoutMs,
      Promise.resolve(engine.evaluate(request)),
      'the policy did not answer in time',
    )
    const limits = own(verdict, 'limits')
    if (own(verdict, 'type') === 'allow' && areLimits(limits))
      return { type: 'allow', limits: withBuiltInLimits(limits) }
    const refusals = own(verdict, 'refusals')
    if (own(verdict, 'type') === 'deny' && Array.isArray(refusals))
      return { type: 'deny', refusals: refusals.map(readRefusal) }
    return deny('the policy answered with no verdict')
  } catch (error) {
    return deny(error instanceof DOMException && error.name === 'TimeoutError' ? error.message : 'the policy threw')
  }
}

function deny(reason: string): Verdict {
  return { type: 'deny', refusals: [{ rule: 'policy', reason }] }
}

function readRefusal(refusal: unknown): RuleRefusal {
  return { rule: String(own(refusal, 'rule') ?? 'policy'), reason: String(own(refusal, 'reason') ?? 'denied') }
}

/** Reads a property of an object's own, so that a polluted prototype can grant nothing. */
function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

function areLimits(value: unknown): value is readonly Limit[] {
  return Array.isArray(value) && value.every(isLimit)
}

function isLimit(value: unknown): value is Limit {
  const max = own(value, 'max')
  return (
    typeof own(value, 'name') === 'string' &&
    typeof own(value, 'scope') === 'string' &&
    (own(value, 'measure') === 'microUsd' || own(value, 'measure') === 'count') &&
    typeof max === 'bigint' &&
    max >= 0n &&
    isWindow(own(value, 'window'))
  )
}

function isWindow(window: unknown): boolean {
  const type = own(window, 'type')
  if (type === 'payment' || type === 'lifetime') return true
  if (type === 'calendar')
    return typeof own(window, 'timeZone') === 'string' && ['day', 'month'].includes(String(own(window, 'period')))
  const seconds = own(window, 'seconds')
  return type === 'rolling' && Number.isSafeInteger(seconds) && Number(seconds) > 0
}
