import { ConfigurationError } from '../errors.js'
import { isAllowedBy, readUrl, refuseUrl } from '../hosts/match.js'
import { parseAllowedHost } from '../hosts/pattern.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import type { Resource } from '../types.js'

/** Options of `signInWithX` and `signInWithMpp`. */
export type SignInOptions = {
  /** Host patterns, as `allowHosts` has them: to whom the wallet may show its address. */
  readonly hosts: readonly string[]
}

/**
 * Reads to whom the wallet may show its address.
 *
 * @throws ConfigurationError when a pattern is not usable, or there is none.
 */
export function readHosts(name: string, options: SignInOptions): (resource: Resource) => boolean {
  refuseUnknown(name, options, { hosts: true } satisfies OptionNames<SignInOptions>)
  const { hosts } = options
  if (!Array.isArray(hosts) || hosts.length === 0)
    throw new ConfigurationError(`Failed to read ${name}: it names no host`)
  const allowed = hosts.map((pattern) => parseAllowedHost(pattern))
  return (resource) => {
    const url = readUrl(resource)
    if (typeof url === 'string' || refuseUrl(url) !== undefined) return false
    return allowed.some((pattern) => isAllowedBy(pattern, url))
  }
}
