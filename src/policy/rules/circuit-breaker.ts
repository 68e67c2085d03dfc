import { ConfigurationError } from '../../errors.js'
import type { Limit } from '../../types.js'
import type { Rule } from '../../ports/policy.js'
import { whileExecutable } from '../built-in-limits.js'
import { withForm } from '../json/rule-json.js'
import { type LimitScope, readScope, scopeTo } from './limit-scope.js'
import { createLimitRule, readOptions } from './create-rule.js'

/** Options of `circuitBreaker`. */
export type CircuitBreakerOptions = {
  /** How many payments may go unanswered before no other is made. */
  readonly failures: number
  /** How long each of them is remembered after the last instant at which it can have been executed. */
  readonly seconds: number
  /** @default 'host' */
  readonly scope?: LimitScope | undefined
}

/**
 * Stops paying where payments go unanswered: errors, lost connections, and a 402 in answer to a payment. Each counts
 * until it is known what became of it, or until it is long over. Those that are still on their way do not count yet: of
 * payments at the same time `maxLiveHolds` is the limit, and of payments in a time `maxPayments`.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { circuitBreaker, maxLiveHolds, maxPayments } from 'stipend'
 *
 * const rules = [
 *   circuitBreaker({ failures: 3, seconds: 600 }),
 *   maxLiveHolds({ max: 3 }),
 *   maxPayments({ count: 100, per: 'hour', scope: 'host' }),
 * ]
 * ```
 */
export function circuitBreaker(options: CircuitBreakerOptions): Rule {
  const own = readOptions('circuitBreaker', options, ['failures', 'seconds', 'scope'])
  const { failures, seconds, scope } = own
  const window = { type: 'rolling', seconds: readCount('seconds', seconds) } as const
  const max = BigInt(readCount('failures', failures))
  const rule = createBreaker('circuitBreaker', { name: 'circuit breaker', window, measure: 'unknown', max }, scope)
  return withForm(rule, own)
}

/** Options of `maxLiveHolds`. */
export type MaxLiveHoldsOptions = {
  /** @default 3 */
  readonly max?: number | undefined
  /** @default 'host' */
  readonly scope?: LimitScope | undefined
}

/**
 * Limits how many payments may be under way at once whose end nobody has told: a server that takes payments and settles
 * none holds no more of the budget than that. One is under way until its server says that it is paid, a chain what
 * became of it, or its time is over. Without this rule a policy is held to a hundred for each registered domain.
 *
 * @throws ConfigurationError when an option is not usable.
 */
export function maxLiveHolds(options: MaxLiveHoldsOptions = {}): Rule {
  const own = readOptions('maxLiveHolds', options, ['max', 'scope'])
  const { max = 3, scope } = own
  const limit = {
    name: 'limit on payments under way',
    window: whileExecutable,
    measure: 'open',
    max: BigInt(readCount('max', max)),
  } as const
  return withForm(createBreaker('maxLiveHolds', limit, scope), own)
}

function createBreaker(rule: string, limit: Omit<Limit, 'scope'>, scope: LimitScope | undefined): Rule {
  const applies = readScope(rule, scope ?? 'host')
  return createLimitRule(rule, (about) => scopeTo([limit], applies, about))
}

function readCount(option: string, count: number): number {
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new ConfigurationError(`Failed to read ${option}: ${String(count)} is not a whole number above 0`)
}
