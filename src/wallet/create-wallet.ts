import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import { type ActOptions, act, quoteAction } from '../actions/act.js'
import { type AllowancesOptions, findAllowances } from '../actions/allowances.js'
import { endStranded, revoke, type RevokeOptions } from '../actions/end-approvals.js'
import { readActions } from '../actions/known.js'
import type { AgentWallet, AgentWalletOptions } from './wallet.js'
import { boundKeyStore } from '../pay/bound-key-store.js'
import { boundLedger } from '../pay/bound-ledger.js'
import { familiesOf } from '../assets/families.js'
import { createAssetTable } from '../assets/table.js'
import { addresses, balances } from './balances.js'
import { budget } from '../pay/budget.js'
import { cancel } from '../reconcile/cancel.js'
import type { Chain } from '../ports/chain.js'
import { createTrustedClock, type TrustedClock } from '../pay/clock.js'
import { createPayer } from '../pay/create-payer.js'
import { ConfigurationError } from '../errors.js'
import { createEvents, type Emit } from '../pay/events.js'
import { createFindShortage } from '../pay/funds.js'
import { type ExportFormat, exportPayments } from './export.js'
import { createLateFetch, quoteWith, wrapFetch } from '../fetch/wrap-fetch.js'
import type { JournalEntry, Ledger, PaymentFilter } from '../ports/ledger.js'
import { jsonSafe } from '../lib/json-safe.js'
import { listOf } from '../pay/list-payments.js'
import { memoryLedger } from '../ledger/memory.js'
import { startLoop } from '../reconcile/loop.js'
import type { PayContext } from '../pay/context.js'
import { createRecent } from '../lib/recent.js'
import { createTurns } from '../pay/turns.js'
import type { Payer } from '../pay/payer.js'
import { createRefuseOnChain } from '../pay/refuse-on-chain.js'
import { withoutTransfers } from '../policy/narrow.js'
import { createCurrentPolicy } from './current-policy.js'
import { x402 } from '../protocols/x402/v2.js'
import { x402V1 } from '../protocols/x402/v1.js'
import { type Random, randomBytes } from '../lib/random.js'
import { askTime, readChains, type Reconciliation, reconcile } from '../reconcile/reconcile.js'
import { createPurchaseSecret, createSecret } from './secrets.js'
import { exactEvm } from '../evm/exact.js'
import { type ResolveOptions, resolve } from '../reconcile/resolve.js'
import { createKnownSessions } from '../session/known-sessions.js'
import { createSession, openSession, type Session, type SessionMaker } from '../session/session.js'
import type { SessionScope } from '../session/scope.js'
import { type TransferOptions, transfer } from './transfer.js'
import type { Approval, ApprovalId, PaymentId, SessionId } from '../types.js'

const optionNames: OptionNames<AgentWalletOptions> = {
  keyStore: true,
  policy: true,
  ledger: true,
  schemes: true,
  protocols: true,
  chains: true,
  actions: true,
  reconcileEverySeconds: true,
  unresolvedSeconds: true,
  checkSignatures: true,
  assets: true,
  clock: true,
  monotonic: true,
  random: true,
  onApproval: true,
  signIn: true,
  sessionTokenPrefix: true,
  fetch: true,
}

const openNames: OptionNames<{ readonly audience?: unknown }> = { audience: true }

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
  refuseUnknown('createAgentWallet', options, optionNames)
  const { protocols = [x402(), x402V1()], schemes = [exactEvm()], random = randomBytes } = options
  if (!options.keyStore) throw new ConfigurationError('Failed to create the wallet: it has no keyStore')
  const { emit, on, hasListeners } = createEvents()
  const ledger = boundLedger(options.ledger ?? memoryLedger(), { emit })
  const keyStore = boundKeyStore(options.keyStore)
  const trusted = trustedClockOf(options, emit)
  const chains = readChains(options.chains)
  const clock = (): number => trusted.read().wall
  const { policy, setPolicy, restrict } = createCurrentPolicy(options.policy, { ledger, clock, emit })
  const assets = createAssetTable(options.assets, familiesOf(schemes))
  const context = {
    keyStore,
    schemes,
    assets,
    policy: withoutTransfers(policy),
    ledger,
    checkSignatures: readCheckSignatures(options.checkSignatures),
    unresolvedForMs: readUnresolved(options.unresolvedSeconds),
    takeTurn: createTurns(),
    delivered: createRecent(10_000),
    clock,
    time: trusted.read,
    askTime: () => askTime({ chains, witness: trusted.witness }),
    refuseOnChain: createRefuseOnChain(chains),
    findShortage: createFindShortage(chains, monotonicOf(options)),
    secret: createPurchaseSecret({ keyStore, ledger, assets }),
    sessions: [],
    emit,
    hasListeners,
    onApproval: options.onApproval,
    signIn: options.signIn,
  } satisfies PayContext
  const payer = createPayer(context, { protocols, random })
  const fetch = options.fetch ?? createLateFetch()
  // Transfers are judged by the whole policy; no holder of a payer or a session gets past what forbids them.
  const movers = new Map(chains.map((chain) => [chain.network, createMover(chain, { ...context, policy }, random)]))
  const acting = { context: { ...context, policy }, chains, own: readActions(options.actions), random }
  const known = createKnownSessions(context)
  const sessions: SessionMaker = {
    acting: { ...acting, policy },
    context,
    protocols,
    random,
    fetch,
    root: createSecret('sessions', context),
    tokenPrefix: readPrefix(options.sessionTokenPrefix),
    known,
  }
  const reconciling = { ...context, chains, witness: trusted.witness }
  const reconcileAll = async (): Promise<Reconciliation> => {
    await endStranded(acting).catch((error: unknown) => emit('reconciliation.failed', { error }))
    return reconcile(reconciling)
  }
  return Object.freeze({
    ...payer,
    fetch: wrapFetch(fetch, payer),
    quote: quoteWith(fetch, payer),
    budget: (url?: string | URL) => budget(context, url),
    payments: Object.freeze({
      get: async (id: PaymentId) => {
        const payment = await ledger.get(id)
        return payment && jsonSafe(payment)
      },
      list: listOf(ledger),
      history: (id: PaymentId) => historyOf(id, ledger),
      export: (format: ExportFormat, filter?: PaymentFilter) => exportPayments(ledger, format, filter),
    }),
    addresses: () => addresses(context),
    balances: () => balances(reconciling),
    transfer: async (what: TransferOptions) => jsonSafe(await transfer(what, { ...reconciling, movers })),
    act: (options: ActOptions) => act(options, acting),
    quoteAction: (options: ActOptions) => quoteAction(options, acting),
    allowances: (options: AllowancesOptions = {}) => findAllowances(options, acting),
    revoke: (options: RevokeOptions) => revoke(options, acting),
    reconcile: reconcileAll,
    cancel: (id: PaymentId) => cancel(id, reconciling),
    resolve: async (id: PaymentId, options: ResolveOptions) => jsonSafe(await resolve(id, options, context)),
    confirmClock: trusted.confirm,
    setLedgerTime: ({ reason }: { readonly reason: string }) => setLedgerTime(reason, { ledger, trusted, emit }),
    close: startRounds(reconcileAll, { emit, seconds: options.reconcileEverySeconds, random }),
    approvals: approvalsOf(context),
    freeze: async (reason: string) => {
      const freeze = { reason, at: clock() }
      await ledger.freeze(freeze)
      emit('wallet.frozen', { freeze })
    },
    unfreeze: async () => {
      await ledger.freeze(undefined)
      emit('wallet.unfrozen', {})
    },
    frozen: () => ledger.frozen(),
    session: (scope: SessionScope) => createSession(scope, sessions),
    sessions: known.list,
    openSession: async (token: string, given: { readonly audience?: string | undefined } = {}) => {
      refuseUnknown('openSession', given, openNames)
      return openSession(token, given.audience, sessions)
    },
    revokeSession: async (session: SessionId | Pick<Session, 'id'>) => {
      const id = typeof session === 'string' ? session : session.id
      await ledger.revokeSession(id)
      emit('session.revoked', { session: id })
    },
    setPolicy,
    restrict,
    on,
  })
}

async function setLedgerTime(
  reason: string,
  { ledger, trusted, emit }: Pick<PayContext, 'ledger' | 'emit'> & { readonly trusted: TrustedClock },
): Promise<void> {
  if (!ledger.setTime) throw new ConfigurationError('Failed to set the time of the ledger: it has none to be set')
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > 1000)
    throw new ConfigurationError('Failed to set the time of the ledger: expected a reason of up to 1000 characters')
  const at = trusted.restart()
  await ledger.setTime(at, reason)
  emit('clock.set', { at, reason })
}

async function historyOf(id: PaymentId, { history }: Ledger): Promise<readonly JournalEntry[]> {
  if (history) return history(id)
  throw new ConfigurationError('Failed to read the history: the ledger of this wallet keeps none')
}

/** Only transfers are ever paid by the scheme that a chain brings for them: no server can ask for one. */
function createMover({ transfers }: Chain, context: PayContext, random: Random): Payer {
  const schemes = [...context.schemes, ...(transfers?.scheme ? [transfers.scheme] : [])]
  return createPayer({ ...context, schemes }, { protocols: [], random })
}

function monotonicOf({ clock = Date.now, monotonic }: AgentWalletOptions): () => number {
  return monotonic ?? (clock === Date.now ? () => performance.now() : clock)
}

function trustedClockOf(options: AgentWalletOptions, emit: Emit): TrustedClock {
  const { clock = Date.now } = options
  const monotonic = monotonicOf(options)
  const tell = (aheadMs: number | undefined): void => {
    if (aheadMs === undefined) emit('clock.confirmed', {})
    else emit('clock.jumped', { aheadMs })
  }
  return createTrustedClock({ clock, monotonic, tell })
}

type Rounds = { readonly emit: Emit; readonly seconds: number | undefined; readonly random: Random }

function startRounds(reconcileAll: () => Promise<Reconciliation>, { emit, seconds, random }: Rounds): () => void {
  if (seconds === undefined) return () => {}
  const round = async (): Promise<void> => {
    await reconcileAll().catch((error: unknown) => emit('reconciliation.failed', { error }))
  }
  return startLoop(round, { seconds, random })
}

function approvalsOf({ ledger, time, emit }: PayContext): AgentWallet['approvals'] {
  const decide = async (id: ApprovalId, status: 'approved' | 'denied'): Promise<Approval | undefined> => {
    const approval = await ledger.decideApproval(id, status, time().ledger)
    if (approval) emit('approval.decided', { approval })
    return approval
  }
  return Object.freeze({
    list: async () => (await ledger.listApprovals(time().ledger)).map(jsonSafe),
    approve: (id: ApprovalId) => decide(id, 'approved'),
    deny: (id: ApprovalId) => decide(id, 'denied'),
  })
}

function readCheckSignatures(which: AgentWalletOptions['checkSignatures'] = 'foreign'): 'foreign' | 'always' {
  if (which === 'foreign' || which === 'always') return which
  throw new ConfigurationError("Failed to read checkSignatures: expected 'foreign' or 'always'")
}

function readUnresolved(seconds = 3600): number {
  if (Number.isSafeInteger(seconds) && seconds >= 60 && seconds <= 604_800) return seconds * 1000
  throw new ConfigurationError('Failed to read unresolvedSeconds: expected a whole number from 60 to 604800')
}

function readPrefix(prefix = 'stipend_'): string {
  if (/^[A-Za-z0-9_]{0,32}$/.test(prefix)) return prefix
  throw new ConfigurationError('Failed to read sessionTokenPrefix: expected up to 32 letters, digits and underscores')
}
