import { LedgerUnavailableError } from '../errors.js'
import type { Emit } from '../pay/events.js'
import type { Ledger } from '../ports/ledger.js'
import { createPolicyEngine, type GuardedPolicy, guardPolicy, rulesOf } from '../policy/engine.js'
import type { PolicyEngine, Rule } from '../ports/policy.js'

type Policy = readonly Rule[] | PolicyEngine

/** Holds the policy in force, behind one that never changes: whoever judges by it judges by the latest. */
export function createCurrentPolicy(
  first: Policy,
  { ledger, clock, emit }: { readonly ledger: Ledger; readonly clock: () => number; readonly emit: Emit },
): { readonly policy: GuardedPolicy; readonly setPolicy: (policy: Policy) => Promise<void> } {
  let current = guardPolicy(first)
  return {
    policy: Object.freeze({
      evaluate: (request) => current.evaluate(request),
      limits: (resource) => current.limits(resource),
    } satisfies GuardedPolicy),
    setPolicy: async (policy) => {
      const next = guardPolicy(policy)
      const at = clock()
      const text = JSON.stringify({ at, policy: describe(policy) })
      await ledger.remember('policy', text).catch((cause: unknown) => {
        throw new LedgerUnavailableError(cause)
      })
      current = next
      emit('policy.changed', { at })
    },
  }
}

/** What is kept of a policy: its form as data, or, where one of its rules has none, the names of its rules. */
function describe(policy: Policy): unknown {
  const rules = rulesOf(policy)
  if (rules.length === 0) return Array.isArray(policy) ? [] : 'an engine of the owner’s own'
  try {
    return createPolicyEngine(rules).toJSON()
  } catch {
    return rules.map(({ name }) => name)
  }
}
