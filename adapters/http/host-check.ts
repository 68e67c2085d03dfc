import { isLoopbackName } from '../../src/hosts/loopback.js'
import { RefusedError } from './refused.js'

/**
 * Makes the check that a request was meant for this service: a page in a browser that has the name of its own site
 * resolve to this machine still sends that name.
 *
 * @throws RefusedError from the check, when the Host or the Origin header names another host.
 */
export function createHostCheck(hosts: readonly string[]): (request: Request) => void {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()))
  return ({ url, headers }) => {
    const asked = parseHost(headers.get('host') ?? new URL(url).host)
    if (!asked || !(isLoopbackName(asked.hostname) || allowed.has(asked.hostname) || allowed.has(asked.host))) {
      throw new RefusedError('host_not_allowed', 'Request is for a host that this service does not answer for', {
        status: 421,
        details: ['Its Host header names neither this machine nor a host of the option `hosts`.'],
      })
    }
    const origin = headers.get('origin')
    if (origin === null || (URL.canParse(origin) && new URL(origin).host === asked.host)) return
    throw new RefusedError('origin_not_allowed', 'Request comes from a page of another origin', { status: 403 })
  }
}

function parseHost(host: string): { readonly host: string; readonly hostname: string } | undefined {
  if (!/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(host)) return undefined
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined
}
