import type { Limit } from './limit.js'
import type { Resource, Asset, MicroUsd, Labels, SessionId } from './common.js'

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
  | {
      readonly kind: 'approval'
      readonly reason: string
      /** Each of several reasons; a yes to all of them is one to each. */
      readonly reasons?: readonly string[] | undefined
    }
  | { readonly kind: 'delay'; readonly seconds: number; readonly reason: string }
