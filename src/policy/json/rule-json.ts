import { ConfigurationError } from '../../errors.js'
import { deepFreeze } from '../../lib/freeze.js'
import type { Rule } from '../../ports/policy.js'

/** A value as JSON has it. */
export type JSONValue = string | number | boolean | null | readonly JSONValue[] | { readonly [key: string]: JSONValue }

/** A rule as data: its name, and the options that it is made from again. */
export type RuleJSON = { readonly type: string; readonly [option: string]: JSONValue }

/**
 * A form belongs to the very rule it was made with: were it a property, a copy of the rule with another `judge` would
 * take it along and be written down as what it is not.
 */
const forms = new WeakMap<Rule, RuleJSON>()

/** Notes what a rule is made from again; options that are not set are left out. Answers the rule. */
export function withForm(rule: Rule, options: Readonly<Record<string, JSONValue | undefined>>): Rule {
  const set = Object.entries(options).filter((entry): entry is [string, JSONValue] => entry[1] !== undefined)
  forms.set(rule, deepFreeze({ type: rule.name, ...Object.fromEntries(set) }))
  return rule
}

/** Lets a copy of a rule, which judges as the rule does, be written as the rule is. */
export function copyForm(rule: Rule, copy: Rule): Rule {
  const form = forms.get(rule)
  if (form) forms.set(copy, form)
  return copy
}

/**
 * Writes rules as data.
 *
 * @throws ConfigurationError naming the rule that has no form as data.
 */
export function writeRules(rules: readonly Rule[]): readonly RuleJSON[] {
  return Object.freeze(
    rules.map((rule) => {
      const form = forms.get(rule)
      if (form) return form
      throw new ConfigurationError(`Failed to write the policy as JSON: the rule ${rule.name} has no form as data`, {
        details: ['Only rules that this library makes have one; a rule of your own is kept in code.'],
      })
    }),
  )
}
