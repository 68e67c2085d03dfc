import type { Hex, Network, PaymentId, Resource, Asset, MicroUsd, Labels } from './common.js'
import type { Offer } from './offer.js'

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
  /**
   * Unix seconds until which it can be executed although nobody hears of it. Until then it stands in the way of an identical
   * request as long as nobody knows what became of it.
   *
   * @default for the wallet's `unresolvedSeconds`
   */
  readonly openUntil?: number | undefined
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
  /**
   * Whose key signed a receipt of just this payment, by its address or `did:key`: the same that signed first for the origin,
   * or one that the owner named. Only a wallet with `attestations` looks.
   */
  readonly attestedBy?: string | undefined
  /** What was signed, as it came, in JSON; kept where it names no query of the URL. */
  readonly attestation?: { readonly receipt: string; readonly offer?: string | undefined } | undefined
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

/** Why nothing that a person or time can let a payment through stopped it when it was recorded. */
export type LetThrough = {
  /** Names the limits beyond which a person is asked, and that it was within or let go beyond, and the rules that asked. */
  readonly names: readonly string[]
  /** Whether a person has said yes to it. */
  readonly by?: 'owner' | undefined
  /** How long it has waited, where the policy wanted that. */
  readonly seconds?: number | undefined
}

/** Terms of a payment that were signed, and that others have taken the place of. */
export type EarlierTerms = { readonly amount: bigint; readonly payTo: string }

/** The ledger's record of one payment. It holds no signature and no query string. */
export type Payment = {
  readonly id: PaymentId
  /** The caller's name for the purchase, or a random one. */
  readonly purchaseKey: string
  /** A keyed hash of the request's method, URL and body: the same for the same request of the same wallet. */
  readonly requestDigest: Hex
  /** How often it was taken to be sent: three times at most, and once more by who was told that this is over. */
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
  /**
   * What else was signed with the same nonce, where a server changed its terms: one of all these can be executed, and the
   * payment counts as the dearest of them.
   */
  readonly earlier?: readonly EarlierTerms[] | undefined
  readonly terms: AuthorizationTerms
  /** What it need not be let through once more when it is signed anew; absent where the policy asks for nothing of the kind. */
  readonly letThrough?: LetThrough | undefined
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
  /** What is signed beside the payload, by the extensions of the protocol that carry it. */
  readonly extensions?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined
}
