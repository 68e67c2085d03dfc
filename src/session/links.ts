import { sha256Hex } from '../lib/sha256.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import { ConfigurationError, isStipendError, SessionInvalidError } from '../errors.js'
import { areFew, maxLabels } from '../pay/labels.js'
import type { Labels, SessionId } from '../types.js'
import type { Caveats, SessionLimits, SessionScope } from './scope.js'
import { readCaveats } from './read-caveats.js'
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
const scopeNames: OptionNames<SessionScope> = {
  name: true,
  limits: true,
  maxPayments: true,
  allowHosts: true,
  actions: true,
  expiresAt: true,
  labels: true,
  audience: true,
  signIn: true,
  balances: true,
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
 * @throws SessionInvalidError when it is not well-formed, is wider than what comes before, has labels that no payment can
 * have, or is one too many.
 */
export function extend(links: readonly Link[], text: string): SessionLinks {
  if (links.length >= maxLinks) throw new SessionInvalidError(`it is narrowed more than ${maxLinks} times`)
  const caveats = readCaveats(text)
  const problem = links.map((link) => findWidening(link.caveats, caveats)).find((one) => one !== undefined)
  if (problem !== undefined) throw new SessionInvalidError(problem)
  const link = Object.freeze({ id: idOf(links.at(-1), text, caveats), text, caveats })
  const [first = link, ...others] = links
  const extended: SessionLinks = links.length === 0 ? [link] : [first, ...others, link]
  if (!areFew(labelsOf(extended)))
    throw new SessionInvalidError(`it has more than ${maxLabels} labels, with those of the sessions it is made from`)
  return Object.freeze(extended)
}

/** Says what a session is, or what it is called, and where it comes from: only whoever made that can make it once more. */
function idOf(parent: Link | undefined, text: string, { name }: Caveats): SessionId {
  // What is written is JSON, and begins otherwise.
  const called = name === undefined ? text : `name ${name}`
  return `ses_${sha256Hex(`${parent?.id ?? ''}\n${called}`).slice(0, 32)}`
}

/** What comes first in the chain stands: a session made from another cannot file payments elsewhere. */
export function labelsOf(links: SessionLinks): Labels {
  return Object.assign({}, ...links.map(({ caveats }) => caveats.labels ?? {}).toReversed())
}
