import { schemeHint } from '../assets/hints.js'
import { priceOffers } from './price.js'
import { plain, untrustedWord } from '../lib/untrusted.js'
import type { Candidate, PayContext } from './context.js'
import type { Scheme } from '../ports/scheme.js'
import type { Offer, PaymentRequired, SetAside } from '../types.js'

const maxReason = 320

/** The offers of a 402 that this wallet could pay, and for each of the others why it cannot. */
export type Matched = { readonly candidates: readonly Candidate[]; readonly setAside: readonly SetAside[] }

/** Finds the offers that are in an asset we know, by a scheme we have, on a network we hold a key for. */
export async function match(required: PaymentRequired, context: PayContext): Promise<Matched> {
  const { claims } = required
  const assets = (await context.askPrices?.(claims, context.assets)) ?? context.assets
  const { offers, setAside } = priceOffers(claims, assets)
  const matched = await Promise.all(offers.map((offer) => matchOffer(worth(offer, context), context)))
  const candidates = matched.filter((one): one is Candidate => 'signer' in one)
  const reasons = [...required.setAside, ...setAside, ...matched.filter((one): one is SetAside => 'reason' in one)]
  return { candidates, setAside: reasons.map(tellOnly).toSorted((one, other) => one.index - other.index) }
}

/** An action counts as much as all that leaves by it, which may be more than its first asset. */
function worth(offer: Offer, { action }: PayContext): Offer {
  if (!action || action.microUsd <= offer.microUsd) return offer
  return Object.freeze({ ...offer, microUsd: action.microUsd })
}

/** Whoever holds a session can ask with anything: of what was set aside before, only this is told. */
function tellOnly({ index, reason, untrustedScheme, untrustedNetwork, untrustedAsset }: SetAside): SetAside {
  return {
    index,
    reason: plain(String(reason), maxReason),
    untrustedScheme: untrustedWord(untrustedScheme),
    untrustedNetwork: untrustedWord(untrustedNetwork),
    untrustedAsset: untrustedWord(untrustedAsset),
  }
}

/** What the payer pays beside the amount leaves with it. */
function withFee(offer: Offer, { fee }: Scheme): Offer {
  return fee ? Object.freeze({ ...offer, microUsd: offer.microUsd + fee(offer) }) : offer
}

async function matchOffer(
  priced: Offer,
  { schemes, keyStore, refuseOnChain, findAllowancePermit, contracts }: PayContext,
): Promise<Candidate | SetAside> {
  const { index, network } = priced
  const aside = (reason: string): SetAside => ({
    index,
    reason,
    untrustedScheme: untrustedWord(priced.scheme),
    untrustedNetwork: network,
  })
  const scheme = schemes.find((one) => one.name === priced.scheme && network.startsWith(`${one.namespace}:`))
  if (!scheme) return aside(`its scheme is not supported on ${network}${schemeHint(network, priced.scheme)}`)
  const offer = withFee(priced, scheme)
  const signer = await keyStore.getSigner(offer.asset.network)
  if (signer?.namespace !== scheme.namespace) return aside(`no key for ${network}`)
  const { address, isContract } = signer
  const refusal =
    scheme.refuse(offer, address, signer) ??
    (isContract ? await contracts.refuse(offer, address, scheme.contract) : undefined)
  if (refusal !== undefined) return aside(refusal)
  // Tokens take permits of keys only.
  const allowancePermit = isContract ? undefined : await findAllowancePermit(offer, signer)
  if (allowancePermit) return { offer: Object.freeze({ ...offer, allowancePermit }), scheme, signer }
  const unexecutable = await refuseOnChain(offer, address)
  return unexecutable === undefined ? { offer, scheme, signer } : aside(unexecutable)
}
