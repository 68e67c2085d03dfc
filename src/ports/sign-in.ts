import type { Signer } from './key-store.js'
import type { Network, PaymentRequired, Resource } from '../types.js'

/** What is signed to show whose address it is, with no money in it: each field read, and none of it a server's words. */
export type SignInClaim = {
  readonly network: Network
  readonly address: string
  /** Host and, unless it is the default, port, of the server that is connected to. */
  readonly domain: string
  /** The URL that is asked. */
  readonly uri: string
  /** Drawn by the server: it takes it once. */
  readonly nonce: string
  /** RFC 3339. */
  readonly issuedAt: string
  /** RFC 3339. */
  readonly expirationTime?: string | undefined
}

/** What a server asks for nothing on, in its own words. */
export type SignInOffer = { readonly network: Network; readonly asset: string; readonly payTo: string }

/** Opens what was paid before, or what costs nothing, by a signature instead of money. */
export type SignInMethod = {
  /** Tells whether its owner lets the host know the wallet's address this way. */
  readonly allows: (resource: Resource) => boolean
  /**
   * Says on what a server asks for a signature and for no money; nothing where it asks for none.
   *
   * @default it opens only what was paid before
   */
  readonly asks?: ((required: PaymentRequired) => SignInOffer | undefined) | undefined
  /** Reads what a server wants signed, or nothing where it wants none of it, or anything else. */
  readonly read: (
    required: PaymentRequired,
    who: { readonly resource: Resource; readonly network: Network; readonly address: string; readonly now: number },
  ) => SignInClaim | undefined
  /** Signs a recorded claim, where the signer knows what one is. */
  sign(claim: SignInClaim, signer: Signer): Promise<string>
  /** Tells whether a signer can. */
  readonly canSign: (signer: Signer) => boolean
  /** Says what is wrong with a signature, or nothing when it is of exactly that claim. */
  readonly check: (claim: SignInClaim, signature: string) => string | undefined
  /** Writes the headers that carry it. */
  readonly write: (claim: SignInClaim, signature: string) => Readonly<Record<string, string>>
}
