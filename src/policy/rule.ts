import { ConfigurationError } from '../errors.js'
import type { Limit, Resource } from '../types.js'
import type { Decision, Rule } from './engine.js'

/** No objection. */
export const allow: Decision = Object.freeze({ type: 'allow' })

/** Creates a rule that only says yes or no. */
export function createRule(name: string, judge: Rule['judge']): Rule {
  return Object.freeze({ name, judge })
}

/** Creates a rule that objects to nothing and sets limits, on a host or on the wallet as a whole. */
export function createLimitRule(name: string, limitsOf: (resource: Resource | undefined) => readonly Limit[]): Rule {
  return Object.freeze({
    name,
    limits: limitsOf,
    judge: ({ resource }) => ({ type: 'allow', limits: limitsOf(resource) }),
  } satisfies Rule)
}

/**
 * Refuses options that a rule does not have: a misspelt limit would be no limit.
 *
 * @throws ConfigurationError naming the rule and the key.
 */
export function checkKeys(rule: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown === undefined) return
  throw new ConfigurationError(`Failed to read ${rule}: it has no option ${unknown}`, {
    details: [`It has ${known.join(', ')}.`],
  })
}
