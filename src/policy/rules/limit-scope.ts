import { domainOf } from '../../hosts/registered-domain.js'
import { ConfigurationError } from '../../errors.js'
import type { Limit } from '../../types.js'
import type { About } from './create-rule.js'

/**
 * What a limit adds up over: the whole wallet, or each host, each registered domain, each payee, or each value of a
 * label for itself. Only labels that the owner's side gave count: those of a session that the wallet made, and of calls
 * of the wallet itself. Payments without such a label share one count, whatever a session's holder files them under.
 */
export type LimitScope = 'wallet' | 'host' | 'domain' | 'payee' | `label:${string}`

/**
 * Reads a scope; without one it is the wallet.
 *
 * @throws ConfigurationError naming the rule.
 */
export function readScope(rule: string, scope: LimitScope | undefined): LimitScope {
  if (scope === undefined) return 'wallet'
  if (['wallet', 'host', 'domain', 'payee'].includes(scope) || /^label:.{1,64}$/.test(scope)) return scope
  throw new ConfigurationError(`Failed to read ${rule}: scope is not wallet, host, domain, payee or label:…`)
}

/** Binds limits to the counter that a payment falls under; to none where that is not known. */
export function scopeTo(
  limits: readonly Omit<Limit, 'scope'>[],
  scope: LimitScope,
  about: About | undefined,
): readonly Limit[] {
  if (scope === 'wallet') return limits.map((limit) => ({ ...limit, scope }))
  const subject = about && subjectOf(scope, about)
  if (subject === undefined) return []
  const [key, words] = subject
  return limits.map((limit) => ({ ...limit, name: `${limit.name} for ${words}`, scope: key }))
}

function subjectOf(scope: LimitScope, { resource, payee, labels }: About): readonly [string, string] | undefined {
  const { host } = resource
  if (scope === 'host') return [`host:${host}`, host]
  if (scope === 'domain') return [`domain:${domainOf(host)}`, domainOf(host)]
  if (scope === 'payee') return payee === undefined ? undefined : [`payee:${payee}`, payee]
  const name = scope.slice('label:'.length)
  return labels && [`label:${name}=${labels[name] ?? ''}`, `${name} ${labels[name] ?? 'without a value'}`]
}
