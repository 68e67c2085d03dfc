import * as z from 'zod/mini'
import { circuitBreaker, maxLiveHolds } from '../rules/circuit-breaker.js'
import { allowActions, readActions } from '../rules/actions.js'
import { allowAnyHost, allowHosts, denyHosts, type HostOptions } from '../rules/hosts.js'
import type { LimitScope } from '../rules/limit-scope.js'
import { maxPayments, spendingLimit } from '../rules/limits.js'
import { allowAssets, allowFlows, allowNetworks, allowPayees } from '../rules/offers.js'
import { pinPayee, priceMemory } from '../rules/pins.js'
import { count, createForm, type Form, listOf, network, number, oneOf, text, token, usd } from './schema.js'
import { timeWindow, weekdays } from '../rules/time-window.js'

/** The forms of rules as `toJSON()` writes them: the options of a rule, beside its name. */
export function createForms(reading: HostOptions): ReadonlyMap<string, Form> {
  return new Map<string, Form>([
    [
      'allowHosts',
      createForm({ ...type('allowHosts'), hosts: listOf(text()) }, ({ hosts }) => allowHosts(hosts, reading)),
    ],
    ['allowAnyHost', createForm(type('allowAnyHost'), () => allowAnyHost())],
    ['denyHosts', createForm({ ...type('denyHosts'), hosts: listOf(text()) }, ({ hosts }) => denyHosts(hosts))],
    [
      'allowPayees',
      createForm({ ...type('allowPayees'), payees: listOf(text()) }, ({ payees }) => allowPayees(payees)),
    ],
    [
      'allowNetworks',
      createForm({ ...type('allowNetworks'), networks: listOf(network()) }, ({ networks }) => allowNetworks(networks)),
    ],
    [
      'allowAssets',
      createForm({ ...type('allowAssets'), assets: listOf(token()) }, ({ assets }) => allowAssets(assets)),
    ],
    [
      'allowActions',
      createForm({ ...type('allowActions'), actions: z.unknown() }, ({ actions }) =>
        allowActions(readActions(actions)),
      ),
    ],
    [
      'allowFlows',
      createForm({ ...type('allowFlows'), flows: listOf(oneOf(['authorization', 'upfront'])) }, ({ flows }) =>
        allowFlows(flows),
      ),
    ],
    ['spendingLimit', spendingLimitForm()],
    ['maxPayments', maxPaymentsForm()],
    ['circuitBreaker', circuitBreakerForm()],
    ['maxLiveHolds', maxLiveHoldsForm()],
    ['timeWindow', timeWindowForm()],
    ['pinPayee', createForm(type('pinPayee'), () => pinPayee())],
    [
      'priceMemory',
      createForm({ ...type('priceMemory'), maxRise: number() }, ({ maxRise }) => priceMemory({ maxRise })),
    ],
  ])
}

function type(name: string): { readonly type: z.ZodMiniLiteral<string> } {
  return { type: z.literal(name) }
}

function spendingLimitForm(): Form {
  const shape = {
    ...type('spendingLimit'),
    perPaymentUsd: z.optional(usd()),
    hourlyLimitUsd: z.optional(usd()),
    dailyLimitUsd: z.optional(usd()),
    monthlyLimitUsd: z.optional(usd()),
    totalLimitUsd: z.optional(usd()),
    instantMaxUsd: z.optional(usd()),
    notifyMaxUsd: z.optional(usd()),
    delayMaxUsd: z.optional(usd()),
    delaySeconds: z.optional(count()),
    scope: z.optional(scope()),
    calendar: z.optional(text()),
    onExceed: z.optional(oneOf(['deny', 'approve'])),
  }
  return createForm(shape, ({ type: _type, ...options }) => spendingLimit(options))
}

function maxPaymentsForm(): Form {
  const per = oneOf(['hour', 'day', 'week', 'month', 'lifetime'])
  const shape = { ...type('maxPayments'), count: count(), per, scope: z.optional(scope()) }
  return createForm(shape, ({ type: _type, ...options }) => maxPayments(options))
}

function circuitBreakerForm(): Form {
  const shape = { ...type('circuitBreaker'), failures: count(), seconds: count(), scope: z.optional(scope()) }
  return createForm(shape, ({ type: _type, ...options }) => circuitBreaker(options))
}

function maxLiveHoldsForm(): Form {
  const shape = { ...type('maxLiveHolds'), max: z.optional(count()), scope: z.optional(scope()) }
  return createForm(shape, ({ type: _type, ...options }) => maxLiveHolds(options))
}

function timeWindowForm(): Form {
  const shape = {
    ...type('timeWindow'),
    days: z.optional(listOf(oneOf(weekdays))),
    from: z.optional(text()),
    to: z.optional(text()),
    timeZone: z.optional(text()),
  }
  return createForm(shape, ({ type: _type, ...options }) => timeWindow(options))
}

function scope(): z.ZodMiniType<LimitScope> {
  return z.custom<LimitScope>((value) => typeof value === 'string', 'it is not a scope')
}
