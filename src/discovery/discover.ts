import { deadlines } from '../lib/deadlines.js'
import { waitFor } from '../lib/deadline.js'
import { decodeUtf8 } from '../lib/bytes.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import { readStream } from '../lib/read-stream.js'
import { ConfigurationError } from '../errors.js'
import { unwrapFetch } from '../fetch/wrap-fetch.js'
import { readUrl, refuseUrl } from '../hosts/match.js'
import { parseUsd, type Usd } from '../money.js'
import type { Payer } from '../pay/payer.js'
import type { MicroUsd, Resource } from '../types.js'
import { type Listing, readListings } from './listing.js'

/** Options of `discover`. */
export type DiscoverOptions = {
  /** The URL of a facilitator that lists resources (x402's Bazaar). */
  readonly facilitator: string | URL
  /** What is looked for, in words; without them the list is read from its beginning. */
  readonly query?: string | undefined
  /** The most that a request may cost, in US dollars. */
  readonly maxUsd?: Usd | undefined
  /** How many services are answered, from 1 to 100. @default 20 */
  readonly limit?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** @default the global fetch, which pays nothing here */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** A service that the wallet or session could pay as its listing stands. All of it but the URL's form is a stranger's word. */
export type Service = {
  readonly url: string
  readonly method: string
  /** What the listing says that a request costs; what is paid is what the service itself asks. */
  readonly listedMicroUsd: MicroUsd
  /** The symbol and network of the token that would be paid in. */
  readonly asset: string
  readonly network: string
  /** Whether a person or a delay comes before a payment. */
  readonly waitsFor?: 'approval' | 'delay' | undefined
  readonly untrustedName?: string | undefined
  readonly untrustedDescription?: string | undefined
}

/** What was found, cheapest first, and how much of it could not be paid. */
export type Discovery = {
  readonly services: readonly Service[]
  /** How many listings were left out: not well-formed, in no known token, dearer, or not allowed by the policy. */
  readonly leftOut: number
}

const optionNames: OptionNames<DiscoverOptions> = {
  facilitator: true,
  query: true,
  maxUsd: true,
  limit: true,
  signal: true,
  fetch: true,
}
const pageSize = 100
const maxPages = 4
const maxBytes = 4_194_304
const maxQuery = 256

/**
 * Finds services that sell by x402 in the list of a facilitator, and of those the ones that this wallet or session would be
 * let pay now, by the price in the list: the policy, the limits and what it holds are asked, nothing is signed or recorded, and
 * no service is called. What a list says is anybody's word: a service is paid what it asks itself, under the same rules.
 *
 * @throws ConfigurationError when an option is not usable, or the facilitator gives no list.
 *
 * @example
 * ```ts
 * import type { AgentWallet } from 'stipend'
 * import { discover } from 'stipend/discovery'
 *
 * declare const wallet: AgentWallet
 * const { services } = await discover(wallet, { facilitator: 'https://x402.example', query: 'weather', maxUsd: 0.05 })
 * for (const { url, listedMicroUsd } of services) console.log(url, listedMicroUsd)
 * ```
 */
export async function discover(payer: Payer, options: DiscoverOptions): Promise<Discovery> {
  refuseUnknown('discover', options, optionNames)
  const { query, limit = 20, signal, fetch = unwrapFetch(globalThis.fetch) } = options
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 100)
    throw new ConfigurationError('Failed to read limit: expected a whole number from 1 to 100')
  if (query !== undefined && (typeof query !== 'string' || query.length > maxQuery))
    throw new ConfigurationError(`Failed to read query: expected a text of up to ${maxQuery} characters`)
  const maxMicroUsd = options.maxUsd === undefined ? undefined : parseUsd(options.maxUsd, 'maxUsd')
  const base = readBase(options.facilitator)
  const found = new Map<string, Service>()
  let read = 0
  for (let page = 0; page < maxPages && found.size < limit; page++) {
    const { listings, entries } = await readPage(base, { query, page, signal, fetch })
    read += entries
    for (const listing of listings) {
      // Each can be a question to a chain.
      signal?.throwIfAborted()
      const service = found.size < limit ? await judgeListing(listing, payer, maxMicroUsd) : undefined
      if (service) found.set(`${service.method} ${service.url}`, service)
    }
    // A search has no pages of which the next could be counted.
    if (query !== undefined || entries < pageSize) break
  }
  const services = [...found.values()].toSorted((one, other) => compare(one.listedMicroUsd, other.listedMicroUsd))
  return Object.freeze({ services: Object.freeze(services), leftOut: read - services.length })
}

function compare(one: bigint, other: bigint): number {
  return one < other ? -1 : one > other ? 1 : 0
}

function readBase(facilitator: string | URL): URL {
  const url = URL.canParse(String(facilitator)) ? new URL(String(facilitator)) : undefined
  const problem = url ? refuseUrl(url) : 'it is no URL'
  if (url && problem === undefined) return url
  throw new ConfigurationError(`Failed to read facilitator: ${problem}`)
}

type Asking = Pick<DiscoverOptions, 'query' | 'signal'> & {
  readonly page: number
  readonly fetch: typeof globalThis.fetch
}

async function readPage(
  base: URL,
  { query, page, signal, fetch }: Asking,
): Promise<{ readonly listings: readonly Listing[]; readonly entries: number }> {
  const url = new URL(`${base.href.replace(/\/+$/, '')}/discovery/${query === undefined ? 'resources' : 'search'}`)
  url.searchParams.set('type', 'http')
  url.searchParams.set('limit', String(pageSize))
  if (query === undefined) url.searchParams.set('offset', String(page * pageSize))
  else url.searchParams.set('query', query)
  const answer = (async () => readText(await fetch(url, { redirect: 'error', signal: signal ?? null })))()
  try {
    const text = await waitFor(answer, {
      ms: deadlines.node,
      sentence: 'the facilitator did not answer in time',
      signal,
    })
    return readListings(text)
  } catch (cause) {
    signal?.throwIfAborted()
    throw new ConfigurationError('Failed to discover: the facilitator gives no list', { cause })
  }
}

async function readText(response: Response): Promise<string> {
  const reader = response.ok ? response.body?.getReader() : undefined
  const bytes = reader && (await readStream(reader, maxBytes))
  const text = bytes && decodeUtf8(bytes)
  if (text === undefined) throw new TypeError('its answer is no text, or too long')
  return text
}

/** Asks of a listing what would be asked of its 402. */
async function judgeListing(
  { url, method, required, untrustedName, untrustedDescription }: Listing,
  payer: Payer,
  maxMicroUsd: MicroUsd | undefined,
): Promise<Service | undefined> {
  const { origin, host, href } = new URL(url)
  const resource: Resource = Object.freeze({ url: href, method, origin, host })
  if (typeof readUrl(resource) === 'string') return undefined
  const quote = await payer.appraise(required, { resource, labels: {}, maxMicroUsd }).catch(() => undefined)
  const payable = quote?.payable ?? quote?.offers.find((one) => one.waitsFor !== undefined && !one.shortage)
  if (!payable) return undefined
  const { offer, waitsFor } = payable
  const named = { ...(untrustedName !== undefined && { untrustedName }) }
  const described = { ...(untrustedDescription !== undefined && { untrustedDescription }) }
  const { symbol, network } = offer.asset
  const waiting = waitsFor === undefined ? {} : { waitsFor }
  const told = { url: href, method, listedMicroUsd: offer.microUsd, asset: symbol, network }
  return Object.freeze({ ...told, ...waiting, ...named, ...described })
}
