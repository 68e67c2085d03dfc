import type { Family } from './family.js'
import type { Signer } from './key-store.js'
import type { Authorization, AuthorizationTerms, Hex, MicroUsd, Offer, Payload, Payment } from '../types.js'

/** Turns an offer into a signed payload, for one x402 scheme on one family of chains. */
export type Scheme<signer extends Signer = Signer> = {
  /** The scheme's name on the wire, such as `exact`. */
  readonly name: string
  readonly namespace: signer['namespace']
  /** How its chains write addresses; needed of a family that does not come with the package. @default compared to the letter */
  readonly family?: Family | undefined
  /** Says why this offer cannot be paid by this scheme with this signer, or nothing when it can; pure, and asked before the policy. */
  refuse(offer: Offer, payer: string, signer: signer): string | undefined
  /** The most that leaves beside an offer's amount, such as a fee of the chain's: it counts under every limit. @default nothing */
  readonly fee?: ((offer: Offer) => MicroUsd) | undefined
  /**
   * Whether the chain executes at most one of all the signatures over a purchase's nonce. Then a purchase can be signed
   * anew while an earlier signature of it may still be executed; else only once that one is provably dead.
   */
  readonly atMostOnce: boolean
  /** Fixes what will be signed. */
  readonly terms: (
    offer: Offer,
    context: { readonly payer: string; readonly nonce: Hex; readonly now: number },
  ) => AuthorizationTerms | Promise<AuthorizationTerms>
  /** Writes the payload around a signature. */
  readonly payload: (payment: Payment, signature: string) => Payload
  /** Writes what is signed beside the payload, by the extensions of the protocol that carry it. */
  readonly extensions?: ((payment: Payment, signature: string) => Authorization['extensions']) | undefined
  /** Signs a recorded payment: its terms and nothing else. Called only with a signer of its own namespace. */
  sign(payment: Payment, signer: signer): Promise<string>
  /** Says what is wrong with a signature over a payment's terms, or nothing when its bytes are exactly that payment. */
  readonly check: (payment: Payment, signature: string) => string | undefined
  /** Takes a recorded payment back, where a signature can: what is signed is built from that payment and nothing else. */
  readonly cancellation?: Cancellation<signer> | undefined
  /** A signature's stand-in of the same length, to measure a message before anything is signed. */
  readonly placeholder: string
  /** How a payer that is a contract signs; absent: only keys can pay by it. */
  readonly contract?: ContractSigning | undefined
}

/** What a contract's signature is over, for its chain to say whether it is one. */
export type ContractSigning = {
  /** The 32 bytes that are signed of a recorded payment: built from it, and from nothing else. */
  readonly digest: (payment: Payment) => Hex
  /** The stand-in of the longest signature that is taken. */
  readonly placeholder: string
}

/** Signs that a payment's nonce shall never be used. */
export type Cancellation<signer extends Signer = Signer> = {
  /** Says why a payment cannot be taken back by a signature, or nothing when it can. */
  readonly refuse?: ((payment: Payment) => string | undefined) | undefined
  /** Called only with a signer of the scheme's own namespace. */
  sign(payment: Payment, signer: signer): Promise<string>
  /** Says what is wrong with a signature, or nothing when it is the cancellation of exactly that payment. */
  readonly check: (payment: Payment, signature: string) => string | undefined
  /** How a payer that is a contract signs it; absent: only keys can. */
  readonly contract?: ContractSigning | undefined
}
