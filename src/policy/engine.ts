import { within } from '../deadline.js'
import { ConfigurationError, isStipendError } from '../errors.js'
import { deepFreeze } from '../freeze.js'
import type { Hold, Labels, Limit, Offer, Pin, Resource } from '../types.js'
import { withBuiltInLimits } from './built-in-limits.js'
import { hasOnly, isText, ownFields, readHold, readLimits, readPins } from './read.js'
import { denial, denyAs, type RuleRefusal, readVerdict, type Verdict } from './verdict.js'

export type { RuleRefusal, Verdict } from './verdict.js'

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
  | {
      readonly type: 'allow'
      readonly limits?: readonly Limit[] | undefined
      readonly grants?: 'host' | undefined
      /** Makes the payment wait for a person, or for some time; the strictest of all rules' holds counts. */
      readonly hold?: Hold | undefined
      /** Has the owner told of the payment. */
      readonly notify?: boolean | undefined
      /** What it has to agree with, and what is remembered of it. */
      readonly pins?: readonly Pin[] | undefined
    }
  | { readonly type: 'deny'; readonly reason: string }

/** Judges a request; pure, and can only narrow what other rules allow. */
export type Rule = {
  readonly name: string
  readonly judge: (request: PaymentRequest) => Decision
  /** The limits it sets on a host (or, without one, on the wallet as a whole), for `budget()`. */
  readonly limits?: ((resource: Resource | undefined) => readonly Limit[]) | undefined
}

/** Judges requests by whatever it likes; an error, a wrong answer or none in time is a deny. */
export type PolicyEngine = {
  readonly evaluate: (request: PaymentRequest) => Verdict | Promise<Verdict>
  readonly limits?: ((resource: Resource | undefined) => readonly Limit[]) | undefined
}

/**
 * Creates an engine in which all rules must agree: any deny wins, and limits add up. Their order does not matter, and
 * they are copied, so that changing a rule or the list later has no effect.
 *
 * @throws ConfigurationError when something in the list is not a rule.
 */
export function createPolicyEngine(rules: readonly Rule[]): PolicyEngine {
  if (!Array.isArray(rules)) throw new ConfigurationError('Failed to read policy: expected a list of rules')
  const own = Array.from(rules, copyRule)
  return Object.freeze({
    evaluate: (request: PaymentRequest) => {
      freezeRequest(request)
      return fold(own.map((rule) => judgeBy(rule, request)))
    },
    limits: (resource: Resource | undefined) => own.flatMap((rule) => listLimits(rule, rule.name, resource)),
  })
}

function copyRule(rule: Rule, index: number): Rule {
  const { name, judge } = Object(rule)
  if (isText(name) && typeof judge === 'function' && hasLister(rule)) {
    return Object.freeze({ name, judge: judge.bind(rule), limits: listerOf(rule) })
  }
  throw new ConfigurationError(`Failed to read policy: its entry ${index} is not a rule`, {
    details: ['A rule is made by calling a function such as allowHosts([…]), or is a { name, judge } of your own.'],
  })
}

/** Tells whether the limits that something lists, if it does, are a function; what is not its own does not count. */
function hasLister(source: Pick<Rule, 'limits'>): boolean {
  return typeof source.limits === 'function' || !Object.hasOwn(source, 'limits') || source.limits === undefined
}

function listerOf(source: Pick<Rule, 'limits'>): Rule['limits'] {
  return typeof source.limits === 'function' ? source.limits.bind(source) : undefined
}

/** An offer may be frozen on its surface only, so its parts are frozen one by one. */
function freezeRequest(request: PaymentRequest): void {
  Object.values(request.offer).forEach(deepFreeze)
  deepFreeze(request)
}

type Allowance = {
  readonly limits: readonly Limit[]
  readonly isGrant: boolean
  readonly hold: Hold | undefined
  readonly notify: boolean
  readonly pins: readonly Pin[]
}
type Objection = RuleRefusal & { readonly cause?: unknown }

function fold(judged: readonly (Allowance | Objection)[]): Verdict {
  const objections = judged.filter((one): one is Objection => Object.hasOwn(one, 'reason'))
  if (objections.length > 0) {
    const refusals = objections.map(({ rule, reason }) => ({ rule, reason }))
    return denial(refusals, objections.find((one) => one.cause !== undefined)?.cause)
  }
  const allowances = judged.filter((one): one is Allowance => Object.hasOwn(one, 'isGrant'))
  if (!allowances.some((one) => one.isGrant)) {
    return denyAs('no rule allows any host; add allowHosts([…]) with those to pay')
  }
  const hold = strictest(allowances.flatMap((one) => one.hold ?? []))
  const notify = allowances.some((one) => one.notify)
  const limits = allowances.flatMap((one) => one.limits)
  const pins = allowances.flatMap((one) => one.pins)
  return { type: 'allow', limits, ...(hold && { hold }), ...(notify && { notify }), ...(pins.length > 0 && { pins }) }
}

/** A person's word is stricter than any delay, and a long delay than a short one. */
export function strictest(holds: readonly Hold[]): Hold | undefined {
  const seconds = (hold: Hold): number => (hold.kind === 'approval' ? Number.POSITIVE_INFINITY : hold.seconds)
  return holds.reduce<Hold | undefined>((most, one) => (most && seconds(most) >= seconds(one) ? most : one), undefined)
}

/** Reads one rule's decision; a rule that throws or answers anything else denies. */
function judgeBy({ name: rule, judge }: Rule, request: PaymentRequest): Allowance | Objection {
  try {
    const decision: unknown = judge(request)
    if (isThenable(decision)) {
      Promise.resolve(decision).catch(() => {})
      return { rule, reason: 'the rule failed to judge: it answered a promise, and rules judge at once' }
    }
    return readDecision(decision, rule) ?? { rule, reason: 'the rule failed to judge: its answer is not a decision' }
  } catch (cause) {
    // What it threw may hold anything, so it is kept as the cause and never put into words.
    return { rule, reason: 'the rule failed to judge: it threw', cause }
  }
}

function readDecision(decision: unknown, rule: string): Allowance | Objection | undefined {
  const fields = ownFields(decision)
  const { type, limits = [], grants, reason, notify = false, pins = [] } = fields
  if (type === 'deny') return { rule, reason: isText(reason) ? reason : 'denied' }
  const isAllow = type === 'allow' && hasOnly(fields, ['type', 'limits', 'grants', 'hold', 'notify', 'pins'])
  const read = readLimits(limits)
  const hold = readHold(fields['hold'])
  const kept = readPins(pins)
  if (!isAllow || !read || !kept || hold === null || (grants !== undefined && grants !== 'host')) return undefined
  if (typeof notify !== 'boolean') return undefined
  return { limits: read, isGrant: grants === 'host', hold, notify, pins: kept }
}

/** A policy that always answers a verdict: well-formed, frozen, and under limits. */
export type GuardedPolicy = {
  readonly evaluate: (request: PaymentRequest) => Promise<Verdict>
  /** Lists the limits that the owner's policy says it has, and the built-in ones beside them. */
  readonly limits: (resource: Resource | undefined) => readonly Limit[]
}

/**
 * Guards whatever policy the owner gave: it always answers in time, with a verdict that is well-formed, frozen, and
 * under limits; it never throws, and what went wrong is the verdict's `cause`.
 *
 * @throws ConfigurationError at once, when the policy is neither rules nor an engine.
 */
export function guardPolicy(
  policy: PolicyEngine | readonly Rule[],
  options: {
    /** How long an engine may take, in milliseconds. @default 10000 */
    readonly timeoutMs?: number | undefined
  } = {},
): GuardedPolicy {
  const { timeoutMs = 10_000 } = options
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 2 ** 31 - 1) {
    throw new ConfigurationError(`Failed to read timeoutMs: ${timeoutMs} is not a number of milliseconds`)
  }
  const engine = readEngine(policy)
  return Object.freeze({
    evaluate: (request: PaymentRequest) => evaluate(engine, request, timeoutMs),
    limits: (resource: Resource | undefined) => withBuiltInLimits(listLimits(engine, 'the engine', resource)),
  })
}

function readEngine(policy: PolicyEngine | readonly Rule[]): PolicyEngine {
  if (Array.isArray(policy)) return createPolicyEngine(policy)
  const engine: PolicyEngine = Object(policy)
  if (typeof engine.evaluate === 'function' && hasLister(engine)) {
    return { evaluate: engine.evaluate.bind(engine), limits: listerOf(engine) }
  }
  throw new ConfigurationError('Failed to read policy: expected rules or an engine')
}

async function evaluate(engine: PolicyEngine, request: PaymentRequest, timeoutMs: number): Promise<Verdict> {
  try {
    freezeRequest(request)
    const answer: unknown = engine.evaluate(request)
    if (!isThenable(answer)) return readVerdict(answer)
    return readVerdict(await within(timeoutMs, Promise.resolve(answer), 'the policy did not answer in time'))
  } catch (cause) {
    const isLate = cause instanceof DOMException && cause.name === 'TimeoutError'
    return denyAs(isLate ? 'the policy did not answer in time' : 'the policy threw', cause)
  }
}

function listLimits({ limits }: Pick<Rule, 'limits'>, name: string, resource: Resource | undefined): readonly Limit[] {
  const sentence = `Failed to list the limits of ${name}`
  try {
    const read = readLimits(limits?.(resource) ?? [])
    if (read) return read
  } catch (cause) {
    if (isStipendError(cause)) throw cause
    throw new ConfigurationError(`${sentence}: it threw`, { cause })
  }
  throw new ConfigurationError(`${sentence}: they are not well-formed`)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
