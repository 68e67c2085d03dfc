import type { ActionBounds } from '../policy/rules/action-bounds.js'
import type { SpendingLimitOptions } from '../policy/rules/limits.js'
import type { Labels } from '../types.js'

/** What a session may spend, as `spendingLimit` has it; counted over the session and all that is made from it. */
export type SessionLimits = Omit<SpendingLimitOptions, 'scope'>

/** What a session is narrowed to. What is left out is as the wallet, or the session it is made from, has it, but for `actions`. */
export type SessionScope = {
  /**
   * Makes it the same session each time that it is made, by whichever process: what it has spent counts on, its purchases are
   * its own, and once revoked it stays so. One name is one session of a wallet's ledger, or of the session it is made from; up to
   * 64 characters.
   *
   * @default another session each time
   */
  readonly name?: string | undefined
  readonly limits?: SessionLimits | undefined
  /** The most payments it may make in all. */
  readonly maxPayments?: number | undefined
  /** Host patterns, as `allowHosts` has them. */
  readonly allowHosts?: readonly string[] | undefined
  /**
   * What it may do on chain, as `allowActions` has it; within the wallet's own policy.
   *
   * @default nothing
   */
  readonly actions?: readonly ActionBounds[] | undefined
  /** Unix milliseconds, or a date. */
  readonly expiresAt?: number | Date | undefined
  /**
   * What each of its payments is filed under, at most 16 with those of the sessions it is made from; neither a call nor a
   * session made from it can change them. Rules judge and limits count by those of a session that the wallet made. To the
   * labels of a session made from another one, and to those of a call of a session, they pay no heed: whoever holds a session
   * chooses them.
   */
  readonly labels?: Labels | undefined
  /** Whether it may sign in, where the wallet does: to what was paid before, and by MPP to show whose it is. @default false */
  readonly signIn?: boolean | undefined
  /** Whether it may see the wallet's addresses and what they hold. @default false */
  readonly balances?: boolean | undefined
  /** Who alone may open its token. */
  readonly audience?: string | undefined
}

/** A scope as a token carries it. */
export type Caveats = Omit<SessionScope, 'expiresAt'> & {
  readonly nonce: string
  /** Unix milliseconds. */
  readonly expiresAt?: number | undefined
}
