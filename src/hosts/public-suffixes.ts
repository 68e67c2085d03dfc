import { getPublicSuffix } from 'tldts'

const options = { allowPrivateDomains: true } as const

/**
 * Tells whether strangers can have names below a host, by the Public Suffix List (https://publicsuffix.org) with its part
 * of platforms, as the installed `tldts` has it. For `allowHosts` and `policyFromJSON`.
 *
 * @example
 * ```ts
 * import { allowHosts } from 'stipend'
 * import { isPublicSuffix } from 'stipend/public-suffixes'
 *
 * const rule = allowHosts(['*.example.com'], { isPublicSuffix })
 * ```
 */
export function isPublicSuffix(host: string): boolean {
  // Where any name below a host is a suffix, the host itself is none.
  return [host, `any.${host}`].some((name) => getPublicSuffix(name, options) === name)
}
