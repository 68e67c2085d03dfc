import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import type { Chain } from '../ports/chain.js'
import type { Signer } from '../ports/key-store.js'
import type { Offer } from '../types.js'

/** Says why a chain would not execute an offer's payment as it stands now, or nothing. */
export type RefuseOnChain = (offer: Offer, payer: string) => Promise<string | undefined>

/** Says which permit has to be signed beside an offer's payment, or nothing. */
export type FindAllowancePermit = (offer: Offer, signer: Signer) => Promise<Offer['allowancePermit']>

/** Asks the chain of an offer's network, where the server takes a permit; without an answer none is signed. */
export function createFindAllowancePermit(chains: readonly Chain[]): FindAllowancePermit {
  return async (offer, signer) => {
    const chain = offer.gasSponsoring && chains.find(({ network }) => network === offer.network)
    if (!chain?.allowancePermit) return undefined
    const asked = chain.allowancePermit(offer, signer)
    return within(deadlines.balance, asked, 'the chain did not answer in time').catch(() => undefined)
  }
}

/** Asks the chain of an offer's network, where there is one; what cannot be asked stands in the way of nothing. */
export function createRefuseOnChain(chains: readonly Chain[]): RefuseOnChain {
  return async (offer, payer) => {
    const chain = chains.find(({ network }) => network === offer.network)
    if (!chain?.refuse) return undefined
    try {
      return await within(deadlines.balance, chain.refuse(offer, payer), 'the chain did not answer in time')
    } catch {
      return undefined
    }
  }
}
