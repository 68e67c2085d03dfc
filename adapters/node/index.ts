import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import { lookup as lookUp } from 'node:dns/promises'
import { isIP } from 'node:net'
import { UnpayableRequestError } from 'stipend'
import { waitFor } from '../../src/lib/deadline.js'
import { deadlines } from '../../src/lib/deadlines.js'
import { createAddressCheck } from './addresses.js'
import { exchange } from './exchange.js'

const optionNames: OptionNames<BlockPrivateNetworksOptions> = { allow: true, lookup: true }

/** Options of `blockPrivateNetworks`. */
export type BlockPrivateNetworksOptions = {
  /**
   * Addresses and ranges that may be reached although they are not public, such as `10.1.2.3` or `10.1.0.0/16`; for
   * development `127.0.0.1`.
   *
   * @default none
   */
  readonly allow?: readonly string[] | undefined
  /** Resolves a host name to all its addresses. @default the system's resolver */
  readonly lookup?: ((hostname: string) => Promise<readonly string[]>) | undefined
}

type Lookup = NonNullable<BlockPrivateNetworksOptions['lookup']>

/**
 * Creates a fetch that reaches public addresses only, for agents that choose their own URLs. A rule about hosts judges
 * names, and any name can be made to resolve to this machine, a private network or a cloud's metadata service; this
 * fetch judges the addresses a name resolves to, all of them, and connects to those it judged. Each request, the paid
 * one too, is resolved and judged anew, on a connection of its own.
 *
 * It follows no redirect: the answer is the redirect itself, whose target is a new call, to be judged anew. It speaks
 * HTTP/1.1, and uses no proxy, whatever the environment says. On networks that reach IPv4 through NAT64 only, hosts
 * without IPv6 are refused.
 *
 * What it throws: `UnpayableRequestError` when an address is not public, with nothing sent; else, as fetch does, a
 * `TypeError`, or the reason of the caller's signal.
 *
 * @throws ConfigurationError when `allow` names what is neither an address nor a range.
 *
 * @example
 * ```ts
 * import { allowAnyHost, createAgentWallet, spendingLimit } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 * import { blockPrivateNetworks } from 'stipend/node'
 *
 * const wallet = createAgentWallet({
 *   keyStore: privateKey(process.env.AGENT_KEY),
 *   policy: [allowAnyHost(), spendingLimit({ perPaymentUsd: 0.1, dailyLimitUsd: 1 })],
 *   fetch: blockPrivateNetworks(),
 * })
 * ```
 */
export function blockPrivateNetworks(options: BlockPrivateNetworksOptions = {}): typeof globalThis.fetch {
  refuseUnknown('blockPrivateNetworks', options, optionNames)
  const { allow = [], lookup = systemLookup } = options
  const isReachable = createAddressCheck(allow)
  return async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw new UnpayableRequestError(`A ${url.protocol} URL is not requested; nothing was sent`)
    }
    const addresses = await resolve(url.hostname, { lookup, signal: request.signal })
    if (!addresses.every(isReachable)) {
      // Which address it is stays out of the words: whoever can choose names could ask what a private network holds.
      throw new UnpayableRequestError(`${url.host} is not at a public address; nothing was sent`, {
        details: ['Name its address in allow where it is meant.'],
      })
    }
    return exchange(request, { addresses, isStreamed: init?.body instanceof ReadableStream })
  }
}

async function systemLookup(hostname: string): Promise<readonly string[]> {
  const found = await lookUp(hostname, { all: true })
  return found.map(({ address }) => address)
}

/** An address in a URL is its own answer, and would never be asked for. */
async function resolve(
  hostname: string,
  { lookup, signal }: { readonly lookup: Lookup; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  signal.throwIfAborted()
  const literal = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(literal) !== 0) return [literal]
  try {
    const found = await waitFor(lookup(hostname), { ms: deadlines.hostAddresses, signal })
    const addresses = Array.from(found, String)
    if (addresses.length > 0) return addresses
  } catch (cause) {
    signal.throwIfAborted()
    throw new TypeError('fetch failed', { cause })
  }
  throw new TypeError('fetch failed', { cause: new TypeError(`${hostname} has no address`) })
}
