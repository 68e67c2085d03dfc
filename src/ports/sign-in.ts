import type { Signer } from './key-store.js'
import type { Network, Payment, PaymentRequired, Resource } from '../types.js'

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

/** Who signs in to what, and when that is. */
export type SignInAsker = {
  readonly resource: Resource
  readonly network: Network
  readonly address: string
  /** Unix milliseconds. */
  readonly now: number
  /** What was paid before, where it is that which is shown. */
  readonly paid?: Payment | undefined
}

/** What is to be opened by what was paid before, and when that is, in Unix milliseconds. */
export type PaidAsker = Pick<SignInAsker, 'resource' | 'now'> & {
  /** The name of the protocol in which it asks to be paid. */
  readonly protocol: string
}

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
  /**
   * Finds the payment that opens a resource by what it brought, among those for the same host: the wallet's or, of a session,
   * those that the session has made itself; the newest first, in pages. So every session does it.
   *
   * @default it shows whose address it is, which a session does only where its scope says so
   */
  readonly findPaid?:
    | ((own: AsyncIterable<readonly Payment[]>, asker: PaidAsker) => Promise<Payment | undefined>)
    | undefined
  /** Reads what a server wants signed, or nothing where it wants none of it, or anything else. */
  readonly read: (required: PaymentRequired, who: SignInAsker) => SignInClaim | undefined
  /** Signs a recorded claim, where the signer knows what one is. */
  sign(claim: SignInClaim, signer: Signer): Promise<string>
  /**
   * Says who did not answer, where only that kept a claim from being signed: what was paid may still be there to be shown, and
   * is not paid again meanwhile.
   *
   * @default whatever is not signed is paid
   */
  readonly whyUnanswered?: ((claim: SignInClaim) => string | undefined) | undefined
  /** Tells whether a signer can. */
  readonly canSign: (signer: Signer) => boolean
  /** Says what is wrong with a signature, or nothing when it is of exactly that claim. */
  readonly check: (claim: SignInClaim, signature: string) => string | undefined
  /** Writes the headers that carry it. */
  readonly write: (claim: SignInClaim, signature: string) => Readonly<Record<string, string>>
  /** Hears whether a server took it. */
  readonly note?: ((claim: SignInClaim, isOpened: boolean) => void) | undefined
}
