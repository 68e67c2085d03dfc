import { assetHint } from '../assets/hints.js'
import type { AssetTable } from '../assets/table.js'
import { deepFreeze } from '../lib/freeze.js'
import { showId, untrustedWord } from '../lib/untrusted.js'
import { toMicroUsd } from '../money.js'
import type { Asset, Offer, OfferClaim, SetAside } from '../types.js'

type Priced = { readonly offers: readonly Offer[]; readonly setAside: readonly SetAside[] }

/** What was made of claims that cannot change: a 402 that comes again, to the letter, is the same list. */
const priced = new WeakMap<AssetTable, WeakMap<readonly OfferClaim[], Priced>>()

/** Turns claims into offers that can be judged: those whose asset we know, priced by us, the others set aside. */
export function priceOffers(claims: readonly OfferClaim[], assets: AssetTable): Priced {
  if (!Object.isFrozen(claims)) return price(claims, assets)
  const known = priced.get(assets) ?? new WeakMap<readonly OfferClaim[], Priced>()
  priced.set(assets, known)
  const made = known.get(claims) ?? deepFreeze(price(claims, assets))
  known.set(claims, made)
  return made
}

function price(claims: readonly OfferClaim[], assets: AssetTable): Priced {
  const offers: Offer[] = []
  const setAside: SetAside[] = []
  for (const given of claims) {
    const claim = copyClaim(given)
    const asset = claim && assets.find(claim.network, claim.asset)
    // What has no price of now would be free of every limit.
    if (claim && asset?.microUsd) offers.push(priceClaim(claim, asset, assets))
    else setAside.push(setAsideOf(claim, Number(given.index), asset))
  }
  return { offers, setAside }
}

/** The payee is written in the one way of its family, so that no limit or pin takes two spellings for two payees. */
function priceClaim(claim: OfferClaim, asset: Asset, assets: AssetTable): Offer {
  const payTo = assets.spell(claim.network, claim.payTo)
  // What is signed beside a payment is for the chain to say, whatever a claim has under that name.
  return deepFreeze({ ...claim, payTo, asset, microUsd: toMicroUsd(claim.amount, asset), allowancePermit: undefined })
}

/**
 * Copies a claim, each field read once, or answers `undefined` when it is not well-formed. Protocols have read theirs;
 * but whoever holds a session can ask with anything, and less than nothing would make room under every limit.
 */
function copyClaim(given: OfferClaim): OfferClaim | undefined {
  const claim = {
    ...given,
    ...(given.challenge && { challenge: copyChallenge(given.challenge) }),
    extra: structuredClone(given.extra),
  }
  const { scheme, network, asset, payTo, amount, maxTimeoutSeconds, backdateSeconds = 0 } = claim
  const areTexts = [scheme, network, asset, payTo].every(isText)
  const isTime = [maxTimeoutSeconds, backdateSeconds].every((seconds) => Number.isSafeInteger(seconds) && seconds >= 0)
  const isFixed = claim.challenge === undefined || isChallenge(claim.challenge)
  const isKnown = isFixed && (claim.flow === undefined || claim.flow === 'upfront')
  return areTexts && isTime && isKnown && typeof amount === 'bigint' && amount > 0n ? claim : undefined
}

type Challenge = NonNullable<OfferClaim['challenge']>

function copyChallenge({ nonce, echo }: Challenge): Challenge {
  return { nonce, echo }
}

/** It is kept with the payment, of which it has to be a small part. */
function isChallenge({ nonce, echo }: Challenge): boolean {
  return isText(nonce) && /^0x[0-9a-f]{64}$/.test(nonce) && isText(echo) && echo.length <= 4096
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function setAsideOf(claim: OfferClaim | undefined, index: number, asset?: Asset): SetAside {
  if (!claim) return { index, reason: 'it is not well-formed' }
  const { scheme, network, asset: address } = claim
  const names = `${showId(address, 'its asset')} on ${showId(network, 'its network')}`
  const unknown = `${names} is not in the table of known assets${assetHint(network, address)}`
  return {
    index,
    reason: asset ? `no price of ${asset.symbol} is known` : unknown,
    untrustedScheme: untrustedWord(scheme),
    untrustedNetwork: untrustedWord(network),
    untrustedAsset: untrustedWord(address),
  }
}
