import { parseUsd, type Usd } from '../money.js'
import { parseAllowedHost } from '../hosts/pattern.js'
import { isWithin } from '../hosts/match.js'
import { findWiderAction } from '../policy/rules/actions.js'
import type { Caveats } from './scope.js'

const amounts = [
  'perPaymentUsd',
  'hourlyLimitUsd',
  'dailyLimitUsd',
  'monthlyLimitUsd',
  'totalLimitUsd',
  'instantMaxUsd',
  'notifyMaxUsd',
  'delayMaxUsd',
] as const
/** What a session may only do where it is said. */
const permissions = ['signIn', 'balances'] as const

/**
 * Says where a session asks for more than the one it is made from, if it does. It would not get it, since all of a
 * chain's rules hold; saying so at once keeps anybody from believing that it does.
 */
export function findWidening(parent: Caveats, child: Caveats): string | undefined {
  if (exceeds(child.expiresAt, parent.expiresAt)) return 'expiresAt is later than that of the session it is made from'
  if (exceeds(child.maxPayments, parent.maxPayments))
    return 'maxPayments is more than that of the session it is made from'
  const permission = permissions.find((name) => child[name] === true && parent[name] !== true)
  if (permission !== undefined) return `${permission} is not allowed to the session it is made from`
  const amount = amounts.find((name) => exceeds(read(child.limits?.[name], name), read(parent.limits?.[name], name)))
  if (amount !== undefined) return `${amount} is more than that of the session it is made from`
  const host = parent.allowHosts && child.allowHosts?.find((pattern) => !isCovered(pattern, parent.allowHosts ?? []))
  if (host !== undefined) return `${host} is not allowed to the session it is made from`
  const action = findWiderAction(parent.actions ?? [], child.actions ?? [])
  if (action !== undefined) return action
  const isOther = parent.audience !== undefined && child.audience !== undefined && child.audience !== parent.audience
  return isOther ? 'its audience is not that of the session it is made from' : undefined
}

function exceeds(child: number | bigint | undefined, parent: number | bigint | undefined): boolean {
  return child !== undefined && parent !== undefined && child > parent
}

function read(amount: Usd | undefined, name: string): bigint | undefined {
  return amount === undefined ? undefined : parseUsd(amount, name)
}

function isCovered(pattern: string, patterns: readonly string[]): boolean {
  const inner = parseAllowedHost(pattern)
  return patterns.some((outer) => isWithin(inner, parseAllowedHost(outer)))
}
