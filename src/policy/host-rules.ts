import { ConfigurationError } from '../errors.js'
import type { Rule } from './engine.js'
import { compileDeniedHost, compileHost, type HostMatcher, isPublicHost } from './hosts.js'
import { allow, createRule } from './rule.js'

/**
 * Allows payments to these hosts and no others. Host patterns: `api.example.com` (https, port 443),
 * `api.example.com:8443`, `*.example.com` (any depth below, not itself), and for development whole loopback origins such
 * as `http://127.0.0.1:*`.
 *
 * @throws ConfigurationError when a pattern is not usable.
 */
export function allowHosts(patterns: readonly string[]): Rule {
  const matchers = compileAll('allowHosts', patterns, compileHost)
  return createRule('allowHosts', ({ resource }) =>
    matchers.some((matches) => matches(resource))
      ? { type: 'allow', grants: 'host' }
      : { type: 'deny', reason: `${resource.host} is not an allowed host` },
  )
}

/**
 * Allows payments to any public https host, for agents that discover services; addresses and local names stay denied.
 * Combine it with tight limits per host.
 */
export function allowAnyHost(): Rule {
  return createRule('allowAnyHost', ({ resource }) =>
    isPublicHost(resource)
      ? { type: 'allow', grants: 'host' }
      : { type: 'deny', reason: `${resource.origin} is not a public https host` },
  )
}

/**
 * Denies payments to these hosts, on every scheme and, unless a pattern names one, every port.
 *
 * @throws ConfigurationError when a pattern is not usable.
 */
export function denyHosts(patterns: readonly string[]): Rule {
  const matchers = compileAll('denyHosts', patterns, compileDeniedHost)
  return createRule('denyHosts', ({ resource }) =>
    matchers.some((matches) => matches(resource))
      ? { type: 'deny', reason: `${resource.host} is a denied host` }
      : allow,
  )
}

function compileAll(
  rule: string,
  patterns: readonly string[],
  compile: (pattern: string) => HostMatcher,
): readonly HostMatcher[] {
  if (!Array.isArray(patterns)) throw new ConfigurationError(`Failed to read ${rule}: expected a list of host patterns`)
  return patterns.map(compile)
}
