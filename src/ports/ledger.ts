import type {
  Approval,
  ApprovalId,
  AuthorizationTerms,
  Freeze,
  Limit,
  Payment,
  PaymentId,
  PaymentStatus,
  Pin,
  Receipt,
  Resolution,
  SessionId,
  Usage,
} from '../types.js'

/** What a ledger answers to a reservation. */
export type Reservation =
  | { readonly ok: true }
  /** A limit would be exceeded; nothing was recorded. */
  | {
      readonly ok: false
      readonly reason: 'limit'
      readonly limit: Limit
      readonly used: bigint
      /** Unix milliseconds at which it would fit, where time alone makes it fit. */
      readonly fitsAt?: number | undefined
    }
  /**
   * The purchase, or one just like it, has a live payment. Where that is taken to be sent again, as `isPresentable` of
   * `stipend/ledger` says it, one more presentation of it was recorded, in the same step; else nothing was.
   */
  | { readonly ok: false; readonly reason: 'exists'; readonly payment: Payment }
  /** Nobody approved it, or not any more; nothing was recorded. */
  | { readonly ok: false; readonly reason: 'approval'; readonly approval: Approval | undefined }
  /** The ledger is frozen; nothing was recorded. */
  | { readonly ok: false; readonly reason: 'frozen'; readonly freeze: Freeze }
  /** A session that asks, or one that it was made from, is revoked; nothing was recorded. */
  | { readonly ok: false; readonly reason: 'revoked'; readonly session: SessionId }
  /** The ledger's time has passed the end of what asks for it; nothing was recorded. */
  | { readonly ok: false; readonly reason: 'late' }
  /** The clock of who asks is apart from the ledger's time by so many milliseconds; nothing was recorded, nor moved. */
  | { readonly ok: false; readonly reason: 'clock'; readonly aheadMs: number }
  /** It does not agree with what is remembered; nothing was recorded. */
  | { readonly ok: false; readonly reason: 'pin'; readonly pin: Pin; readonly remembered: string }

/** What to look for besides a payment of the same id. */
export type ReserveOptions = {
  /**
   * Also answer `exists` for the newest payment with the same request digest whose outcome nobody has resolved, as long
   * as it can be settled or was sent less than this many milliseconds ago.
   *
   * @default such a payment does not stand in the way
   */
  readonly unresolvedForMs?: number | undefined
  /**
   * Replace the payment of the same id whose outcome is open, and which has the same nonce and terms but for its time,
   * which ends no later: the chain executes only one of the two, so they count once.
   *
   * @default false
   */
  readonly renew?: boolean | undefined
  /** Record it only by using this approval up: approved or, of a delay, due; and not expired. */
  readonly approval?: ApprovalId | undefined
  /** The sessions that ask: none of them may be revoked. */
  readonly sessions?: readonly SessionId[] | undefined
  /**
   * Unix milliseconds from which on it is not recorded, by the ledger's time: an end that was seen to pass does not come
   * again when a clock is put back.
   */
  readonly notAfter?: number | undefined
  /** What it has to agree with, and what is remembered of it where nothing is yet. */
  readonly pins?: readonly Pin[] | undefined
  /** What is remembered of it whatever was before: a person has agreed. */
  readonly newPins?: readonly Pin[] | undefined
}

/** A change of a payment's status, and what it rests on. */
export type PaymentUpdate = {
  readonly status: Exclude<PaymentStatus, 'authorized'>
  readonly receipt?: Receipt | undefined
  readonly note?: string | undefined
  /** With `unknown`: the answer broke off before its end, so that what was claimed is not delivered. */
  readonly undelivered?: boolean | undefined
  /** What the owner says became of it, where no evidence does: to `released`, or to `claimed` or `confirmed`. */
  readonly resolution?: Resolution | undefined
  /**
   * The nonce and time that this is known of. A purchase that was signed anew in the meantime has others, and what is
   * known of the old says nothing of it: then it is not moved.
   */
  readonly ifTerms?: Pick<AuthorizationTerms, 'nonce' | 'validBefore'> | undefined
}

/** Which payments to list; every given field must match. */
export type PaymentFilter = {
  readonly status?: PaymentStatus | undefined
  /** Host and, unless it is the default, port. */
  readonly host?: string | undefined
  readonly purchaseKey?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** A counter that it was added to, such as `session:ses_…`. */
  readonly scope?: string | undefined
  /** Unix milliseconds, inclusive. */
  readonly since?: number | undefined
  /** Unix milliseconds, exclusive. */
  readonly until?: number | undefined
  /** Only those that are listed after this payment, the last one of the page before. */
  readonly before?: PaymentId | undefined
  /** @default 100 */
  readonly limit?: number | undefined
}

/** One change of a payment, as it stood from then on. Entries are neither changed nor removed. */
export type JournalEntry = {
  /** Counts the entries of its payment, from 1. */
  readonly number: number
  /** Unix milliseconds of the ledger's time. */
  readonly at: number
  readonly payment: Payment
  /** The hash of the entry before; of the first one, empty. */
  readonly previous: string
  /** SHA-256, in hex, of this entry without its hash, in the form of RFC 8785 and with amounts as decimal strings. */
  readonly hash: string
}

/** What was done to a ledger as a whole, by its owner or for the owner to see. */
export type AuditEvent =
  /** Its time was put right; both in Unix milliseconds. */
  | { readonly type: 'time-set'; readonly from: number; readonly to: number; readonly reason: string }
  | { readonly type: 'frozen' | 'unfrozen'; readonly reason: string }
  /** Others could read its file, which is closed to them now. */
  | { readonly type: 'file-tightened'; readonly mode: string }

/** One entry about a ledger as a whole, in a journal of its own; otherwise as an entry of a payment's. */
export type AuditEntry = Omit<JournalEntry, 'payment'> & { readonly event: AuditEvent }

/**
 * Remembers payments, and enforces limits in the step in which it records one. It has a time of its own, which payments
 * and approvals move on and which never runs back; one that knows how time passes refuses clients that are apart from it.
 */
export type Ledger = {
  /**
   * Whether what it records outlives the process. Where it does not, and the key store cannot derive secrets either, a
   * purchase that is named would be another one after a restart: such a wallet refuses names.
   *
   * @default true
   */
  readonly durable?: boolean | undefined
  /**
   * Checks that every limit holds with this payment added and records it, in one atomic and durable step.
   * An id has at most one payment that counts.
   */
  readonly reserve: (payment: Payment, limits: readonly Limit[], options?: ReserveOptions) => Promise<Reservation>
  /** Moves a payment on by the table of `lifecycle.ts`; answers the payment as it then stands. */
  readonly update: (id: PaymentId, update: PaymentUpdate) => Promise<Payment>
  readonly get: (id: PaymentId) => Promise<Payment | undefined>
  /** Newest first. */
  readonly list: (filter?: PaymentFilter) => Promise<readonly Payment[]>
  /** Every change of a payment, oldest first, each chained to the one before; of an unknown id, none. */
  readonly history?: ((id: PaymentId) => Promise<readonly JournalEntry[]>) | undefined
  /**
   * Puts the ledger's time right, forward or back (Unix milliseconds), on its owner's word, which `audit` keeps. What a
   * window let go of too early counts in it again.
   */
  readonly setTime?: ((now: number, reason: string) => Promise<void>) | undefined
  /** What the owner did to the ledger, oldest first. */
  readonly audit?: (() => Promise<readonly AuditEntry[]>) | undefined
  /** How much of each limit is used at an instant (Unix milliseconds); to ask moves the ledger's time by nothing. */
  readonly usage: (limits: readonly Limit[], now: number) => Promise<readonly Usage[]>
  /**
   * 32 bytes that are kept with the payments under a name: the first that were given for it, in whichever process, or
   * bytes that are drawn where none were given.
   */
  readonly secret: (name: string, first?: Uint8Array) => Promise<Uint8Array>
  /** Keeps a request for approval, or answers the one of the same id that is pending, approved or denied and not expired. */
  readonly requestApproval: (approval: Approval) => Promise<Approval>
  /**
   * Decides on a request, or answers `undefined` when it cannot be decided on any more: a denial stands, and what is used
   * or expired is over.
   */
  readonly decideApproval: (id: ApprovalId, status: 'approved' | 'denied', now: number) => Promise<Approval | undefined>
  /** Requests that are not expired at an instant, newest first; at most a thousand. */
  readonly listApprovals: (now: number) => Promise<readonly Approval[]>
  /** Lets no payment be recorded, in any process, until it is called with nothing. */
  readonly freeze: (freeze: Freeze | undefined) => Promise<void>
  readonly frozen: () => Promise<Freeze | undefined>
  /** Lets no payment of a session be recorded any more, in any process, nor of those made from it. */
  readonly revokeSession: (id: SessionId) => Promise<void>
  /** Answers the first of these sessions that is revoked. */
  readonly revoked: (ids: readonly SessionId[]) => Promise<SessionId | undefined>
  /** Keeps a text under a name, in place of the one before; not among the pins. */
  readonly remember: (name: string, text: string) => Promise<void>
  readonly recall: (name: string) => Promise<string | undefined>
}
