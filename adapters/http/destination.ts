import { isPublicHost } from '../../src/hosts/match.js'
import { RefusedError, refuseInput } from './refused.js'

/**
 * Reads the URL that a request asks to fetch. Whoever has a session's token may not use the service to look into the
 * network that it stands in: only names of the public internet over https are fetched, and the hosts that are listed.
 *
 * @throws RefusedError when it is not a URL, or of a host that is not fetched.
 */
export function readDestination(text: string, internalHosts: readonly string[]): URL {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw refuseInput('url', 'it is not an http or https URL')
  const url = new URL(text)
  if (url.username || url.password) throw refuseInput('url', 'it has a user name or a password')
  if (isPublicHost(url) || internalHosts.includes(url.hostname) || internalHosts.includes(url.host)) return url
  throw new RefusedError('destination_refused', `Host ${url.host} is not fetched from here; nothing was sent`, {
    status: 403,
    details: ['Only names of the public internet over https are, and what the option `internalHosts` lists.'],
  })
}
