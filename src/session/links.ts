import { sha256Hex } from '../lib/sha256.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import * as z from 'zod/mini'
import { ConfigurationError, isStipendError, SessionInvalidError } from '../errors.js'
import { deepFreeze } from '../lib/freeze.js'
import type { ActionBounds } from '../policy/rules/action-bounds.js'
import { parseJson } from '../protocols/json.js'
import type { Labels, SessionId } from '../types.js'
import type { Caveats, SessionLimits, SessionScope } from './scope.js'
import { rulesOf } from './rules.js'
import { findWidening } from './compare-scopes.js'

/** One link of the links from the wallet to a session. */
export type Link = {
  readonly id: SessionId
  /** The caveats as they were written, to the byte: what a token's links of MACs runs over. */
  readonly text: string
  readonly caveats: Caveats
}

/** From the widest session to the narrowest. */
export type SessionLinks = readonly [Link, ...Link[]]

/** How often a session can be narrowed, and how many parts of a token are looked at. */
export const maxLinks = 8
const usd = z.union([z.string(), z.number()])

/** Strict: a caveat that is not known here could be a condition, so nothing is allowed under it. */
const schema = z.strictObject({
  nonce: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  limits: z.optional(
    z.strictObject({
      perPaymentUsd: z.optional(usd),
      hourlyLimitUsd: z.optional(usd),
      dailyLimitUsd: z.optional(usd),
      monthlyLimitUsd: z.optional(usd),
      totalLimitUsd: z.optional(usd),
      instantMaxUsd: z.optional(usd),
      notifyMaxUsd: z.optional(usd),
      delayMaxUsd: z.optional(usd),
      delaySeconds: z.optional(z.number()),
      calendar: z.optional(z.string()),
      onExceed: z.optional(z.enum(['deny', 'approve'])),
    } satisfies Record<keyof SessionLimits, unknown>),
  ),
  maxPayments: z.optional(z.int().check(z.nonnegative())),
  allowHosts: z.optional(z.array(z.string().check(z.maxLength(260))).check(z.minLength(1), z.maxLength(64))),
  // Each is read by the rule that it becomes, which refuses what it does not know.
  actions: z.optional(
    z.array(z.custom<ActionBounds>((value) => typeof value === 'object' && value !== null)).check(z.maxLength(32)),
  ),
  expiresAt: z.optional(z.int().check(z.positive())),
  labels: z.optional(z.record(z.string().check(z.maxLength(64)), z.string().check(z.maxLength(256)))),
  signIn: z.optional(z.boolean()),
  audience: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
} satisfies Record<keyof Caveats, unknown>)

const scopeNames: OptionNames<SessionScope> = {
  limits: true,
  maxPayments: true,
  allowHosts: true,
  actions: true,
  expiresAt: true,
  labels: true,
  audience: true,
  signIn: true,
}

const limitNames: OptionNames<SessionLimits> = {
  perPaymentUsd: true,
  hourlyLimitUsd: true,
  dailyLimitUsd: true,
  monthlyLimitUsd: true,
  totalLimitUsd: true,
  instantMaxUsd: true,
  notifyMaxUsd: true,
  delayMaxUsd: true,
  delaySeconds: true,
  calendar: true,
  onExceed: true,
}

/**
 * Makes the link that narrows a links to a scope.
 *
 * @throws ConfigurationError when the scope is not usable, or wider than what it is made from.
 */
export function narrow(links: readonly Link[], scope: SessionScope, nonce: string): SessionLinks {
  if (typeof scope !== 'object' || scope === null) {
    throw new ConfigurationError('Failed to make a session: expected what it is narrowed to')
  }
  refuseUnknown('a session', scope, scopeNames)
  refuseUnknown('limits of a session', scope.limits, limitNames)
  const { expiresAt, ...rest } = scope
  const instant = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt
  if (typeof instant === 'number' && instant > 1e8 && instant < 1e11) {
    throw new ConfigurationError(
      'Failed to make a session: expiresAt is in seconds, expected Unix milliseconds or a Date',
    )
  }
  try {
    return extend(links, JSON.stringify({ nonce, ...rest, expiresAt: instant }))
  } catch (cause) {
    const reason = isStipendError(cause) ? cause.message.replace(/^[^:]*: /, '') : 'it cannot be written as JSON'
    throw new ConfigurationError(`Failed to make a session: ${reason}`, { cause })
  }
}

/**
 * Adds a link to a links, as a token carries it.
 *
 * @throws SessionInvalidError when it is not well-formed, is wider than what comes before, or one too many.
 */
export function extend(links: readonly Link[], text: string): SessionLinks {
  if (links.length >= maxLinks) throw new SessionInvalidError(`it is narrowed more than ${maxLinks} times`)
  const caveats = readCaveats(text)
  const problem = links.map((link) => findWidening(link.caveats, caveats)).find((one) => one !== undefined)
  if (problem !== undefined) throw new SessionInvalidError(problem)
  const link = Object.freeze({ id: idOf(links.at(-1), text), text, caveats })
  const [first = link, ...others] = links
  const extended: SessionLinks = links.length === 0 ? [link] : [first, ...others, link]
  return Object.freeze(extended)
}

function readCaveats(text: string): Caveats {
  try {
    const read = schema.safeParse(parseJson(text, 'session'))
    if (!read.success) throw new SessionInvalidError(`${issueOf(read.error)} is not known or not usable`)
    const caveats: Caveats = deepFreeze(read.data)
    rulesOf(caveats, 'session:')
    return caveats
  } catch (cause) {
    if (cause instanceof SessionInvalidError) throw cause
    const reason = isStipendError(cause) ? cause.message.replace(/^[^:]*: /, '') : 'what it allows cannot be read'
    throw new SessionInvalidError(reason, cause)
  }
}

function issueOf({ issues: [issue] }: z.core.$ZodError): string {
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys] : (issue?.path ?? [])
  return path.length > 0 ? path.map(String).join('.').slice(0, 64) : 'it'
}

/** Says what a session is and where it comes from, so that no two can have one name by choice. */
function idOf(parent: Link | undefined, text: string): SessionId {
  return `ses_${sha256Hex(`${parent?.id ?? ''}\n${text}`).slice(0, 32)}`
}

/** What comes first in the chain stands: a session made from another cannot file payments elsewhere. */
export function labelsOf(links: SessionLinks): Labels {
  return Object.assign({}, ...links.map(({ caveats }) => caveats.labels ?? {}).toReversed())
}
