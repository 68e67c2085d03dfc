import { deepFreeze } from '../../lib/freeze.js'
import type { OfferClaim, PaymentRequired, SetAside } from '../../types.js'
import { fieldsOf, isObject } from '../fields.js'
import { kindOf, malformed } from '../words.js'
import type { ReadEntry } from './entry.js'

/** As many offers as are read; a wallet rarely has a use for the second. */
const maxEntries = 64

type Version = { readonly protocol: string; readonly version: number; readonly readEntry: ReadEntry }

/**
 * Reads a parsed 402 of one version of x402; answers `undefined` when it offers nothing, as routes that only want a
 * sign-in do.
 *
 * @throws MalformedMessageError when its envelope is not of that version; a bad entry is only set aside.
 */
export function readRequired(message: unknown, { protocol, version, readEntry }: Version): PaymentRequired | undefined {
  const { x402Version, accepts, extensions } = fieldsOf(message)
  if (x402Version !== version) throw malformed(`x402Version is ${kindOf(x402Version)}, not the number ${version}`)
  if (!Array.isArray(accepts)) throw malformed('accepts is not a list of offers')
  if (!isObject(extensions ?? {})) throw malformed('extensions is not an object')
  if (accepts.length === 0) return undefined
  const entries = accepts.slice(0, maxEntries).map(readEntry)
  const gasSponsoring = version === 2 ? sponsoringOf(extensions) : undefined
  return deepFreeze({
    protocol,
    claims: entries
      .filter((one): one is OfferClaim => 'raw' in one)
      .map((claim) => (gasSponsoring ? { ...claim, gasSponsoring } : claim)),
    setAside: entries.filter((one): one is SetAside => 'reason' in one),
    raw: message as PaymentRequired['raw'],
  })
}

const sponsored = { eip2612GasSponsoring: 'eip2612', erc20ApprovalGasSponsoring: 'erc20-approval' } as const

/** Reads of what the server pays the gas; a version that we do not know is as good as none. */
function sponsoringOf(extensions: unknown): OfferClaim['gasSponsoring'] {
  const found = Object.entries(sponsored).flatMap(([name, kind]) => {
    const info = fieldsOf(fieldsOf(fieldsOf(extensions)[name])['info'])
    return info['version'] === '1' ? [kind] : []
  })
  return found.length > 0 ? found : undefined
}
