import type { Decision, Rule } from '../ports/policy.js'
import { allowActions } from '../policy/rules/actions.js'
import { allowHosts } from '../policy/rules/hosts.js'
import { maxPayments, spendingLimit } from '../policy/rules/limits.js'
import type { Limit } from '../types.js'
import type { Caveats } from './scope.js'

type Ruled = 'limits' | 'maxPayments' | 'allowHosts' | 'actions' | 'expiresAt'
/** Labels are added to each payment, `signIn` and `balances` are held where that is done, and a token's own when it is opened. */
type HeldElsewhere = 'name' | 'labels' | 'signIn' | 'balances' | 'nonce' | 'audience'
/** The compiler refuses every call when there is a caveat that nobody holds. */
type AllCaveats = Exclude<keyof Caveats, Ruled | HeldElsewhere> extends never ? Caveats : never

/**
 * Makes the rules that a session's caveats are; what they count, they count in the session's own counter.
 *
 * @throws ConfigurationError when a caveat is not usable.
 */
export function rulesOf(
  { limits, maxPayments: count, allowHosts: hosts, actions = [], expiresAt }: AllCaveats,
  scope: string,
): readonly Rule[] {
  return [
    ...(expiresAt === undefined ? [] : [expiry(expiresAt)]),
    ...(hosts === undefined ? [] : [allowHosts(hosts)]),
    // A session that is not given any takes none: it was made before its wallet could.
    allowActions(actions),
    ...(limits === undefined ? [] : [rescope(spendingLimit(limits), scope)]),
    ...(count === undefined ? [] : [rescope(maxPayments({ count, per: 'lifetime' }), scope)]),
  ]
}

function expiry(expiresAt: number): Rule {
  const reason = `the session expired at ${new Date(expiresAt).toISOString()}`
  return { name: 'session', judge: ({ now }) => (now < expiresAt ? { type: 'allow' } : { type: 'deny', reason }) }
}

/** Counts over the session what a rule counts over the wallet. */
function rescope({ name, judge, limits }: Rule, scope: string): Rule {
  const move = (limit: Limit): Limit => ({ ...limit, name: `session's ${limit.name}`, scope })
  return {
    name,
    judge: (request): Decision => {
      const decision = judge(request)
      return decision.type === 'deny' ? decision : { ...decision, limits: (decision.limits ?? []).map(move) }
    },
    limits: (resource) => (limits?.(resource) ?? []).map(move),
  }
}
