import { ConfigurationError } from '../errors.js'
import { mayBeShared } from './registered-domain.js'

/** Tells whether strangers can have names below a host. */
export type IsPublicSuffix = (host: string) => boolean

/** A host pattern, taken apart. */
export type HostPattern = {
  /** What the owner wrote a scheme for is a loopback origin; anything else is https. */
  readonly protocol: 'https:' | 'http:'
  /** As a parsed URL has it: lower case, ASCII. */
  readonly hostname: string
  /** Whether it names what lies below the host, at any depth, and not the host. */
  readonly isBelow: boolean
  /** `*` is any, `undefined` that none was written. */
  readonly port: string | undefined
}

const labelShape = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/
const originShape = /^(https?:)\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(.*))?$/
const hostShape = /^(\*\.)?(\[[^\]]*\]|[^:]*)(?::(.*))?$/

/** What is wrong with a pattern as it was written, in the order in which it is looked for. */
const slips: readonly (readonly [RegExp, string])[] = [
  [/[/\\?#]/, 'it has a path; a rule about hosts covers all of a host'],
  [/@/, 'it has a user name'],
  [/^(:|$)/, 'it is empty'],
  [/^\*(:|$)/, 'it names every host; that is what allowAnyHost() says'],
  [/^\*(?!\.)/, 'a star stands for whole labels, as in *.example.com'],
  [/[^:]\*/, 'a star can only stand first, as in *.example.com'],
  [/^\.|\.\.|\.(:|$)/, 'it has an empty label'],
]

/**
 * Parses a pattern of hosts to pay: one public name, what lies below one, or a whole loopback origin.
 *
 * @throws ConfigurationError naming the pattern and what is wrong with it.
 */
export function parseAllowedHost(pattern: string, isPublicSuffix: IsPublicSuffix = () => false): HostPattern {
  const parsed = parsePattern(pattern)
  const problem = isOrigin(pattern) ? undefined : findRisk(parsed, isPublicSuffix)
  if (problem !== undefined) throw refuse(pattern, problem)
  return parsed
}

/**
 * Parses a pattern of hosts not to pay, which may be as wide as it likes: `*.co.uk`, `localhost` and addresses too.
 *
 * @throws ConfigurationError naming the pattern and what is wrong with it.
 */
export function parseDeniedHost(pattern: string): HostPattern {
  const parsed = parsePattern(pattern)
  const hostname = canonical(parsed.hostname)
  if (hostname === undefined) throw refuse(pattern, 'it is not a host name')
  return { ...parsed, hostname }
}

function parsePattern(pattern: string): HostPattern {
  if (typeof pattern !== 'string') throw refuse(String(pattern), 'it is not a string')
  const parsed = isOrigin(pattern) ? parseOrigin(pattern.toLowerCase()) : parseHost(pattern)
  if (typeof parsed === 'string') throw refuse(pattern, parsed)
  return parsed
}

function isOrigin(pattern: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(pattern)
}

function parseOrigin(text: string): HostPattern | string {
  const [, protocol, hostname = '', port] = originShape.exec(text) ?? []
  if (protocol !== 'https:' && protocol !== 'http:') {
    return 'only a loopback origin is written with its scheme, as in http://127.0.0.1:*'
  }
  return port === undefined || port === '*' || isPort(port)
    ? { protocol, hostname, isBelow: false, port }
    : 'its port is not one'
}

function parseHost(pattern: string): HostPattern | string {
  const slip = slips.find(([shape]) => shape.test(pattern))
  if (slip) return slip[1]
  const [, star, written = pattern, port] = hostShape.exec(pattern) ?? []
  // Before folding the case, which turns a few letters into ASCII.
  if (/[^\x20-\x7e]/.test(written))
    return `it is not ASCII; write ${canonical(written) ?? 'its punycode form'} yourself`
  if (port === '*') return 'any port can only be named for a loopback origin, as in http://127.0.0.1:*'
  if (port !== undefined && !isPort(port)) return 'its port is not one'
  const hostname = written.toLowerCase()
  const isName = hostname.length <= 253 && hostname.split('.').every((label) => labelShape.test(label))
  const isAddress = hostname.startsWith('[') && star === undefined
  return isName || isAddress
    ? { protocol: 'https:', hostname, isBelow: star !== undefined, port }
    : 'it is not a host name'
}

function isPort(port: string): boolean {
  return /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535
}

function findRisk({ hostname, isBelow }: HostPattern, isPublicSuffix: IsPublicSuffix): string | undefined {
  const last = hostname.slice(hostname.lastIndexOf('.') + 1)
  if (hostname.startsWith('[') || /^(\d+|0x[0-9a-f]*)$/.test(last)) {
    return 'it is an address; only loopback origins are, as in http://127.0.0.1:*'
  }
  if (last === 'localhost') return 'it is this machine; write its origin, as in http://localhost:3000'
  if (last === hostname)
    return isBelow ? `all of .${hostname} is too much` : 'it has no dot, so any network may answer for it'
  const isShared = isBelow && (mayBeShared(hostname) || isPublicSuffix(hostname))
  return isShared ? `names under ${hostname} belong to strangers` : undefined
}

/** Writes a host as a parsed URL has it, or answers `undefined` when it cannot be one. */
function canonical(host: string): string | undefined {
  try {
    return new URL(`https://${host}`).hostname
  } catch {
    return undefined
  }
}

function refuse(pattern: string, problem: string): ConfigurationError {
  return new ConfigurationError(`Failed to read the host pattern ${JSON.stringify(pattern)}: ${problem}`, {
    details: ['Write api.example.com, api.example.com:8443, *.example.com or, for development, http://127.0.0.1:*.'],
  })
}
