import { refuseUrl } from '../hosts/match.js'
import { untrustedWord, plain } from '../lib/untrusted.js'
import { fieldsOf, isObject } from '../protocols/fields.js'
import { readEntryV1, readEntryV2 } from '../protocols/x402/entry.js'
import { readRequired } from '../protocols/x402/required.js'
import type { PaymentRequired } from '../types.js'

/** One entry of a list of services, as far as it could be read. */
export type Listing = {
  readonly url: string
  readonly method: string
  /** What it would ask, as the list says. */
  readonly required: PaymentRequired
  readonly untrustedName: string | undefined
  readonly untrustedDescription: string | undefined
}

const maxEntries = 100
const maxUrl = 2048
const maxDescription = 300
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * Reads a page of a list, in either of its two shapes and with entries of either version: what is not well-formed is left out,
 * and counted.
 *
 * @throws TypeError when it is no list at all.
 */
export function readListings(text: string): { readonly listings: readonly Listing[]; readonly entries: number } {
  const page = fieldsOf(JSON.parse(text))
  const items: unknown = page['items'] ?? page['resources']
  if (!Array.isArray(items)) throw new TypeError('it is no list')
  const listings = items.slice(0, maxEntries).flatMap((item) => readListing(item) ?? [])
  return { listings, entries: items.length }
}

function readListing(item: unknown): Listing | undefined {
  const { resource, type = 'http', x402Version, accepts, description, serviceName, extensions } = fieldsOf(item)
  if (type !== 'http' || typeof resource !== 'string' || resource.length > maxUrl || !URL.canParse(resource))
    return undefined
  if (refuseUrl(new URL(resource)) !== undefined) return undefined
  const required = readOffers(x402Version, accepts)
  if (!required) return undefined
  const said = description ?? fieldsOf(Array.isArray(accepts) ? accepts[0] : undefined)['description']
  return {
    url: resource,
    method: methodOf(extensions),
    required,
    untrustedName: untrustedWord(serviceName),
    untrustedDescription:
      typeof said === 'string' ? plain(said.slice(0, 4096), maxDescription) || undefined : undefined,
  }
}

function readOffers(version: unknown, accepts: unknown): PaymentRequired | undefined {
  if (!Array.isArray(accepts) || !accepts.every(isObject)) return undefined
  const reading =
    version === 1
      ? { protocol: 'x402-v1', version: 1, readEntry: readEntryV1 }
      : { protocol: 'x402', version: 2, readEntry: readEntryV2 }
  try {
    return readRequired({ x402Version: reading.version, accepts }, reading)
  } catch {
    return undefined
  }
}

function methodOf(extensions: unknown): string {
  const { method } = fieldsOf(fieldsOf(fieldsOf(fieldsOf(extensions)['bazaar'])['info'])['input'])
  return typeof method === 'string' && methods.has(method) ? method : 'GET'
}
