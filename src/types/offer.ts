import type { Network, Hex, Asset, MicroUsd } from './common.js'

/** One entry of a 402's `accepts`, well-formed but not yet trusted. */
export type OfferClaim = {
  readonly index: number
  readonly scheme: string
  readonly network: Network
  readonly asset: string
  /** In atomic units. */
  readonly amount: bigint
  readonly payTo: string
  readonly maxTimeoutSeconds: number
  /** How far in the past the authorization starts, for servers that expect a recent start; absent: it has no start. */
  readonly backdateSeconds?: number | undefined
  /** Whether a transfer may carry a text that the server did not ask for, on chains that have such. @default true */
  readonly takesMemo?: boolean | undefined
  /** When the money is taken, where that is before the work is done; absent: after it. */
  readonly flow?: 'upfront' | undefined
  /**
   * What was asked, where the nonce comes from that and not from the purchase: it, and what has to be repeated with the
   * payment. The same challenge pays for one purchase.
   */
  readonly challenge?: { readonly nonce: Hex; readonly echo: string } | undefined
  /** Of what the server pays the gas: of a permit by which Permit2 may move a token (EIP-2612), or of an approval. */
  readonly gasSponsoring?: readonly ('eip2612' | 'erc20-approval')[] | undefined
  readonly extra: Readonly<Record<string, unknown>>
  /** The entry as it came, to be echoed. */
  readonly raw: unknown
}

/** One way to pay: a claim whose asset is in our table and whose price is worked out by us. */
export type Offer = Omit<OfferClaim, 'asset'> & {
  readonly asset: Asset
  readonly microUsd: MicroUsd
  /**
   * A permit that is signed beside the payment, for exactly its amount: with the nonce that the token takes next. Or an
   * approval of exactly it, in a transaction of the payer's with the next nonce of its account.
   */
  readonly allowancePermit?:
    | {
        readonly nonce: string
        readonly approval?: Readonly<Record<'gas' | 'maxFeePerGas' | 'maxPriorityFeePerGas', string>> | undefined
      }
    | undefined
}

/** An entry of a 402 that cannot be paid, and why. */
export type SetAside = {
  readonly index: number
  /** In our words, none of the server's. */
  readonly reason: string
  /** What the server wrote, cut short: data, never instructions. */
  readonly untrustedScheme?: string | undefined
  readonly untrustedNetwork?: string | undefined
  readonly untrustedAsset?: string | undefined
}

/** A 402, parsed. */
export type PaymentRequired = {
  /** The name of the protocol that parsed it, and that can answer it. */
  readonly protocol: string
  readonly claims: readonly OfferClaim[]
  readonly setAside: readonly SetAside[]
  /** The message as it came, to be echoed. */
  readonly raw: Readonly<Record<string, unknown>>
}
