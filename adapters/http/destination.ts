import { RefusedError, refuseInput } from './refused.js'

/** Names that only a local network answers for. */
const localNames = new Set(
  'localhost local localdomain internal intranet lan home corp svc arpa test invalid onion'.split(' '),
)
/** Services that answer for a name with the address that the name spells, such as `10.0.0.1.nip.io`. */
const echoing = ['nip.io', 'sslip.io', 'xip.io', 'localtest.me', 'lvh.me']

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
  if (isPublic(url) || internalHosts.includes(url.hostname) || internalHosts.includes(url.host)) return url
  throw new RefusedError('destination_refused', `Host ${url.host} is not fetched from here; nothing was sent`, {
    status: 403,
    details: ['Only names of the public internet over https are, and what the option `internalHosts` lists.'],
  })
}

/** Tells whether a URL is at a public name over https, and not at an address or a name of a local network. */
export function isPublic({ protocol, hostname }: URL): boolean {
  const name = hostname.replace(/\.$/, '')
  const labels = name.split('.')
  const last = labels.at(-1) ?? ''
  // The URL parser has made dotted quads of all other ways to write an IPv4 address.
  const isAddress = hostname.startsWith('[') || /^\d+$/.test(last)
  const isEcho = echoing.some((suffix) => name === suffix || name.endsWith(`.${suffix}`))
  const isWhole = labels.length > 1 && labels.every((label) => label !== '')
  return protocol === 'https:' && isWhole && !isAddress && !isEcho && !localNames.has(last)
}

/** Tells whether a URL is at this machine. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}
