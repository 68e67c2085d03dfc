import { parseAllowedHost } from '../hosts/pattern.js'
import { isAllowedBy, isPublicHost, refuseUrl } from '../hosts/match.js'

/**
 * Makes the check of where the tools may go at all, paid or not: to hosts that the developer names, or else to public
 * names over https. It returns why a URL is out of reach.
 *
 * @throws ConfigurationError when a pattern is not usable.
 */
export function createReach(hosts: readonly string[] | undefined): (url: string) => string | undefined {
  const patterns = hosts?.map((pattern) => parseAllowedHost(pattern))
  return (text) => {
    const url = new URL(text)
    const isReachable = patterns ? patterns.some((pattern) => isAllowedBy(pattern, url)) : isPublicHost(url)
    if (isReachable) return refuseUrl(url)
    return (
      refuseUrl(url) ??
      `${url.host} is not a host that these tools may reach; their option hosts names those that they may`
    )
  }
}
