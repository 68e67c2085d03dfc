import { unknownOption } from '../../lib/known-options.js'
import { ConfigurationError } from '../../errors.js'
import { parseAddressOn } from '../../assets/families.js'
import type { Labels, Limit, Resource } from '../../types.js'
import type { Decision, Rule } from '../../ports/policy.js'

/** No objection. */
export const allow: Decision = Object.freeze({ type: 'allow' })

/** No objection, and permission to pay the host. */
export const grant: Decision = Object.freeze({ type: 'allow', grants: 'host' })

/** No objection, and permission to transfer to the payee. */
export const grantPayee: Decision = Object.freeze({ type: 'allow', grants: 'payee' })

/** No objection, and permission to take the action. */
export const grantAction: Decision = Object.freeze({ type: 'allow', grants: 'action' })

/** No objection, and leave to be paid before the work is done. */
export const grantFlow: Decision = Object.freeze({ type: 'allow', grants: 'flow' })

/** Objects, for a reason that a person or a model can act on. */
export function deny(reason: string): Decision {
  return { type: 'deny', reason }
}

/** Creates a rule that only says yes or no. */
export function createRule(name: string, judge: Rule['judge']): Rule {
  return Object.freeze({ name, judge })
}

/**
 * Creates a rule that objects to nothing and sets limits, on a host or on the wallet as a whole; for some payments it
 * may also ask for a wait, or to tell the owner.
 */
export function createLimitRule(
  name: string,
  limitsOf: (about: About | undefined) => readonly Limit[],
  effectsOf: (microUsd: bigint) => Effects = () => ({}),
): Rule {
  return Object.freeze({
    name,
    limits: (resource) => limitsOf(resource && { resource }),
    judge: ({ resource, offer, labels }) => {
      const payee = `${offer.network}:${parseAddressOn(offer.network, offer.payTo) ?? offer.payTo}`
      return { type: 'allow', limits: limitsOf({ resource, payee, labels }), ...effectsOf(offer.microUsd) }
    },
  } satisfies Rule)
}

/** What a limit can be counted by: all of it when a payment is judged, the resource alone when limits are listed. */
export type About = {
  readonly resource: Resource
  readonly payee?: string | undefined
  readonly labels?: Labels | undefined
}

/** What a rule asks for besides limits. */
export type Effects = Pick<Extract<Decision, { type: 'allow' }>, 'hold' | 'notify'>

/**
 * Copies the options of a rule, their own fields only, and refuses those that it does not have: a misspelt limit would
 * be no limit.
 *
 * @throws ConfigurationError naming the rule and the option.
 */
export function readOptions<options extends object>(
  rule: string,
  options: options,
  known: readonly (keyof options & string)[],
): options {
  if (typeof options !== 'object' || options === null)
    throw new ConfigurationError(`Failed to read ${rule}: expected options`)
  const own: options = Object.assign(Object.create(null), options)
  const unknown = Object.keys(own).find((key) => !known.some((name) => name === key))
  if (unknown !== undefined) throw unknownOption(rule, unknown, known)
  return own
}

/**
 * Copies the list that a rule is made from.
 *
 * @throws ConfigurationError naming the rule, when it is no list.
 */
export function readList<item>(rule: string, items: readonly item[]): readonly item[] {
  if (!Array.isArray(items)) throw new ConfigurationError(`Failed to read ${rule}: expected a list`)
  return Array.from(items)
}
