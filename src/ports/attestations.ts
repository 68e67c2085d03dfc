import type { Offer, Payment, PaymentRequired } from '../types.js'

/** What a server's signed words about a payment are read from: all of it claims. */
export type Attesting = {
  readonly payment: Payment
  readonly offer: Offer
  /** The 402 that was paid. */
  readonly required: PaymentRequired
  /** What came with the answer, as the protocol found it. */
  readonly answer: unknown
  /** Unix milliseconds. */
  readonly now: number
}

/** What a server signed of a payment, and whose key it was. */
export type Attestation = {
  /** The key, by its address or `did:key`. */
  readonly issuer: string
  /** The documents as they came, as JSON; absent where they name more of the URL than is kept. */
  readonly documents?: { readonly receipt: string; readonly offer?: string | undefined } | undefined
}

/** What is wrong with what a server signed, in our words. */
export type AttestationProblem = { readonly problem: string }

/** Reads what servers sign of their offers and receipts. What is wrong with it stops nothing: it is only not believed. */
export type Attestations = {
  /** Answers nothing where its server signs nothing. */
  readonly read: (paid: Attesting) => Attestation | AttestationProblem | undefined
  /** The only issuers of an origin, where its owner names them. @default the first that is seen, for ever */
  readonly issuersOf: (origin: string) => readonly string[] | undefined
}
