import type { ActOptions } from '../actions/act.js'
import type { Allowance, AllowancesOptions } from '../actions/allowances.js'
import type { RevokeOptions } from '../actions/end-approvals.js'
import type { ActionQuote } from '../actions/quote.js'
import type { BudgetLine } from '../pay/budget.js'
import type { On } from '../pay/events.js'
import type { ExportFormat } from './export.js'
import type { PayingFetch } from '../fetch/wrap-fetch.js'
import type { JournalEntry, PaymentFilter } from '../ports/ledger.js'
import type { Payer } from '../pay/payer.js'
import type { RulesEngine } from '../policy/engine.js'
import type { PolicyEngine, Rule } from '../ports/policy.js'
import type { Quote } from '../pay/quote.js'
import type { Reconciliation } from '../reconcile/reconcile.js'
import type { ResolveOptions } from '../reconcile/resolve.js'
import type { Holdings } from '../session/holdings.js'
import type { KnownSession } from '../session/known-sessions.js'
import type { Session } from '../session/session.js'
import type { SessionScope } from '../session/scope.js'
import type { TransferOptions } from './transfer.js'
import type { Approval, ApprovalId, Freeze, Payment, PaymentId, SessionId } from '../types.js'

/** The wallet of one agent, held by the code that owns it. */
export type AgentWallet = Payer & {
  /** Fetches, and pays if it must. */
  readonly fetch: PayingFetch
  /** Asks what a request would cost; it is sent unpaid, and `undefined` means that it asks no payment. */
  readonly quote: (...request: Parameters<PayingFetch>) => Promise<Quote | undefined>
  /** Says what is left under each limit: those of the wallet, and given a URL those of its host. */
  readonly budget: (url?: string | URL) => Promise<readonly BudgetLine[]>
  readonly payments: {
    readonly get: (id: PaymentId) => Promise<Payment | undefined>
    /** Newest first. */
    readonly list: (filter?: PaymentFilter) => Promise<readonly Payment[]>
    /** Every change of a payment, oldest first; each entry is chained to the one before by its hash. */
    readonly history: (id: PaymentId) => Promise<readonly JournalEntry[]>
    /** Writes them for bookkeeping, oldest first: JSON, CSV with a header, or entries of Beancount; all that match, unless the filter has a limit. */
    readonly export: (format: ExportFormat, filter?: PaymentFilter) => Promise<string>
  }
  /**
   * Asks the chains what became of the payments whose end is not known, and records what final blocks show. Money that
   * left an account of the wallet since its first payment, and that no payment of its ledger explains, freezes it.
   */
  readonly reconcile: () => Promise<Reconciliation>
  /**
   * Sends the cancellation of a payment and answers the transaction's hash. It counts as spent until `reconcile` finds
   * the cancellation in a final block: the server may be first.
   *
   * @throws ConfigurationError when no chain with a gas payer is configured for it.
   */
  readonly cancel: (id: PaymentId) => Promise<string>
  /**
   * Says what became of a payment that no evidence resolves: `not-paid` frees its budget, `paid` and `delivered` let it
   * count, and after each an identical request is a new purchase. The payment and its history keep the owner's word and
   * the reason. Evidence of a chain goes before it: what a final block has shown stays.
   *
   * @throws ConfigurationError when it cannot become that; for `not-paid`, also while it can still be settled.
   */
  readonly resolve: (id: PaymentId, options: ResolveOptions) => Promise<Payment>
  /**
   * Believes the clock although it is ahead of the time that has passed, as after the machine slept. Chains confirm it
   * by themselves, at `reconcile` and when a payment is asked for.
   */
  readonly confirmClock: () => void
  /**
   * Puts the ledger's time to that of this wallet's clock, and believes the clock. Needed where the ledger refuses clients
   * whose clocks are right (`clock_jumped`), since one that was wrong came first. The ledger keeps that it was done, and
   * why.
   *
   * @throws ConfigurationError when the ledger takes its time from elsewhere, or there is no reason.
   */
  readonly setLedgerTime: (options: { readonly reason: string }) => Promise<void>
  /** Lists the wallet's address on each network of the table of assets that it has a key for. */
  readonly addresses: Holdings['addresses']
  /**
   * Asks the configured chains what the wallet holds of every asset of the table.
   *
   * @throws ConfigurationError when no chain is configured.
   */
  readonly balances: Holdings['balances']
  /**
   * Moves money of the owner's own accord: judged by the same policy, in which `allowPayees` has to name the payee,
   * recorded in the same ledger and signed in the same place. The payment is `claimed` once it is sent.
   *
   * @throws ConfigurationError when the asset, the chain or the amount is not usable.
   */
  readonly transfer: (options: TransferOptions) => Promise<Payment>
  /**
   * Does something on chain, such as a swap, within what `allowActions` has: judged by the same policy, tried out by the
   * chain's own simulation before the key is used, recorded as one payment and signed in the same place. It is `claimed`
   * once the chain has taken it.
   *
   * @throws PaymentDeniedError when a rule, or the simulation, says no.
   * @throws ConfigurationError when the request is not usable.
   */
  readonly act: (options: ActOptions) => Promise<Payment>
  /** Says what an action would do and cost, and whether it would be allowed; nothing is signed. */
  readonly quoteAction: (options: ActOptions) => Promise<ActionQuote>
  /**
   * Asks the chains who may move what of the wallet's: of every token of its table and of its actions, for every spender that
   * is pinned, was let move something by an action, or is named here.
   *
   * @throws ChainUnavailableError when a chain does not say.
   */
  readonly allowances: (options?: AllowancesOptions) => Promise<readonly Allowance[]>
  /**
   * Lets a spender move nothing of a token any more, at the wallet's own gas. The owner needs no rule for it; a frozen wallet
   * signs none.
   *
   * @throws ConfigurationError when the token or the spender is not usable.
   */
  readonly revoke: (options: RevokeOptions) => Promise<Payment>
  /**
   * Tops up what is below its floor, as `refills` say, and answers the payments that it took: none where there is enough.
   *
   * @throws PaymentDeniedError when the chain would not let it, such as where the period of a delegation is used up.
   */
  readonly refill: () => Promise<readonly Payment[]>
  /** Stops what runs in the background; the wallet can still be used. */
  readonly close: () => void
  /** Payments that wait for a person or for their time; denying a delayed one cancels it. */
  readonly approvals: {
    /** Newest first. */
    readonly list: () => Promise<readonly Approval[]>
    /** Answers `undefined` when there is nothing left to decide. */
    readonly approve: (id: ApprovalId) => Promise<Approval | undefined>
    readonly deny: (id: ApprovalId) => Promise<Approval | undefined>
  }
  /** Lets nothing be signed, in every process that shares the ledger, until it is unfrozen. */
  readonly freeze: (reason: string) => Promise<void>
  readonly unfreeze: () => Promise<void>
  /** Why nothing is signed, and since when; `undefined` while the wallet is not frozen. */
  readonly frozen: () => Promise<Freeze | undefined>
  /**
   * Makes a handle that pays within a scope, to be handed to a model, a tool or a sub-agent. Each is another one, with
   * limits and purchases of its own, unless its scope has a `name`: that is the same one after a restart.
   *
   * @throws ConfigurationError when the scope is not usable.
   */
  readonly session: (scope: SessionScope) => Session
  /**
   * Lists the sessions that this process has made or opened and that have not expired, the latest first, then those that
   * the latest payments and approvals name. A session that another process made and that never paid is not among them.
   */
  readonly sessions: () => Promise<readonly KnownSession[]>
  /**
   * Opens the session that a token carries.
   *
   * @throws SessionInvalidError when it is forged, of another wallet or audience, expired, or wider than its own chain.
   * @throws SessionRevokedError when it, or one that it was made from, is revoked.
   */
  readonly openSession: (token: string, options?: { readonly audience?: string | undefined }) => Promise<Session>
  /** Lets a session, and all that are made from it, pay nothing from the next signature on, in every process that shares the ledger. */
  readonly revokeSession: (session: SessionId | Pick<Session, 'id'>) => Promise<void>
  /**
   * Replaces the policy for every judgement from now on, those of payments that wait for approval included; the ledger
   * keeps what it was replaced by, and when.
   *
   * @throws ConfigurationError when it is neither rules nor an engine; then the old one stays.
   * @throws LedgerUnavailableError when it cannot be recorded; likewise.
   */
  readonly setPolicy: (policy: readonly Rule[] | PolicyEngine) => Promise<void>
  /**
   * Puts rules beside the wallet's own policy, in place of those put there before: both have to agree, so they can only
   * narrow it. A wallet that was given no policy has only them. The ledger keeps what they were replaced by, and when.
   *
   * @throws ConfigurationError when they are not rules, or an engine of rules; then those before stay.
   * @throws LedgerUnavailableError when it cannot be recorded; likewise.
   */
  readonly restrict: (rules: readonly Rule[] | RulesEngine) => Promise<void>
  readonly on: On
}
