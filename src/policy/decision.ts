import type { Hold, Labels, Limit, Offer, Resource } from '../types.js'

/** What rules judge: one offer, for one resource. Frozen. */
export type PaymentRequest = {
  readonly resource: Resource
  readonly offer: Offer
  readonly labels: Labels
  /** Unix milliseconds. */
  readonly now: number
}

/**
 * What a rule says of a request. `allow` is no objection, under limits; only a rule about hosts gives leave to pay
 * at all, and says so with `grants`.
 */
export type Decision =
  | {
      readonly type: 'allow'
      readonly limits?: readonly Limit[] | undefined
      readonly grants?: 'host' | undefined
      /** Makes the payment wait for a person, or for some time; the strictest of all rules' holds counts. */
      readonly hold?: Hold | undefined
      /** Has the owner told of the payment. */
      readonly notify?: boolean | undefined
    }
  | { readonly type: 'deny'; readonly reason: string }

/** Judges a request; pure, and can only narrow what other rules allow. */
export type Rule = {
  readonly name: string
  readonly judge: (request: PaymentRequest) => Decision
  /** The limits it sets on a host (or, without one, on the wallet as a whole), for `budget()`. */
  readonly limits?: ((resource: Resource | undefined) => readonly Limit[]) | undefined
}
