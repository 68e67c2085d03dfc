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
   * How it moves on a payer's signature: an x402 `assetTransferMethod`, the Solana token program, or, for the chain's own
   * coin, `native`, which no server can ask for.
   */
  readonly transfer: 'eip3009' | 'permit2' | 'spl-token' | 'token-2022' | 'native' | (string & {})
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
  readonly extra: Readonly<Record<string, unknown>>
  /** The entry as it came, to be echoed. */
  readonly raw: unknown
}

/** One way to pay: a claim whose asset is in our table and whose price is worked out by us. */
export type Offer = Omit<OfferClaim, 'asset'> & {
  readonly asset: Asset
  readonly microUsd: MicroUsd
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

/** What a scheme signs, fixed before it is recorded: together with the payment's amount, asset and payee, all there is. */
export type AuthorizationTerms = {
  readonly payer: string
  /** 32 bytes of the purchase; an EIP-3009 token contract, or Permit2, accepts them once. */
  readonly nonce: Hex
  /** An x402 `assetTransferMethod`, where it is not EIP-3009: another one takes the same nonce once more. */
  readonly method?: string | undefined
  /** Whether the payment's amount is the most that can be taken, and less may be. @default false */
  readonly isMaximum?: boolean | undefined
  /** Unix seconds. */
  readonly validAfter: number
  /** Unix seconds; from here on the chain does not execute it any more. */
  readonly validBefore: number
  /** Unix seconds; from here on sending it is of no use, where that is before the chain can be sure not to execute it. */
  readonly usefulUntil?: number | undefined
  /** What has to be repeated with the payment, where the nonce comes from what was asked and not from the purchase. */
  readonly challenge?: string | undefined
  /** What only the scheme knows how to read, and needs to build the same bytes again. */
  readonly details?: Readonly<Record<string, string>> | undefined
}

/**
 * Where a payment stands.
 *
 * - `authorized`: recorded; from here on the key may be used and bytes may leave. Counts as spent.
 * - `claimed`: the server, or the owner, says it is paid. Counts as spent.
 * - `unknown`: sent, and nobody can say what became of it. Counts as spent.
 * - `confirmed`: a final block shows the transfer. Counts as spent.
 * - `released`: nothing signed ever left this wallet, so it can never be settled; or its owner said so. Counts no more.
 * - `expired`: a final block shows that its time is over and its nonce unused. Counts no more.
 * - `cancelled`: a final block shows that its nonce was cancelled. Counts no more.
 */
export type PaymentStatus = 'authorized' | 'claimed' | 'unknown' | 'confirmed' | 'released' | 'expired' | 'cancelled'

/** What the server says happened (`claimed`), or what the chain shows (`confirmed`). */
export type Receipt = {
  readonly status: 'claimed' | 'confirmed'
  /** The transaction's hash or signature; empty where the server gave none. */
  readonly transaction: string
  /** All that belong to it, of an action that takes more than one. */
  readonly transactions?: readonly string[] | undefined
  readonly network: Network
  readonly payer?: string | undefined
  /** Atomic units that were charged, where the server says so. */
  readonly amount?: bigint | undefined
}

/** What its owner says became of a payment that no evidence resolves. */
export type Resolution = {
  readonly by: 'owner'
  /**
   * - `not-paid`: no money went, and none can go any more. It counts no more.
   * - `paid`: money went, for nothing. It counts on.
   * - `delivered`: money went, and what it bought came. It counts on.
   */
  readonly as: 'not-paid' | 'paid' | 'delivered'
  readonly reason: string
}

/** The ledger's record of one payment. It holds no signature and no query string. */
export type Payment = {
  readonly id: PaymentId
  /** The caller's name for the purchase, or a random one. */
  readonly purchaseKey: string
  /** A keyed hash of the request's method, URL and body: the same for the same request of the same wallet. */
  readonly requestDigest: Hex
  /** How often it has been signed for sending, at most three times. */
  readonly presentations: number
  /** Unix milliseconds of the ledger's time at which it was last taken to be sent again; absent: it was not. */
  readonly sentAt?: number | undefined
  readonly status: PaymentStatus
  readonly resource: Resource
  readonly protocol: string
  readonly scheme: string
  readonly asset: Asset
  /** Atomic units; of a payment by use, the most that can be taken. */
  readonly amount: bigint
  /** What it counts as; of a payment by use, what was taken, once a final block shows that. */
  readonly microUsd: MicroUsd
  readonly payTo: string
  readonly terms: AuthorizationTerms
  readonly labels: Labels
  /** The counters it is added to, such as `wallet` and `host:api.example.com`. */
  readonly scopes: readonly string[]
  /** Unix milliseconds. */
  readonly createdAt: number
  /** Unix milliseconds; the latest instant at which it can have been executed, and the one that windows count it at. */
  readonly countsUntil: number
  readonly receipt?: Receipt | undefined
  /** Whether the chain or the server took the money while no whole, successful answer came. */
  readonly undelivered?: boolean | undefined
  /** What its owner said became of it; an identical request does not go on from it any more. */
  readonly resolution?: Resolution | undefined
  /** Why it is unknown or released, in our words. */
  readonly note?: string | undefined
}

/** What a scheme produced, ready for the wire. */
export type Payload = Readonly<Record<string, unknown>>

/** A recorded and signed payment, not yet known to be settled. */
export type Authorization = {
  readonly payment: Payment
  readonly offer: Offer
  readonly payload: Payload
}

/** The span of time over which a limit adds up. */
export type Window =
  | { readonly type: 'payment' }
  /** Half-open and rolling: what is older than `seconds` counts no more. */
  | { readonly type: 'rolling'; readonly seconds: number }
  /** A day or a month by the calendar of a time zone, such as `UTC` or `Europe/Berlin`. */
  | { readonly type: 'calendar'; readonly period: 'day' | 'month'; readonly timeZone: string }
  | { readonly type: 'lifetime' }

/**
 * What a limit adds up: money, payments, payments of which nobody has said yet what became of them (`open`), or those
 * that were sent and brought no answer (`unknown`).
 */
export type Measure = 'microUsd' | 'count' | 'open' | 'unknown'

/** A limit as data, which a ledger enforces in the step in which it records a payment. */
export type Limit = {
  /** What a person reads, such as `daily limit`. */
  readonly name: string
  /** The counter it applies to, such as `wallet` or `host:api.example.com`. */
  readonly scope: string
  readonly window: Window
  /** What is added up. */
  readonly measure: Measure
  /** Inclusive. */
  readonly max: bigint
  /** What happens beyond it: nothing is paid, or a person is asked. @default 'deny' */
  readonly onExceed?: 'deny' | 'approve' | undefined
}

/** How much of a limit is used. */
export type Usage = {
  readonly limit: Limit
  readonly used: bigint
  /** Unix milliseconds at which some of it is free again, where time frees it. */
  readonly freesAt?: number | undefined
}

/**
 * What is remembered of one payment and later ones have to agree with, such as who was paid; as data, which a ledger
 * checks and remembers in the step in which it records a payment.
 */
export type Pin = {
  /** What a person reads, such as `payee of https://api.example.com`. */
  readonly name: string
  /** What it is remembered under, such as `payee:https://api.example.com`. */
  readonly key: string
  /** What this payment says. The first one is remembered. */
  readonly value: string
  /**
   * By how much a value that is a whole number may exceed the remembered one, in percent.
   *
   * @default the values have to be the same
   */
  readonly maxRisePercent?: number | undefined
  /** What happens to a payment that differs: nothing is paid, or a person is asked, whose yes replaces what is remembered. */
  readonly onDiffer: 'deny' | 'approve'
}

/** The id of an approval, `apr_` and 32 hex digits: the same for the same terms of the same purchase. */
export type ApprovalId = `apr_${string}`

/**
 * Where a request for approval stands: `pending` until somebody decides (or, for a delay, until its time has come),
 * `used` once the one payment it was for is recorded.
 */
export type ApprovalStatus = 'pending' | 'approved' | 'denied' | 'used'

/**
 * One thing that a person's yes lets a payment go beyond: a limit, what is remembered of an earlier payment, or a rule that
 * asks for a person whatever the limits say.
 */
export type Allowance =
  | ({ readonly type: 'limit' } & Omit<Limit, 'onExceed'>)
  | {
      readonly type: 'pin'
      readonly name: string
      readonly key: string
      /** What was remembered, and what this payment says. */
      readonly remembered: string
      readonly value: string
    }
  | { readonly type: 'rule'; readonly reason: string }

/** A payment that waits for a person or for its time. It is bound to exact terms, expires, and is used once. */
export type Approval = {
  readonly id: ApprovalId
  readonly kind: 'approval' | 'delay'
  readonly status: ApprovalStatus
  /** Why it has to wait, in our words: all that it lets through. */
  readonly reason: string
  /** All that a yes lets this payment go beyond, and nothing else; absent of a delay. */
  readonly allows?: readonly Allowance[] | undefined
  readonly resource: Resource
  readonly asset: Asset
  /** Atomic units. */
  readonly amount: bigint
  readonly microUsd: MicroUsd
  readonly payTo: string
  readonly labels: Labels
  /** The sessions that asked, from the widest to the narrowest; absent when the wallet itself did. */
  readonly sessions?: readonly SessionId[] | undefined
  /** Unix milliseconds. */
  readonly requestedAt: number
  /** Unix milliseconds from which on it can no longer be used. */
  readonly expiresAt: number
  /** Unix milliseconds from which on a delayed payment can be made. */
  readonly executableAt?: number | undefined
}

/** Why a wallet pays nothing until it is unfrozen, and since when (Unix milliseconds). */
export type Freeze = { readonly reason: string; readonly at: number }

/** Why a payment that is allowed has to wait: for a person, or for some seconds in which it can be cancelled. */
export type Hold =
  | { readonly kind: 'approval'; readonly reason: string }
  | { readonly kind: 'delay'; readonly seconds: number; readonly reason: string }
