import { type AssetInput, createAssetTable } from './assets.js'
import { addresses, type Balance, balances } from './balances.js'
import { type BudgetLine, budget } from './budget.js'
import { cancel } from './cancel.js'
import type { Chain } from './chains/evidence.js'
import { createTrustedClock, type TrustedClock } from './clock.js'
import { createPayer } from './create-payer.js'
import { ConfigurationError } from './errors.js'
import { createEvents, type Emit, type On } from './events.js'
import { type ExportFormat, exportPayments } from './export.js'
import { type PayingFetch, quoteWith, unwrapFetch, wrapFetch } from './fetch.js'
import type { KeyStore } from './keys/key-store.js'
import type { Ledger, PaymentFilter } from './ledger/ledger.js'
import { memoryLedger } from './ledger/memory.js'
import { startLoop } from './loop.js'
import type { Parts } from './parts.js'
import type { Payer } from './payer.js'
import type { PolicyEngine, Rule } from './policy/engine.js'
import { withoutTransfers } from './policy/narrow.js'
import { createPolicyHolder } from './policy-holder.js'
import type { Protocol } from './protocols/protocol.js'
import { x402 } from './protocols/x402.js'
import { x402V1 } from './protocols/x402-v1.js'
import type { Random } from './purchase.js'
import type { Quote } from './quote.js'
import { type Reconciliation, askTime, readChains, reconcile } from './reconcile.js'
import { exactEvm } from './schemes/exact-evm.js'
import type { Scheme } from './schemes/scheme.js'
import { createSession, openSession, type Session, type SessionMaker } from './session.js'
import type { SessionScope } from './session/caveats.js'
import { type TransferOptions, transfer } from './transfer.js'
import type { Approval, ApprovalId, Network, Payment, PaymentId, SessionId } from './types.js'

/** What a wallet is made of; only the key store is required, and without a policy nothing is ever paid. */
export type AgentWalletOptions = {
  readonly keyStore: KeyStore
  /**
   * Rules, all of which must agree, or an engine of one's own.
   *
   * @default no rules, which deny everything
   */
  readonly policy?: readonly Rule[] | PolicyEngine | undefined
  /** @default memoryLedger() */
  readonly ledger?: Ledger | undefined
  /** @default [exactEvm()] */
  readonly schemes?: readonly Scheme[] | undefined
  /** @default [x402(), x402V1()] */
  readonly protocols?: readonly Protocol[] | undefined
  /**
   * What says, at `reconcile`, what became of payments; at most one of each network.
   *
   * @default none: what servers say is all there is, and everything counts as spent
   */
  readonly chains?: readonly Chain[] | undefined
  /**
   * Reconciles by itself, this often, until the wallet is closed; it keeps no process alive.
   *
   * @default off
   */
  readonly reconcileEverySeconds?: number | undefined
  /** Tokens of the owner's own, besides the pinned ones. */
  readonly assets?: readonly AssetInput[] | undefined
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined
  /**
   * Milliseconds that have passed since whenever, and never run back. A clock that is more than five minutes ahead of
   * them has jumped: nothing is signed, and no limit over time moves on, until `reconcile` finds that a final block of
   * a chain agrees with it, or `confirmClock` is called. Before the first of these a wrong clock is not noticed.
   *
   * @default performance.now; with a `clock` of one's own, that clock, so that it never jumps
   */
  readonly monotonic?: (() => number) | undefined
  /** @default crypto.getRandomValues */
  readonly random?: Random | undefined
  /**
   * Answers in this process whether a payment that needs approval is approved; anything but `true`, and a throw, is no.
   * Without it, the call throws `ApprovalRequiredError` and goes on when it is made again after `approvals.approve(id)`.
   */
  readonly onApproval?: ((approval: Approval) => boolean | Promise<boolean>) | undefined
  /**
   * What the tokens of sessions begin with: up to 32 letters, digits and underscores.
   *
   * @default 'stipend_'
   */
  readonly sessionTokenPrefix?: string | undefined
  /** @default the global fetch at the time of each call */
  readonly fetch?: typeof globalThis.fetch | undefined
}

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
    /** Writes them for bookkeeping, oldest first: JSON, or CSV with a header; all that match, unless the filter has a limit. */
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
   * Believes the clock although it is ahead of the time that has passed, as after the machine slept. Chains confirm it
   * by themselves, at `reconcile` and when a payment is asked for.
   */
  readonly confirmClock: () => void
  /** Lists the wallet's address on each network of the table of assets that it has a key for. */
  readonly addresses: () => Promise<readonly { readonly network: Network; readonly address: string }[]>
  /** Asks the configured chains what the wallet holds of every asset of the table. */
  readonly balances: () => Promise<readonly Balance[]>
  /**
   * Moves money of the owner's own accord: judged by the same policy, in which `allowPayees` has to name the payee,
   * recorded in the same ledger and signed in the same place. The payment is `claimed` once it is sent.
   *
   * @throws ConfigurationError when the asset, the chain or the amount is not usable.
   */
  readonly transfer: (options: TransferOptions) => Promise<Payment>
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
  /**
   * Makes a handle that pays within a scope, to be handed to a model, a tool or a sub-agent.
   *
   * @throws ConfigurationError when the scope is not usable.
   */
  readonly session: (scope: SessionScope) => Session
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
  readonly on: On
}

/**
 * Creates the wallet of an agent: it pays 402 responses from its key, under its policy, and records each payment in
 * its ledger before the key is used.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet, getPayment, spendingLimit } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 *
 * const wallet = createAgentWallet({
 *   keyStore: privateKey(process.env.AGENT_KEY),
 *   policy: [allowHosts(['api.example.com']), spendingLimit({ perPaymentUsd: 0.1, dailyLimitUsd: 5 })],
 * })
 * const response = await wallet.fetch('https://api.example.com/report')
 * console.log(getPayment(response)?.receipt?.transaction)
 * ```
 */
export function createAgentWallet(options: AgentWalletOptions): AgentWallet {
  const { protocols = [x402(), x402V1()], random = randomBytes, ledger = memoryLedger() } = options
  if (!options.keyStore) throw new ConfigurationError('Failed to create the wallet: it has no keyStore')
  const { emit, on, hears } = createEvents()
  const trusted = trustedClockOf(options, emit)
  const chains = readChains(options.chains)
  const clock = (): number => trusted.read().wall
  const { policy, setPolicy } = createPolicyHolder(options.policy ?? [], { ledger, clock, emit })
  const parts = {
    keyStore: options.keyStore,
    schemes: options.schemes ?? [exactEvm()],
    assets: createAssetTable(options.assets),
    policy: withoutTransfers(policy),
    ledger,
    clock,
    time: trusted.read,
    askTime: () => askTime({ chains, witness: trusted.witness }),
    secret: secretOf('purchases', { keyStore: options.keyStore, ledger }),
    sessions: [],
    emit,
    hears,
    onApproval: options.onApproval,
  } satisfies Parts
  const payer = createPayer(parts, { protocols, random })
  const fetch = options.fetch ?? currentFetch()
  // Transfers are judged by the whole policy; no holder of a payer or a session gets past what forbids them.
  const movers = new Map(chains.map((chain) => [chain.network, createMover(chain, { ...parts, policy }, random)]))
  const sessions: SessionMaker = {
    parts,
    protocols,
    random,
    fetch,
    root: secretOf('sessions', parts),
    tokenPrefix: readPrefix(options.sessionTokenPrefix),
  }
  const books = { ...parts, chains, witness: trusted.witness }
  return Object.freeze({
    ...payer,
    fetch: wrapFetch(fetch, payer),
    quote: quoteWith(fetch, payer),
    budget: (url?: string | URL) => budget(parts, url),
    payments: Object.freeze({
      get: ledger.get,
      list: ledger.list,
      export: (format: ExportFormat, filter?: PaymentFilter) => exportPayments(ledger, format, filter),
    }),
    addresses: () => addresses(parts),
    balances: () => balances(books),
    transfer: (what: TransferOptions) => transfer(what, { ...books, movers }),
    reconcile: () => reconcile(books),
    cancel: (id: PaymentId) => cancel(id, books),
    confirmClock: trusted.confirm,
    close: startRounds(books, options.reconcileEverySeconds, random),
    approvals: approvalsOf(parts),
    freeze: async (reason: string) => {
      const freeze = { reason, at: clock() }
      await ledger.freeze(freeze)
      emit('wallet.frozen', { freeze })
    },
    unfreeze: async () => {
      await ledger.freeze(undefined)
      emit('wallet.unfrozen', {})
    },
    session: (scope: SessionScope) => createSession(scope, sessions),
    openSession: (token: string, { audience }: { readonly audience?: string | undefined } = {}) =>
      openSession(token, audience, sessions),
    revokeSession: async (session: SessionId | Pick<Session, 'id'>) => {
      const id = typeof session === 'string' ? session : session.id
      await ledger.revokeSession(id)
      emit('session.revoked', { session: id })
    },
    setPolicy,
    on,
  })
}

/** Only transfers are ever paid by the scheme that a chain brings for them: no server can ask for one. */
function createMover({ transfers }: Chain, parts: Parts, random: Random): Payer {
  const schemes = [...parts.schemes, ...(transfers?.scheme ? [transfers.scheme] : [])]
  return createPayer({ ...parts, schemes }, { protocols: [], random })
}

function trustedClockOf({ clock = Date.now, ...options }: AgentWalletOptions, emit: Emit): TrustedClock {
  const { monotonic = clock === Date.now ? () => performance.now() : clock } = options
  const tell = (aheadMs: number | undefined): void => {
    if (aheadMs === undefined) emit('clock.confirmed', {})
    else emit('clock.jumped', { aheadMs })
  }
  return createTrustedClock({ clock, monotonic, tell })
}

function startRounds(books: Parameters<typeof reconcile>[0], seconds: number | undefined, random: Random): () => void {
  if (seconds === undefined) return () => {}
  const round = async (): Promise<void> => {
    await reconcile(books).catch((error: unknown) => books.emit('reconciliation.failed', { error }))
  }
  return startLoop(round, { seconds, random })
}

function approvalsOf({ ledger, time, emit }: Parts): AgentWallet['approvals'] {
  const decide = async (id: ApprovalId, status: 'approved' | 'denied'): Promise<Approval | undefined> => {
    const approval = await ledger.decideApproval(id, status, time().ledger)
    if (approval) emit('approval.decided', { approval })
    return approval
  }
  return Object.freeze({
    list: () => ledger.listApprovals(time().ledger),
    approve: (id: ApprovalId) => decide(id, 'approved'),
    deny: (id: ApprovalId) => decide(id, 'denied'),
  })
}

function readPrefix(prefix = 'stipend_'): string {
  if (/^[A-Za-z0-9_]{0,32}$/.test(prefix)) return prefix
  throw new ConfigurationError('Failed to read sessionTokenPrefix: expected up to 32 letters, digits and underscores')
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length))
}

/** Secrets come from the key where the store can derive from it, else from bytes that the ledger keeps. */
function secretOf(
  purpose: string,
  { keyStore: { deriveSecret, id = '' }, ledger }: Pick<Parts, 'keyStore' | 'ledger'>,
): () => Promise<Uint8Array> {
  let secret: Promise<Uint8Array> | undefined
  return () => {
    secret ??= deriveSecret ? deriveSecret(purpose) : ledger.secret(`${purpose}/${id}`)
    secret.catch(() => {
      secret = undefined
    })
    return secret
  }
}

/** Reads the global fetch late, so that a mock or a patch set up after the wallet is seen, but never a fetch that pays. */
function currentFetch(): typeof globalThis.fetch {
  const first = unwrapFetch(globalThis.fetch)
  return (...request) => {
    const current = globalThis.fetch
    return unwrapFetch(current) === current ? current(...request) : first(...request)
  }
}
