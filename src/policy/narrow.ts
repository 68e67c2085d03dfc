import { isAction, isTransfer } from '../resource.js'
import type { Decision, PaymentRequest, Rule, Verdict } from '../ports/policy.js'
import { createPolicyEngine, type GuardedPolicy } from './engine.js'
import { strictest } from './judge.js'
import { createRule, grant, grantAction, grantPayee } from './rules/create-rule.js'
import { denial } from './verdict.js'

/** Adds rules to a policy that stays as it is, and whose word on hosts they do not replace: they can only narrow it. */
export function narrowPolicy(policy: GuardedPolicy, rules: readonly Rule[]): GuardedPolicy {
  const own = createPolicyEngine([createRule('session', grantOwn), ...rules])
  return Object.freeze({
    evaluate: async (request: PaymentRequest) => both(await policy.evaluate(request), await own.evaluate(request)),
    limits: (resource) => [...policy.limits(resource), ...(own.limits?.(resource) ?? [])],
  } satisfies GuardedPolicy)
}

/**
 * Makes a policy under which nothing is transferred, and no action taken: that is for the wallet's own code, which builds what
 * is signed for them. Rules about hosts and pins say nothing of these, so whoever could call a payment one would be free of
 * them.
 */
export function withoutTransfers(policy: GuardedPolicy): GuardedPolicy {
  const transfers = [{ rule: 'transfer', reason: 'only wallet.transfer makes transfers' }]
  const actions = [{ rule: 'action', reason: 'only act takes actions' }]
  return Object.freeze({
    evaluate: async (request: PaymentRequest) => {
      if (isTransfer(request.resource)) return denial(transfers)
      return isAction(request.resource) ? denial(actions) : policy.evaluate(request)
    },
    limits: policy.limits,
  } satisfies GuardedPolicy)
}

/** What a session's rules do not narrow, they leave to the wallet's policy. */
function grantOwn({ resource }: PaymentRequest): Decision {
  if (isTransfer(resource)) return grantPayee
  return isAction(resource) ? grantAction : grant
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
