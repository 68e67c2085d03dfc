import { ConfigurationError } from '../../errors.js'
import { isAction, isTransfer } from '../../resource.js'
import type { Rule } from '../../ports/policy.js'
import { withForm } from '../json/rule-json.js'
import { type IsPublicSuffix, parseAllowedHost, parseDeniedHost } from '../../hosts/pattern.js'
import { isAllowedBy, isDeniedBy, isPublicHost, isStrangers, readUrl, refuseUrl } from '../../hosts/match.js'
import { refuseUnknown } from '../../lib/known-options.js'
import { allow, createRule, deny, grant, readList } from './create-rule.js'

/** How host patterns are read. */
export type HostOptions = {
  /**
   * Tells whether strangers can have names below a host: a pattern with a star is refused where it stands for such names,
   * and pays none of those that lie deeper below it.
   *
   * @default a short list of registries and platforms, which is asked in any case
   */
  readonly isPublicSuffix?: IsPublicSuffix | undefined
}

/** Reads how host patterns are read. */
export function readHostOptions(name: string, options: HostOptions): IsPublicSuffix | undefined {
  refuseUnknown(name, options, { isPublicSuffix: true })
  const { isPublicSuffix } = options
  if (isPublicSuffix !== undefined && typeof isPublicSuffix !== 'function')
    throw new ConfigurationError(`Failed to read ${name}: isPublicSuffix is not a function`)
  return isPublicSuffix
}

/**
 * Allows payments to these hosts and no others. Host patterns: `api.example.com` (https, port 443),
 * `api.example.com:8443`, `*.example.com` (any depth below, not itself), and for development whole loopback origins
 * such as `http://127.0.0.1:*`. A second rule like it narrows the first, so all hosts go into one. Plain http is paid at
 * such an origin only: that is so for every policy, and no rule can change it.
 *
 * Patterns that reach names of strangers, such as `*.com` or `*.github.io`, are refused where a short list, or the way in
 * which registries and platforms name them, shows it: a help against slips, no proof. The whole Public Suffix List is in
 * `isPublicSuffix` of `stipend/public-suffixes`.
 *
 * @throws ConfigurationError when a pattern is not usable.
 */
export function allowHosts(patterns: readonly string[], options: HostOptions = {}): Rule {
  const hosts = readList('allowHosts', patterns)
  const isPublicSuffix = readHostOptions('allowHosts', options)
  const allowed = hosts.map((pattern) => parseAllowedHost(pattern, isPublicSuffix))
  if (allowed.length === 0) throw new ConfigurationError('Failed to read allowHosts: it names no host')
  const rule = createHostRule('allowHosts', (url) =>
    allowed.some((pattern) => isAllowedBy(pattern, url) && !isStrangers(url, pattern, isPublicSuffix))
      ? undefined
      : `${url.host} is not an allowed host`,
  )
  return withForm(rule, { hosts })
}

/**
 * Allows payments to any public https host on any port, for agents that discover services. Addresses, names without a
 * dot and names of local networks stay denied; what a name resolves to is not looked up, which is what
 * `blockPrivateNetworks` of `stipend/node` does. Combine it with tight limits per host, and one over the wallet: a
 * stranger can have any number of hosts.
 */
export function allowAnyHost(): Rule {
  const rule = createHostRule('allowAnyHost', (url) =>
    isPublicHost(url) ? undefined : `${url.origin} is not a public https host`,
  )
  return withForm(rule, {})
}

/**
 * Denies payments to these hosts, on every scheme and, unless a pattern names one, every port. `example.com` is that
 * host alone and `*.example.com` what lies below it, at any depth; name both to deny both. Addresses, `localhost` and
 * whole suffixes such as `*.co.uk` can be denied too.
 *
 * @throws ConfigurationError when a pattern is not usable.
 */
export function denyHosts(patterns: readonly string[]): Rule {
  const hosts = readList('denyHosts', patterns)
  const denied = hosts.map(parseDeniedHost)
  const rule = createRule('denyHosts', ({ resource }) => {
    if (isTransfer(resource) || isAction(resource)) return allow
    const url = readUrl(resource)
    if (typeof url === 'string') return deny(url)
    return denied.some((pattern) => isDeniedBy(pattern, url)) ? deny(`${url.host} is a denied host`) : allow
  })
  return withForm(rule, { hosts })
}

/**
 * Creates a rule that gives permission to pay a host, unless its URL is never paid or the rule says why not. Of transfers
 * and actions, which no host asks for, it says nothing.
 */
function createHostRule(name: string, refuse: (url: URL) => string | undefined): Rule {
  return createRule(name, ({ resource }) => {
    if (isTransfer(resource) || isAction(resource)) return allow
    const url = readUrl(resource)
    const reason = typeof url === 'string' ? url : (refuseUrl(url) ?? refuse(url))
    return reason === undefined ? grant : deny(reason)
  })
}
