import { isLate, within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { ConfigurationError, isStipendError } from '../errors.js'
import { deepFreeze } from '../lib/freeze.js'
import type { Limit, Resource } from '../types.js'
import { withBuiltInLimits } from './built-in-limits.js'
import type { PaymentRequest, PolicyEngine, Rule, Verdict } from '../ports/policy.js'
import { copyForm, type RuleJSON, writeRules } from './json/rule-json.js'
import { refusePlainHttp } from '../hosts/match.js'
import { fold, isThenable, judgeBy } from './judge.js'
import { isText, readLimits } from './read.js'
import { denial, denyAs, readVerdict } from './verdict.js'

/** An engine of rules, which can be written as data and read again with `policyFromJSON`. */
export type RulesEngine = PolicyEngine & {
  /**
   * Writes the rules as data, for `JSON.stringify` too.
   *
   * @throws ConfigurationError naming a rule of the owner's own, which has no form as data.
   */
  readonly toJSON: () => readonly RuleJSON[]
}

const rulesByEngine = new WeakMap<PolicyEngine, readonly Rule[]>()

/**
 * Creates an engine in which all rules must agree: any deny wins, and limits add up. Their order does not matter, and
 * they are copied, so that changing a rule or the list later has no effect.
 *
 * @throws ConfigurationError when something in the list is not a rule.
 */
export function createPolicyEngine(rules: readonly Rule[]): RulesEngine {
  if (!Array.isArray(rules)) throw new ConfigurationError('Failed to read policy: expected a list of rules')
  const own = Array.from(rules, copyRule)
  const engine = Object.freeze({
    evaluate: (request: PaymentRequest) => {
      freezeRequest(request)
      return fold(
        own.map((rule) => judgeBy(rule, request)),
        request,
      )
    },
    limits: (resource: Resource | undefined) => own.flatMap((rule) => listLimits(rule, rule.name, resource)),
    toJSON: () => writeRules(own),
  })
  rulesByEngine.set(engine, own)
  return engine
}

/** Answers the rules that an engine was created from, and none for an engine of the owner's own. */
export function rulesOf(policy: PolicyEngine | readonly Rule[]): readonly Rule[] {
  return rulesByEngine.get(readEngine(policy)) ?? []
}

/** Tells whether a policy is rules, or an engine of rules: what an engine of the owner's own consists of nobody knows. */
export function isOfRules(policy: unknown): policy is RulesEngine | readonly Rule[] {
  return Array.isArray(policy) || rulesByEngine.has(Object(policy))
}

function copyRule(rule: Rule, index: number): Rule {
  const { name, judge } = Object(rule)
  if (isText(name) && typeof judge === 'function' && hasLister(rule)) {
    return copyForm(rule, Object.freeze({ name, judge: judge.bind(rule), limits: listerOf(rule) }))
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

/** A frozen offer can hold objects that are not frozen, so each of them is frozen too. */
function freezeRequest(request: PaymentRequest): void {
  Object.values(request.offer).forEach(deepFreeze)
  deepFreeze(request)
}

/** A policy that always answers a verdict: well-formed, frozen, and under limits. */
export type GuardedPolicy = {
  readonly evaluate: (request: PaymentRequest) => Promise<Verdict>
  /** Lists the limits that the owner's policy says it has, and the built-in ones beside them. */
  readonly limits: (resource: Resource | undefined) => readonly Limit[]
}

/**
 * Guards whatever policy the owner gave: it always answers in time, with a verdict that is well-formed, frozen, and
 * under limits; it never throws, and what went wrong is the verdict's `cause`. Whatever the policy says, nothing is
 * paid over plain http, but on loopback, and nothing before the work is done that it does not say this of.
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
  const { timeoutMs = deadlines.policy } = options
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 2 ** 31 - 1) {
    throw new ConfigurationError(`Failed to read timeoutMs: ${timeoutMs} is not a number of milliseconds`)
  }
  const engine = readEngine(policy)
  return Object.freeze({
    evaluate: (request: PaymentRequest) => evaluate(engine, request, timeoutMs),
    limits: (resource: Resource | undefined) => withBuiltInLimits(listLimits(engine, 'the engine', resource), resource),
  })
}

function readEngine(policy: PolicyEngine | readonly Rule[]): PolicyEngine {
  if (Array.isArray(policy)) return createPolicyEngine(policy)
  const engine: PolicyEngine = Object(policy)
  if (rulesByEngine.has(engine)) return engine
  if (typeof engine.evaluate === 'function' && hasLister(engine)) {
    return { evaluate: engine.evaluate.bind(engine), limits: listerOf(engine) }
  }
  throw new ConfigurationError('Failed to read policy: expected rules or an engine')
}

async function evaluate(engine: PolicyEngine, request: PaymentRequest, timeoutMs: number): Promise<Verdict> {
  try {
    freezeRequest(request)
    const answer: unknown = engine.evaluate(request)
    const late = 'the policy did not answer in time'
    const given = isThenable(answer) ? await within(timeoutMs, Promise.resolve(answer), late) : answer
    const verdict = readVerdict(given, request.resource)
    if (verdict.type === 'deny') return verdict
    const reason = refusePlainHttp(request.resource.url)
    if (reason !== undefined) return denial([{ rule: 'https', reason }])
    return request.offer.flow === undefined || verdict.grants === 'flow' ? verdict : denial(upfront)
  } catch (cause) {
    return denyAs(isLate(cause) ? 'the policy did not answer in time' : 'the policy threw', cause)
  }
}

const upfront = [
  {
    rule: 'allowFlows',
    reason:
      "the money would be taken before the work is done; add allowFlows(['upfront']) to the policy to pay that way",
  },
]

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
