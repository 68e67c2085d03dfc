import type { Resource } from '../types.js'
import { isLoopbackName } from './loopback.js'
import type { HostPattern, IsPublicSuffix } from './pattern.js'
import { isEchoingHost } from './registered-domain.js'

/** Names that only a local network answers for. */
const localNames = new Set(
  'localhost local localdomain internal intranet lan home corp svc arpa test invalid onion'.split(' '),
)

/** Parses a resource's URL, or says why it is none or not that of the resource's origin and host. */
export function readUrl({ url, origin, host }: Resource): URL | string {
  if (!URL.canParse(url)) return 'its URL cannot be read'
  const parsed = new URL(url)
  return parsed.origin === origin && parsed.host === host ? parsed : 'its URL and its host are not the same'
}

/** Says why a URL is never paid, whatever is allowed, or nothing when it may be. */
export function refuseUrl(url: URL): string | undefined {
  const { protocol, host, hostname, username, password } = url
  if (protocol !== 'https:' && protocol !== 'http:') return `${protocol} is not paid; only https is`
  if (username || password) return 'a URL with a user name or a password is not paid'
  const plain = refusePlainHttp(url)
  if (plain !== undefined) return plain
  const isName = hostname.length <= 253 && hostname.split('.').every((label) => label !== '' && label.length <= 63)
  return isName ? undefined : `${host} is not a whole host name`
}

/** Says why a URL is not paid over plain http, or nothing when it is no plain http, or on loopback by its name. */
export function refusePlainHttp(url: URL | string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, host, hostname } = new URL(url)
  const isPlain = protocol === 'http:' && !isLoopbackName(hostname)
  return isPlain ? `${host} is asked over plain http; only https is paid` : undefined
}

/** Tells whether an allowing pattern names the host, the port and the scheme of a URL. */
export function isAllowedBy({ protocol, port, ...pattern }: HostPattern, url: URL): boolean {
  const isPort = port === '*' || (port ?? defaultPort(protocol)) === portOf(url)
  return url.protocol === protocol && isPort && isHost(pattern, url.hostname)
}

/** Tells whether a denying pattern names a URL: on every scheme and, where it names no port, on every port. */
export function isDeniedBy({ port = '*', ...pattern }: Omit<HostPattern, 'protocol'>, url: URL): boolean {
  return (port === '*' || port === portOf(url)) && isHost(pattern, url.hostname.replace(/\.+$/, ''))
}

/**
 * Tells whether a name that a pattern with a star reaches can be a stranger's: below the pattern's own host there is one that
 * strangers have names under, as some platforms' storage has.
 */
export function isStrangers(
  { hostname }: URL,
  pattern: Pick<HostPattern, 'hostname' | 'isBelow'>,
  isPublicSuffix: IsPublicSuffix = () => false,
): boolean {
  if (!pattern.isBelow) return false
  const between = hostname.slice(0, -pattern.hostname.length - 1).split('.')
  return between.some((_, index) => index > 0 && isPublicSuffix([...between.slice(index), pattern.hostname].join('.')))
}

function isHost(pattern: Pick<HostPattern, 'hostname' | 'isBelow'>, hostname: string): boolean {
  return pattern.isBelow ? hostname.endsWith(`.${pattern.hostname}`) : hostname === pattern.hostname
}

function portOf(url: URL): string {
  return url.port || defaultPort(url.protocol)
}

function defaultPort(protocol: string): string {
  return protocol === 'https:' ? '443' : '80'
}

/** Tells whether a URL is at a public name over https, and not at an address or a name of a local network. */
export function isPublicHost({ protocol, hostname }: URL): boolean {
  const name = hostname.replace(/\.$/, '')
  const labels = name.split('.')
  const last = labels.at(-1) ?? ''
  // The URL parser has made dotted quads of all other ways to write an IPv4 address.
  const isAddress = hostname.startsWith('[') || /^\d+$/.test(last)
  const isWhole = labels.length > 1 && labels.every((label) => label !== '')
  return protocol === 'https:' && isWhole && !isAddress && !localNames.has(last) && !isEchoingHost(name)
}

/** Tells whether all that one allowing pattern names is named by another. */
export function isWithin(inner: HostPattern, outer: HostPattern): boolean {
  const isPort =
    outer.port === '*' || (outer.port ?? defaultPort(outer.protocol)) === (inner.port ?? defaultPort(inner.protocol))
  const isName = outer.isBelow
    ? inner.hostname.endsWith(`.${outer.hostname}`) || (inner.isBelow && inner.hostname === outer.hostname)
    : !inner.isBelow && inner.hostname === outer.hostname
  return inner.protocol === outer.protocol && isPort && isName
}
