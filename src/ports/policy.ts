import type { ActionPlan } from './action.js'
import type { Hold, Labels, Limit, Offer, Pin, Resource } from '../types.js'

/** What rules judge: one offer, for one resource. Frozen. */
export type PaymentRequest = {
  readonly resource: Resource
  readonly offer: Offer
  /**
   * The labels that the owner's side gave: those of the session that the wallet made or, where the wallet itself pays, of
   * the call. What a session's holder files a payment under is not among them.
   */
  readonly labels: Labels
  /** Unix milliseconds. */
  readonly now: number
  /** What the wallet would do on chain, where it is an action that is judged; nothing else has one. */
  readonly plan?: ActionPlan | undefined
}

/**
 * What a rule says of a request. `allow` is no objection, under limits; permission to pay at all is only given by a rule about
 * hosts or, for what no host asks for, about payees (transfers) or actions, and said with `grants`; likewise leave to be paid
 * before the work is done.
 */
export type Decision =
  | {
      readonly type: 'allow'
      readonly limits?: readonly Limit[] | undefined
      readonly grants?: 'host' | 'payee' | 'action' | 'flow' | undefined
      /**
       * Makes the payment wait for a person, or for some time; the strictest of all rules' holds counts. A person says yes to
       * its reason: the same payment has to have the same one.
       */
      readonly hold?: Hold | undefined
      /** Has the owner told of the payment. */
      readonly notify?: boolean | undefined
      /** What it has to agree with, and what is remembered of it. */
      readonly pins?: readonly Pin[] | undefined
    }
  | { readonly type: 'deny'; readonly reason: string }

/** Judges a request; pure, and can only narrow what other rules allow. */
export type Rule = {
  readonly name: string
  readonly judge: (request: PaymentRequest) => Decision
  /** The limits it sets on a host (or, without one, on the wallet as a whole), for `budget()`. */
  readonly limits?: ((resource: Resource | undefined) => readonly Limit[]) | undefined
}

/** One rule's no. */
export type RuleRefusal = { readonly rule: string; readonly reason: string }

/** What a policy says of a request, all rules taken together. */
export type Verdict =
  | {
      readonly type: 'allow'
      readonly limits: readonly Limit[]
      /** What the payment has to wait for, if for anything. */
      readonly hold?: Hold | undefined
      /** Whether the owner wants to hear of it. */
      readonly notify?: boolean | undefined
      /** What it has to agree with, and what is remembered of it. */
      readonly pins?: readonly Pin[] | undefined
      /** Whether the money may be taken before the work is done; without it, no offer that asks for that is paid. */
      readonly grants?: 'flow' | undefined
    }
  | {
      readonly type: 'deny'
      readonly refusals: readonly RuleRefusal[]
      /** What was thrown, where the policy denies because it failed. */
      readonly cause?: unknown
    }

/** Judges requests by whatever it likes; an error, a wrong answer or none in time is a deny. */
export type PolicyEngine = {
  readonly evaluate: (request: PaymentRequest) => Verdict | Promise<Verdict>
  readonly limits?: ((resource: Resource | undefined) => readonly Limit[]) | undefined
}
