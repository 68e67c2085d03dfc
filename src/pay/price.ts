import type { AssetTable } from '../assets/table.js'
import { deepFreeze } from '../lib/freeze.js'
import { toMicroUsd } from '../money.js'
import type { Offer, OfferClaim, SetAside } from '../types.js'

/** Turns claims into offers that can be judged: those whose asset we know, priced by us, the others set aside. */
export function priceOffers(
  claims: readonly OfferClaim[],
  assets: AssetTable,
): { readonly offers: readonly Offer[]; readonly setAside: readonly SetAside[] } {
  const offers: Offer[] = []
  const setAside: SetAside[] = []
  for (const given of claims) {
    const claim = copyClaim(given)
    const asset = claim && assets.find(claim.network, claim.asset)
    if (!claim) setAside.push({ index: Number(given.index), reason: 'it is not well-formed' })
    else if (!asset) setAside.push(setUnknownAside(claim))
    else {
      // One spelling of a payee, so that no limit or pin takes two spellings for two payees.
      const payTo = assets.spell(claim.network, claim.payTo)
      offers.push(deepFreeze({ ...claim, payTo, asset, microUsd: toMicroUsd(claim.amount, asset) }))
    }
  }
  return { offers, setAside }
}

/**
 * Copies a claim, each field read once, or answers `undefined` when it is not well-formed. Protocols have read theirs;
 * but whoever holds a session can ask with anything, and less than nothing would make room under every limit.
 */
function copyClaim(given: OfferClaim): OfferClaim | undefined {
  const claim = { ...given, extra: structuredClone(given.extra) }
  const { scheme, network, asset, payTo, amount, maxTimeoutSeconds, backdateSeconds = 0 } = claim
  const isText = [scheme, network, asset, payTo].every((text) => typeof text === 'string')
  const isTime = [maxTimeoutSeconds, backdateSeconds].every((seconds) => Number.isSafeInteger(seconds) && seconds >= 0)
  return isText && isTime && typeof amount === 'bigint' && amount > 0n ? claim : undefined
}

/** Only what a refusal says of an offer: a whole claim holds a server's own data, and amounts that JSON does not take. */
function setUnknownAside({ index, scheme, network, asset }: OfferClaim): SetAside {
  return { index, scheme, network, reason: `asset ${asset} on ${network} is not in the table of known assets` }
}
