import { isStipendError } from '../../errors.js'
import type { Rule } from '../../ports/policy.js'
import { createDocuments } from './document-schemas.js'
import { type HostOptions, readHostOptions } from '../rules/hosts.js'
import { createPolicyEngine, type RulesEngine } from '../engine.js'
import { createForms } from './rule-schemas.js'
import { misread, pathTo, readPlain } from './read-json.js'
import type { Form } from './schema.js'

/** Built when they are first needed, so that importing the library does no work. */
let forms: ReadonlyMap<string, Form> | undefined

/**
 * Creates an engine from rules as data: JSON as text, or what was parsed from it. It is a list of rules as `toJSON()`
 * writes them, `{ rules: [...] }`, or a single rule; each may also be a document in the style
 * `{ type: 'X402_ALLOWED_DOMAINS', rules: { domains: [...] } }`. All of them must agree.
 *
 * Documents are `X402_ALLOWED_DOMAINS` (`domains`), `SPENDING_LIMIT` (amounts such as `instant_max_usd`, and
 * `delay_seconds`), `WHITELIST` (`allowed_addresses`), `ALLOWED_TOKENS` (`tokens`), `ALLOWED_NETWORKS` (`networks`),
 * `RATE_LIMIT` (`max_payments`, `period`) and `TIME_RESTRICTION` (`allowed_hours`, `allowed_days` from Sunday, 0, and
 * `timezone`). Their `id`, `walletId` and `priority` judge nothing: the strictest wins, not the first.
 *
 * @throws ConfigurationError naming the place, such as `policy[1].rules.daily_limt_usd`, where anything is not known,
 *   missing, written twice or not usable.
 *
 * @example
 * ```ts
 * import { createAgentWallet, policyFromJSON } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 *
 * const policy = policyFromJSON([
 *   { type: 'allowHosts', hosts: ['api.example.com'] },
 *   { type: 'spendingLimit', perPaymentUsd: '0.10', dailyLimitUsd: '5' },
 * ])
 * const wallet = createAgentWallet({ keyStore: privateKey(process.env.AGENT_KEY), policy })
 * console.log(JSON.stringify(policy))
 * ```
 */
export function policyFromJSON(json: unknown, options: HostOptions = {}): RulesEngine {
  const isPublicSuffix = readHostOptions('policyFromJSON', options)
  forms ??= createAllForms({})
  const known = isPublicSuffix ? createAllForms({ isPublicSuffix }) : forms
  return createPolicyEngine(
    listEntries(readPlain(json)).map(({ path, entry }) => readRule(entry, { path, forms: known })),
  )
}

function createAllForms(reading: HostOptions): ReadonlyMap<string, Form> {
  return new Map([...createForms(reading), ...createDocuments(reading)])
}

type Entry = { readonly path: string; readonly entry: unknown }

function listEntries(json: unknown): readonly Entry[] {
  const at = (path: string, list: readonly unknown[]): readonly Entry[] =>
    list.map((entry, index) => ({ path: `${path}[${index}]`, entry }))
  if (Array.isArray(json)) return at('policy', json)
  if (typeof json !== 'object' || json === null) throw misread('policy', 'it is neither a list of rules nor a rule')
  if (Object.hasOwn(json, 'type')) return [{ path: 'policy', entry: json }]
  const { rules, ...rest } = json as { readonly rules?: unknown }
  const [stray] = Object.keys(rest)
  if (stray !== undefined) throw misread(pathTo('policy', [stray]), 'it is not known; known are type, rules')
  if (!Array.isArray(rules)) throw misread('policy.rules', 'it is not a list')
  return at('policy.rules', rules)
}

function readRule(
  entry: unknown,
  { path, forms }: { readonly path: string; readonly forms: ReadonlyMap<string, Form> },
): Rule {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw misread(path, 'it is not an object')
  const type: unknown = Object.hasOwn(entry, 'type') ? Reflect.get(entry, 'type') : undefined
  const form = typeof type === 'string' ? forms.get(type) : undefined
  if (!form)
    throw misread(`${path}.type`, 'it is not known', { details: [`Known are ${[...forms.keys()].join(', ')}.`] })
  const rule = create(form, entry, path)
  if ('judge' in rule) return rule
  throw misread(pathTo(path, rule.path), rule.problem)
}

/** What a rule says of its own options is kept: it names the option as the rule has it. */
function create(form: Form, entry: object, path: string): ReturnType<Form> {
  try {
    return form(entry)
  } catch (cause) {
    if (!isStipendError(cause)) throw cause
    throw misread(path, 'the rule cannot be made', { details: [cause.message.split('\n')[0] ?? ''], cause })
  }
}
