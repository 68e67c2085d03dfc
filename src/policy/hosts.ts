import { ConfigurationError } from '../errors.js'
import type { Resource } from '../types.js'

/** Tells whether a resource is at a host that a pattern names. */
export type HostMatcher = (resource: Resource) => boolean

type Parsed = { readonly host: string; readonly port: string; readonly isSuffix: boolean; readonly scheme: string }

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]'])
const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/
/**
 * Suffixes under which strangers register names of their own. A short list of common ones: it catches slips, and is no
 * proof that any other suffix belongs to one owner.
 */
const sharedSuffixes = new Set(
  (
    'co.uk org.uk ac.uk com.au net.au com.br com.cn com.mx com.tr co.in co.jp co.kr co.nz co.za github.io gitlab.io ' +
    'vercel.app pages.dev workers.dev netlify.app herokuapp.com fly.dev onrender.com web.app firebaseapp.com ' +
    'azurewebsites.net cloudfront.net amazonaws.com appspot.com run.app ngrok.io ngrok-free.app nip.io sslip.io'
  ).split(' '),
)

/**
 * Compiles a host pattern: `api.example.com` (https, port 443), `api.example.com:8443`, `*.example.com` (any depth
 * below, not itself), or for development a whole loopback origin such as `http://127.0.0.1:*`.
 *
 * @throws ConfigurationError naming the pattern and what is wrong with it.
 */
export function compileHost(pattern: string): HostMatcher {
  const parsed = parse(pattern)
  return (resource) => {
    const url = new URL(resource.url)
    if (url.username || url.password) return false
    if (url.protocol !== parsed.scheme) return false
    return isHost(url, parsed) && (parsed.port === '*' || portOf(url) === parsed.port)
  }
}

/** Compiles a pattern to deny: it names the host on every scheme and, where it names none, on every port. */
export function compileDeniedHost(pattern: string): HostMatcher {
  const parsed = parse(pattern)
  const hasPort = /:\d+$/.test(pattern)
  return (resource) => {
    const url = new URL(resource.url)
    return isHost(url, parsed) && (!hasPort || portOf(url) === parsed.port)
  }
}

function isHost({ hostname }: URL, { host, isSuffix }: Parsed): boolean {
  const name = hostname.replace(/\.$/, '')
  return isSuffix ? name.endsWith(`.${host}`) && name.split('.').every((part) => part !== '') : hostname === host
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80')
}

/** Tells whether a resource is at a public name over https, and not at an address or a name of a local network. */
export function isPublicHost({ url }: Resource): boolean {
  const { protocol, hostname, username, password } = new URL(url)
  if (protocol !== 'https:' || username || password) return false
  const labels = hostname.split('.')
  const isAddress = hostname.startsWith('[') || /^[0-9]+$/.test(labels.at(-1) ?? '')
  const isLocal = ['localhost', 'local', 'internal', 'lan', 'home', 'arpa', 'test', 'invalid', 'onion'].includes(
    labels.at(-1) ?? '',
  )
  return labels.length > 1 && !isAddress && !isLocal && labels.every((part) => part !== '')
}

function parse(pattern: string): Parsed {
  if (typeof pattern !== 'string') throw refuse(String(pattern), 'it is not a string')
  if (/^[a-z]+:\/\//i.test(pattern)) return parseLoopback(pattern)
  const match = /^(\*\.)?([^:]*)(?::(\d{1,5}))?$/.exec(pattern.toLowerCase())
  const [, star, host = '', port = '443'] = match ?? []
  const problem = match ? problemOf(host, star !== undefined) : 'it is not a host'
  if (problem !== undefined) throw refuse(pattern, problem)
  if (Number(port) < 1 || Number(port) > 65_535) throw refuse(pattern, 'its port is none')
  return { host, port: String(Number(port)), isSuffix: star !== undefined, scheme: 'https:' }
}

function problemOf(host: string, isSuffix: boolean): string | undefined {
  if (/[^\x20-\x7e]/.test(host)) return `write it in ASCII: ${asciiOf(host)}`
  const labels = host.split('.')
  if (host.length > 253 || !labels.every((part) => label.test(part))) return 'it is not a host name'
  if (labels.length < 2) return 'it has no dot'
  if (/^[0-9]+$/.test(labels.at(-1) ?? '')) return 'it is an address; name the host'
  if (isSuffix && sharedSuffixes.has(host)) return `names under ${host} belong to strangers`
  return undefined
}

function asciiOf(host: string): string {
  try {
    return new URL(`https://${host}`).hostname
  } catch {
    return 'it has no ASCII form'
  }
}

function parseLoopback(pattern: string): Parsed {
  const [, scheme = '', host = '', port] =
    /^(https?):\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(\*|\d{1,5}))?$/i.exec(pattern) ?? []
  if (!loopbackHosts.has(host.toLowerCase()))
    throw refuse(pattern, 'only loopback origins are written with their scheme')
  if (port !== undefined && port !== '*' && (Number(port) < 1 || Number(port) > 65_535))
    throw refuse(pattern, 'its port is none')
  const usual = scheme.toLowerCase() === 'https' ? '443' : '80'
  return { host: host.toLowerCase(), port: port ?? usual, isSuffix: false, scheme: `${scheme.toLowerCase()}:` }
}

function refuse(pattern: string, problem: string): ConfigurationError {
  return new ConfigurationError(`Failed to read the host pattern ${JSON.stringify(pattern)}: ${problem}`, {
    details: ['Write api.example.com, api.example.com:8443, *.example.com or, for development, http://127.0.0.1:*.'],
  })
}
