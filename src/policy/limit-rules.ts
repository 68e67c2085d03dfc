import { ConfigurationError } from '../errors.js'
import { parseUsd, type Usd } from '../money.js'
import type { Limit, Resource, Window } from '../types.js'
import type { Rule } from './engine.js'
import { checkKeys, createLimitRule } from './rule.js'

/** What a limit adds up over: the whole wallet, or each host for itself. */
export type LimitScope = 'wallet' | 'host'

/** Options of `spendingLimit`, in US dollars; at least one amount. */
export type SpendingLimitOptions = {
  /** The most a single payment may cost. */
  readonly perPaymentUsd?: Usd | undefined
  /** Over the last hour. */
  readonly hourlyLimitUsd?: Usd | undefined
  /** Over the last 24 hours. */
  readonly dailyLimitUsd?: Usd | undefined
  /** Over the last 30 days. */
  readonly monthlyLimitUsd?: Usd | undefined
  /** For as long as the ledger lives. */
  readonly totalLimitUsd?: Usd | undefined
  /** @default 'wallet' */
  readonly scope?: LimitScope | undefined
}

const hour = 3600
const day = 86_400

const windows = {
  perPaymentUsd: ['per-payment limit', { type: 'payment' }],
  hourlyLimitUsd: ['hourly limit', { type: 'rolling', seconds: hour }],
  dailyLimitUsd: ['daily limit', { type: 'rolling', seconds: day }],
  monthlyLimitUsd: ['monthly limit', { type: 'rolling', seconds: 30 * day }],
  totalLimitUsd: ['total limit', { type: 'lifetime' }],
} as const satisfies Record<string, readonly [string, Window]>

const amounts = Object.keys(windows) as (keyof typeof windows)[]

/**
 * Limits what may be spent, per payment and over time; what reaches a limit exactly is still allowed. Without one, a
 * policy is held to $1 a payment and $10 a day; each of the two is lifted by setting a limit of its kind.
 *
 * @throws ConfigurationError when an amount or an option is not usable.
 *
 * @example
 * ```ts
 * import { spendingLimit } from 'stipend'
 *
 * const rules = [spendingLimit({ perPaymentUsd: 0.5, dailyLimitUsd: 20 }), spendingLimit({ hourlyLimitUsd: 2, scope: 'host' })]
 * ```
 */
export function spendingLimit(options: SpendingLimitOptions): Rule {
  checkKeys('spendingLimit', options, [...amounts, 'scope'])
  const scope = readScope('spendingLimit', options.scope)
  const limits = amounts.flatMap((option) => {
    const amount = options[option]
    const [name, window] = windows[option]
    return amount === undefined ? [] : [{ name, window, measure: 'microUsd' as const, max: parseUsd(amount, option) }]
  })
  if (limits.length === 0)
    throw new ConfigurationError(`Failed to read spendingLimit: it sets none of ${amounts.join(', ')}`)
  return createLimitRule('spendingLimit', (resource) => scopeTo(limits, scope, resource))
}

/** Options of `maxPayments`. */
export type MaxPaymentsOptions = {
  readonly count: number
  readonly per: 'hour' | 'day' | 'month' | 'lifetime'
  /** @default 'wallet' */
  readonly scope?: LimitScope | undefined
}

/**
 * Limits how many payments may be made in an hour, 24 hours, 30 days, or as long as the ledger lives.
 *
 * @throws ConfigurationError when an option is not usable.
 */
export function maxPayments(options: MaxPaymentsOptions): Rule {
  checkKeys('maxPayments', options, ['count', 'per', 'scope'])
  const { count, per } = options
  if (!Number.isSafeInteger(count) || count < 0)
    throw new ConfigurationError(`Failed to read count: ${count} is not a number of payments`)
  const seconds = { hour, day, month: 30 * day, lifetime: Number.POSITIVE_INFINITY }[per]
  if (!seconds) throw new ConfigurationError(`Failed to read per: ${per} is not hour, day, month or lifetime`)
  const window: Window = Number.isFinite(seconds) ? { type: 'rolling', seconds } : { type: 'lifetime' }
  const name = per === 'lifetime' ? 'limit on payments' : `limit on payments per ${per}`
  const limits = [{ name, window, measure: 'count' as const, max: BigInt(count) }]
  const scope = readScope('maxPayments', options.scope)
  return createLimitRule('maxPayments', (resource) => scopeTo(limits, scope, resource))
}

function readScope(rule: string, scope: LimitScope | undefined): LimitScope {
  if (scope === undefined || scope === 'wallet' || scope === 'host') return scope ?? 'wallet'
  throw new ConfigurationError(`Failed to read ${rule}: scope is neither wallet nor host`)
}

function scopeTo(
  limits: readonly Omit<Limit, 'scope'>[],
  scope: LimitScope,
  resource: Resource | undefined,
): readonly Limit[] {
  if (scope === 'wallet') return limits.map((limit) => ({ ...limit, scope }))
  if (!resource) return []
  return limits.map((limit) => ({
    ...limit,
    name: `${limit.name} for ${resource.host}`,
    scope: `host:${resource.host}`,
  }))
}
