import { ConfigurationError, LedgerUnavailableError } from '../errors.js'
import type { Emit } from '../pay/events.js'
import type { Ledger } from '../ports/ledger.js'
import {
  createPolicyEngine,
  type GuardedPolicy,
  guardPolicy,
  isOfRules,
  type RulesEngine,
  rulesOf,
} from '../policy/engine.js'
import { narrowPolicy } from '../policy/narrow.js'
import type { PolicyEngine, Rule } from '../ports/policy.js'

type Policy = readonly Rule[] | PolicyEngine

/** The wallet's own policy, absent until it is given one, and the rules that were put beside it. */
type Halves = { readonly own: Policy | undefined; readonly beside: readonly Rule[] }

/** Holds the policy in force, behind one that never changes: whoever judges by it judges by the latest. */
export function createCurrentPolicy(
  first: Policy | undefined,
  { ledger, clock, emit }: { readonly ledger: Ledger; readonly clock: () => number; readonly emit: Emit },
): {
  readonly policy: GuardedPolicy
  readonly setPolicy: (policy: Policy) => Promise<void>
  readonly restrict: (rules: readonly Rule[] | RulesEngine) => Promise<void>
} {
  let halves: Halves = { own: isNone(first) ? undefined : first, beside: [] }
  let current = join(halves)
  const change = async (changed: Partial<Halves>): Promise<void> => {
    const next = { ...halves, ...changed }
    join(next)
    const at = clock()
    const beside = next.beside.length === 0 ? undefined : describe(next.beside)
    const text = JSON.stringify({ at, policy: describe(next.own ?? []), beside })
    await ledger.remember('policy', text).catch((cause: unknown) => {
      throw new LedgerUnavailableError(cause)
    })
    // The other half may have changed in the meantime.
    halves = { ...halves, ...changed }
    current = join(halves)
    emit('policy.changed', { at })
  }
  return {
    policy: Object.freeze({
      evaluate: (request) => current.evaluate(request),
      limits: (resource) => current.limits(resource),
    } satisfies GuardedPolicy),
    setPolicy: (policy) => change({ own: policy }),
    restrict: async (rules) => {
      if (!isOfRules(rules)) throw new ConfigurationError('Failed to read policy: expected rules or an engine of rules')
      await change({ beside: rulesOf(rules) })
    },
  }
}

function join({ own, beside }: Halves): GuardedPolicy {
  if (own === undefined) return guardPolicy(beside)
  return beside.length === 0 ? guardPolicy(own) : narrowPolicy(guardPolicy(own), beside)
}

/** An empty list is what a wallet has by default: it says nothing, where an engine says no. */
function isNone(policy: Policy | undefined): boolean {
  return policy === undefined || (Array.isArray(policy) && policy.length === 0)
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
