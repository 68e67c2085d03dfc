import * as z from 'zod/mini'
import type { Rule } from '../../ports/policy.js'
import { allowHosts, type HostOptions } from '../rules/hosts.js'
import { maxPayments, spendingLimit } from '../rules/limits.js'
import { allowAssets, allowNetworks, allowPayees } from '../rules/offers.js'
import { count, createForm, type Form, listOf, network, oneOf, own, strict, text, token, usd } from './schema.js'
import { timeWindow, type Weekday } from '../rules/time-window.js'

/** The forms of policy documents: a type in capitals, and its rules in snake case. */
export function createDocuments(reading: HostOptions): ReadonlyMap<string, Form> {
  return new Map<string, Form>([
    ['X402_ALLOWED_DOMAINS', document({ domains: listOf(text()) }, ({ domains }) => allowHosts(domains, reading))],
    ['SPENDING_LIMIT', spendingDocument()],
    ['WHITELIST', document({ allowed_addresses: listOf(text()) }, (rules) => allowPayees(rules.allowed_addresses))],
    ['ALLOWED_TOKENS', document({ tokens: listOf(token()) }, ({ tokens }) => allowAssets(tokens))],
    ['ALLOWED_NETWORKS', document({ networks: listOf(network()) }, ({ networks }) => allowNetworks(networks))],
    ['RATE_LIMIT', rateDocument()],
    ['TIME_RESTRICTION', timeDocument()],
  ])
}

/** What stands beside the rules of a document is a server's bookkeeping, and judges nothing. */
function document<shape extends z.core.$ZodShape>(
  shape: shape,
  create: (rules: z.output<z.ZodMiniObject<shape, z.core.$strict>>) => Rule,
): Form {
  const envelope = {
    type: z.string(),
    rules: strict(shape),
    id: z.optional(z.nullable(text())),
    walletId: z.optional(z.nullable(text())),
    priority: z.optional(z.number('it is not a number')),
    enabled: z.optional(z.literal(true, 'to leave a restriction out would allow more; remove the document instead')),
  }
  return createForm(envelope, ({ rules }) => create(own(rules)))
}

function spendingDocument(): Form {
  const shape = {
    instant_max_usd: z.optional(usd()),
    notify_max_usd: z.optional(usd()),
    delay_max_usd: z.optional(usd()),
    delay_seconds: z.optional(count()),
    hourly_limit_usd: z.optional(usd()),
    daily_limit_usd: z.optional(usd()),
    monthly_limit_usd: z.optional(usd()),
    total_limit_usd: z.optional(usd()),
  }
  return document(shape, (rules) =>
    spendingLimit({
      instantMaxUsd: rules.instant_max_usd,
      notifyMaxUsd: rules.notify_max_usd,
      delayMaxUsd: rules.delay_max_usd,
      delaySeconds: rules.delay_seconds,
      hourlyLimitUsd: rules.hourly_limit_usd,
      dailyLimitUsd: rules.daily_limit_usd,
      monthlyLimitUsd: rules.monthly_limit_usd,
      totalLimitUsd: rules.total_limit_usd,
    }),
  )
}

const periods = { hourly: 'hour', daily: 'day', weekly: 'week', monthly: 'month' } as const

function rateDocument(): Form {
  const shape = { max_payments: count(), period: oneOf(['hourly', 'daily', 'weekly', 'monthly']) }
  return document(shape, (rules) => maxPayments({ count: rules.max_payments, per: periods[rules.period] }))
}

/** Days by their numbers, from Sunday. */
const days: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

function timeDocument(): Form {
  const hour = z.int('it is not a whole hour').check(z.minimum(0, 'it is no hour'), z.maximum(24, 'it is no hour'))
  const day = z.int('it is not a day from 0, a Sunday, to 6').check(z.minimum(0), z.maximum(6))
  const shape = {
    allowed_hours: strict({ start: hour, end: hour }),
    allowed_days: z.optional(listOf(day)),
    timezone: z.optional(text()),
  }
  return document(shape, (rules) =>
    timeWindow({
      from: clockTime(rules.allowed_hours.start),
      to: clockTime(rules.allowed_hours.end),
      days: rules.allowed_days?.flatMap((number) => days[number] ?? []),
      timeZone: rules.timezone,
    }),
  )
}

function clockTime(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`
}
