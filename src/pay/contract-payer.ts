import { isLate, within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import type { Chain } from '../ports/chain.js'
import type { ContractSigning } from '../ports/scheme.js'
import type { Offer, Payment } from '../types.js'

/** Asks chains what payers that are contracts can do. */
export type ContractQuestions = {
  /** Says why a contract cannot pay an offer, or nothing. */
  readonly refuse: (offer: Offer, payer: string, signing: ContractSigning | undefined) => Promise<string | undefined>
  /** Says why a contract's signature is not known to be of a payment, or nothing; never rejects. */
  readonly check: (
    payment: Payment,
    signature: string,
    signing: ContractSigning | undefined,
  ) => Promise<string | undefined>
}

const noChain = (network: string): string =>
  `the payer is a contract, of whose signatures only its chain can tell what they are worth: chains has none of ${network}`

/**
 * Makes what asks chains about contracts. Nobody but the chain can say whether a contract takes a signature as its own:
 * without one nothing is recorded, and where it does not say so nothing is sent.
 */
export function createContractQuestions(chains: readonly Chain[]): ContractQuestions {
  const find = (wanted: string) => chains.find(({ network }) => network === wanted)?.contracts
  return Object.freeze({
    refuse: async (offer, payer, signing) => {
      const contracts = find(offer.network)
      if (!signing) return 'no contract can pay by its scheme, and the payer is one'
      if (!contracts) return noChain(offer.network)
      try {
        return await within(deadlines.balance, contracts.refuse(offer, payer), 'the chain did not answer in time')
      } catch {
        // What it signs would not be sent without the chain's word either.
        return `the chain of ${offer.network} does not answer what the payer's contract can sign`
      }
    },
    check: async (payment, signature, signing) => {
      const { asset, terms } = payment
      const contracts = find(asset.network)
      if (!signing) return 'no contract can sign it'
      if (!contracts) return noChain(asset.network)
      try {
        const asked = contracts.check({ payer: terms.payer, digest: signing.digest(payment), signature })
        return await within(deadlines.node, asked, 'the chain did not answer in time')
      } catch (error) {
        const why = isLate(error) ? ' in time' : ''
        return `the chain did not say${why} whether the payer's contract takes the signature`
      }
    },
  } satisfies ContractQuestions)
}
