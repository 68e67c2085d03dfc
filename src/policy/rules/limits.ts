import { ConfigurationError } from '../../errors.js'
import { formatUsd } from '../../lib/format-amount.js'
import { parseUsd, type Usd } from '../../money.js'
import type { Limit, Window } from '../../types.js'
import type { Rule } from '../../ports/policy.js'
import { type JSONValue, withForm } from '../json/rule-json.js'
import { type LimitScope, readScope, scopeTo } from './limit-scope.js'
import { createLimitRule, readOptions } from './create-rule.js'
import { readTimeZone } from './time-window.js'
import { readTiers, type TierOptions, tierOptions } from './tiers.js'

/** Options of `spendingLimit`, in US dollars; at least one amount. */
export type SpendingLimitOptions = TierOptions & {
  /** The most a single payment may cost. */
  readonly perPaymentUsd?: Usd | undefined
  /** Over the last hour. */
  readonly hourlyLimitUsd?: Usd | undefined
  /** Over the last 24 hours, or with `calendar` the day. */
  readonly dailyLimitUsd?: Usd | undefined
  /** Over the last 30 days, or with `calendar` the month. */
  readonly monthlyLimitUsd?: Usd | undefined
  /** For as long as the ledger lives. */
  readonly totalLimitUsd?: Usd | undefined
  /** @default 'wallet' */
  readonly scope?: LimitScope | undefined
  /** The time zone by whose calendar days and months are counted; absent, they roll. Its days are real ones, of 23 to 25 hours. */
  readonly calendar?: string | undefined
  /** What happens beyond an amount over time: nothing is paid, or a person is asked. @default 'deny' */
  readonly onExceed?: 'deny' | 'approve' | undefined
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
 * Limits what may be spent, per payment and over time; what reaches a limit exactly is still allowed, and $0 allows
 * nothing. Several of these rules all hold. Tiers say what happens by size: at once, at once and told, after a delay,
 * or with a person's approval.
 *
 * Without any, a policy is held to $1 a payment and $10 a day. The first is lifted by `perPaymentUsd` or a tier, the
 * second by any amount over time for the whole wallet, so these two can raise what is spent; all else narrows.
 *
 * @throws ConfigurationError when an amount or an option is not usable.
 *
 * @example
 * ```ts
 * import { spendingLimit } from 'stipend'
 *
 * const rules = [
 *   spendingLimit({ perPaymentUsd: 0.5, dailyLimitUsd: 20 }),
 *   spendingLimit({ hourlyLimitUsd: 2, scope: 'host' }),
 * ]
 * ```
 */
export function spendingLimit(options: SpendingLimitOptions): Rule {
  const own = readOptions('spendingLimit', options, [...amounts, ...tierOptions, 'scope', 'calendar', 'onExceed'])
  const scope = readScope('spendingLimit', own.scope)
  const onExceed = readOnExceed(own.onExceed)
  const calendar = own.calendar === undefined ? undefined : readTimeZone(own.calendar)
  const tiers = readTiers(own)
  const limits = [
    ...amounts.flatMap((option) => readLimit(option, own[option], { onExceed, calendar })),
    ...(tiers ? [tiers.limit] : []),
  ]
  if (limits.length === 0) {
    throw new ConfigurationError(
      `Failed to read spendingLimit: it sets none of ${[...amounts, ...tierOptions].join(', ')}`,
    )
  }
  const rule = createLimitRule('spendingLimit', (about) => scopeTo(limits, scope, about), tiers?.effectsOf)
  const { delaySeconds } = own
  return withForm(rule, { ...writeAmounts(own), delaySeconds, scope: own.scope, calendar, onExceed })
}

/** Writes amounts to the digit, as strings. */
function writeAmounts(options: SpendingLimitOptions): Readonly<Record<string, JSONValue>> {
  const names = [...amounts, 'instantMaxUsd', 'notifyMaxUsd', 'delayMaxUsd'] as const
  return Object.fromEntries(
    names.flatMap((name) => {
      const amount = options[name]
      return amount === undefined ? [] : [[name, formatUsd(parseUsd(amount, name)).slice(1)]]
    }),
  )
}

function readOnExceed(onExceed: Limit['onExceed']): Limit['onExceed'] {
  if (onExceed === undefined || onExceed === 'deny' || onExceed === 'approve') return onExceed
  throw new ConfigurationError(`Failed to read onExceed: ${String(onExceed)} is neither deny nor approve`)
}

function readLimit(
  option: keyof typeof windows,
  amount: Usd | undefined,
  { onExceed, calendar }: { readonly onExceed: Limit['onExceed']; readonly calendar: string | undefined },
): readonly Omit<Limit, 'scope'>[] {
  if (amount === undefined) return []
  if (typeof amount !== 'string' && typeof amount !== 'number') {
    throw new ConfigurationError(`Failed to read ${option}: expected dollars as a string or a number`)
  }
  const [name, rolling] = windows[option]
  const window = (calendar !== undefined && calendarWindow(option, calendar)) || rolling
  const limit = { name, window, measure: 'microUsd', max: parseUsd(amount, option) } as const
  return [onExceed === undefined || window.type === 'payment' ? limit : { ...limit, onExceed }]
}

function calendarWindow(option: string, timeZone: string): Window | undefined {
  const periods: ReadonlyMap<string, 'day' | 'month'> = new Map([
    ['dailyLimitUsd', 'day'],
    ['monthlyLimitUsd', 'month'],
  ])
  const period = periods.get(option)
  return period && { type: 'calendar', period, timeZone }
}

/** Options of `maxPayments`. */
export type MaxPaymentsOptions = {
  /** The most payments there may be; 0 allows none. */
  readonly count: number
  /** Over what time: the last hour, 24 hours, 7 days or 30 days, or as long as the ledger lives. */
  readonly per: 'hour' | 'day' | 'week' | 'month' | 'lifetime'
  /** @default 'wallet' */
  readonly scope?: LimitScope | undefined
}

const periods: ReadonlyMap<string, Window> = new Map([
  ['hour', { type: 'rolling', seconds: hour }],
  ['day', { type: 'rolling', seconds: day }],
  ['week', { type: 'rolling', seconds: 7 * day }],
  ['month', { type: 'rolling', seconds: 30 * day }],
  ['lifetime', { type: 'lifetime' }],
])

/**
 * Limits how many payments may be made in an hour, 24 hours, 7 days, 30 days, or as long as the ledger lives. It says nothing
 * of money, so the built-in limits stay.
 *
 * @throws ConfigurationError when an option is not usable.
 */
export function maxPayments(options: MaxPaymentsOptions): Rule {
  const { count, per, scope } = readOptions('maxPayments', options, ['count', 'per', 'scope'])
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new ConfigurationError(`Failed to read count: ${String(count)} is not a number of payments`)
  }
  const window = periods.get(per)
  if (!window)
    throw new ConfigurationError(`Failed to read per: ${String(per)} is not hour, day, week, month or lifetime`)
  const name = per === 'lifetime' ? 'limit on payments' : `limit on payments per ${per}`
  const limits = [{ name, window, measure: 'count' as const, max: BigInt(count) }]
  const applies = readScope('maxPayments', scope)
  const rule = createLimitRule('maxPayments', (about) => scopeTo(limits, applies, about))
  return withForm(rule, { count, per, scope })
}
