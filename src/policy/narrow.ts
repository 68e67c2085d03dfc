import { isTransfer } from '../resource.js'
import type { PaymentRequest, Rule, Verdict } from '../ports/policy.js'
import { createPolicyEngine, type GuardedPolicy } from './engine.js'
import { strictest } from './judge.js'
import { createRule, grant } from './rules/create-rule.js'
import { denial } from './verdict.js'

/** Adds rules to a policy that stays as it is, and whose word on hosts they do not replace: they can only narrow it. */
export function narrowPolicy(policy: GuardedPolicy, rules: readonly Rule[]): GuardedPolicy {
  const own = createPolicyEngine([createRule('session', () => grant), ...rules])
  return Object.freeze({
    evaluate: async (request: PaymentRequest) => both(await policy.evaluate(request), await own.evaluate(request)),
    limits: (resource) => [...policy.limits(resource), ...(own.limits?.(resource) ?? [])],
  } satisfies GuardedPolicy)
}

/**
 * Makes a policy under which nothing is transferred: that is for the owner's own code. Rules about hosts and pins say
 * nothing of transfers, so whoever could call a payment one would be free of them.
 */
export function withoutTransfers(policy: GuardedPolicy): GuardedPolicy {
  const refusals = [{ rule: 'transfer', reason: 'only wallet.transfer makes transfers' }]
  return Object.freeze({
    evaluate: async (request: PaymentRequest) =>
      isTransfer(request.resource) ? denial(refusals) : policy.evaluate(request),
    limits: policy.limits,
  } satisfies GuardedPolicy)
}

function both(one: Verdict, other: Verdict): Verdict {
  if (one.type === 'deny' || other.type === 'deny') {
    const denials = [one, other].filter((verdict) => verdict.type === 'deny')
    const refusals = denials.flatMap((verdict) => verdict.refusals)
    return denial(refusals, denials.find((verdict) => verdict.cause !== undefined)?.cause)
  }
  const hold = strictest([one, other].flatMap((verdict) => verdict.hold ?? []))
  return Object.freeze({
    type: 'allow',
    limits: Object.freeze([...one.limits, ...other.limits]),
    hold,
    notify: one.notify === true || other.notify === true,
    pins: Object.freeze([...(one.pins ?? []), ...(other.pins ?? [])]),
  })
}
