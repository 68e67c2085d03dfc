/** A CAIP-2 chain id, such as `eip155:8453`. */
export type Network = `${string}:${string}`

/** The id of a payment, `pay_` and 32 hex digits; sent to servers as the x402 `payment-identifier`. */
export type PaymentId = `pay_${string}`

/** The id of a session, `ses_` and 32 hex digits; derived from what the session may do and from its parents. */
export type SessionId = `ses_${string}`

/** A hex string with `0x`. */
export type Hex = `0x${string}`

/** An amount of money in millionths of a US dollar. */
export type MicroUsd = bigint

/** Free words that a payment is filed under, such as `{ task: '42' }`. */
export type Labels = Readonly<Record<string, string>>

/** A token as the pinned table or the owner describes it; a server never does. */
export type Asset = {
  readonly network: Network
  /** The contract (EVM, checksummed) or mint (Solana) that identifies the token. */
  readonly address: string
  readonly symbol: string
  readonly decimals: number
  /** The price of one whole token. */
  readonly microUsd: MicroUsd
  /**
   * How it moves on a payer's signature: an x402 `assetTransferMethod`, the Solana token program, `tip20` on Tempo, or, for
   * the chain's own coin, `native`, which no server can ask for.
   */
  readonly transfer: 'eip3009' | 'permit2' | 'tip20' | 'spl-token' | 'token-2022' | 'native' | (string & {})
  /** The token's EIP-712 domain; EVM only. */
  readonly eip712?: { readonly name: string; readonly version: string } | undefined
}

/** What is being paid for: always the URL that answered, never the one a server claims. */
export type Resource = {
  readonly url: string
  readonly method: string
  readonly origin: string
  /** Host and, unless it is the default, port. */
  readonly host: string
}
