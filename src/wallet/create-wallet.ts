import { type OptionNames, refuseUnknown, requireOptions } from '../lib/known-options.js'
import { type ActOptions, act, quoteAction } from '../actions/act.js'
import { type AllowancesOptions, findAllowances } from '../actions/allowances.js'
import { endStranded, revoke, type RevokeOptions } from '../actions/end-approvals.js'
import { readActions } from '../actions/known.js'
import { withFollow } from '../actions/with-follow.js'
import type { AgentWallet } from './wallet.js'
import { addresses, balances } from './balances.js'
import { cancel } from '../reconcile/cancel.js'
import type { Chain } from '../ports/chain.js'
import { createAskPrices } from '../pay/ask-prices.js'
import { createPayer } from '../pay/create-payer.js'
import type { Emit } from '../pay/events.js'
import { createLateFetch } from '../fetch/wrap-fetch.js'
import { jsonSafe } from '../lib/json-safe.js'
import { startLoop } from '../reconcile/loop.js'
import type { PayContext } from '../pay/context.js'
import type { Payer } from '../pay/payer.js'
import { besideApprovals } from '../pay/permits.js'
import { createFindShortage } from '../pay/funds.js'
import { anyPlace } from '../pay/places.js'
import { createFindAllowancePermit, createRefuseOnChain } from '../pay/refuse-on-chain.js'
import { showPaid } from '../pay/show-paid.js'
import { x402 } from '../protocols/x402/v2.js'
import { x402V1 } from '../protocols/x402/v1.js'
import { type Random, randomBytes } from '../lib/random.js'
import { type Reconciliation, reconcile } from '../reconcile/reconcile.js'
import { createSecret } from './secrets.js'
import { type ResolveOptions, resolve } from '../reconcile/resolve.js'
import { createKnownSessions, type KnownSessions } from '../session/known-sessions.js'
import { createSession, openSession, type SessionMaker } from '../session/session.js'
import { type TransferOptions, transfer } from './transfer.js'
import type { PaymentId } from '../types.js'
import { type AgentWalletOptions, optionNames, readPrefix } from './options.js'
import { monotonicOf } from './clock.js'
import { createContext } from './context.js'
import { type ExportFormat, exportPayments } from './export.js'
import type { PaymentFilter } from '../ports/ledger.js'
import { payingPartOf } from './paying-part.js'
import { withPaymentMethods } from './payment-methods.js'
import { type Refills, startRefills } from './refills.js'

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
  requireOptions('createAgentWallet', options, optionNames)
  const { random = randomBytes, fetch = createLateFetch() } = options
  const whole = withPaymentMethods(options, { protocols: () => [x402(), x402V1()] })
  const { protocols } = whole
  const made = createContext(whole, (asked) => ({
    askPrices: createAskPrices(whole.assets),
    showPaid,
    findShortage: createFindShortage(asked, monotonicOf(options)),
    refuseOnChain: createRefuseOnChain(asked),
    findAllowancePermit: createFindAllowancePermit(asked),
  }))
  const { context, policy, chains, trusted, on } = made
  const { ledger, emit } = context
  const payer = createPayer(context, { protocols, random })
  // Transfers are judged by the whole policy; no holder of a payer or a session gets past what forbids them.
  const owning = { ...context, policy }
  const movers = new Map(chains.map((chain) => [chain.network, createMover(chain, owning, random)]))
  const acting = { context: owning, chains, own: readActions(options.actions), random }
  const refills = startRefills(options.refills ?? [], { acting, on, emit })
  const known = createKnownSessions(context)
  const reconciling = { ...context, chains: withFollow(chains, acting.own), witness: trusted.witness }
  const holdings = { addresses: () => addresses(context), balances: () => balances(reconciling) }
  const sessions: SessionMaker = {
    holdings,
    acting: { ...acting, policy },
    context,
    protocols,
    random,
    fetch,
    root: createSecret('sessions', context),
    tokenPrefix: readPrefix(options.sessionTokenPrefix),
    known,
  }
  const reconcileAll = async (): Promise<Reconciliation> => {
    await endStranded(acting).catch((error: unknown) => emit('reconciliation.failed', { error }))
    return reconcile(reconciling)
  }
  const paying = payingPartOf(made, { payer, fetch })
  return Object.freeze({
    ...paying,
    payments: Object.freeze({
      ...paying.payments,
      export: (format: ExportFormat, filter?: PaymentFilter) => exportPayments(ledger, format, filter),
    }),
    ...holdings,
    transfer: async (what: TransferOptions) => jsonSafe(await transfer(what, { ...reconciling, chains, movers })),
    act: (options: ActOptions) => act(options, acting),
    quoteAction: (options: ActOptions) => quoteAction(options, acting),
    allowances: (options: AllowancesOptions = {}) => findAllowances(options, acting),
    revoke: (options: RevokeOptions) => revoke(options, acting),
    refill: refills.refill,
    reconcile: reconcileAll,
    cancel: (id: PaymentId) => cancel(id, reconciling),
    resolve: async (id: PaymentId, options: ResolveOptions) => jsonSafe(await resolve(id, options, reconciling)),
    close: startRounds(reconcileAll, { emit, seconds: options.reconcileEverySeconds, random, refills }),
    ...sessionsOf(sessions, known, context),
  })
}

type Sessions = Pick<AgentWallet, 'session' | 'sessions' | 'openSession' | 'revokeSession'>

function sessionsOf(maker: SessionMaker, known: KnownSessions, { ledger, emit }: PayContext): Sessions {
  return {
    session: (scope) => createSession(scope, maker),
    sessions: known.list,
    openSession: async (token, given = {}) => {
      refuseUnknown('openSession', given, openNames)
      return openSession(token, given.audience, maker)
    },
    revokeSession: async (session) => {
      const id = typeof session === 'string' ? session : session.id
      await ledger.revokeSession(id)
      emit('session.revoked', { session: id })
    },
  }
}

/** Only transfers are ever paid by the scheme that a chain brings for them: no server can ask for one. */
function createMover({ network, transfers }: Chain, context: PayContext, random: Random): Payer {
  const schemes = [...context.schemes, ...(transfers?.scheme ? [transfers.scheme] : [])]
  const evaluate: PayContext['policy']['evaluate'] = async (request) => {
    const verdict = await context.policy.evaluate(request)
    const signer = await context.keyStore.getSigner(network)
    if (verdict.type !== 'allow' || !signer) return verdict
    const number = request.offer.extra['accountNonce']
    return {
      ...verdict,
      limits: await besideApprovals(verdict.limits, { network, payer: signer.address, number }, context),
    }
  }
  const policy = { ...context.policy, evaluate }
  return createPayer({ ...context, policy, schemes, takePlace: anyPlace }, { protocols: [], random })
}

type Rounds = {
  readonly emit: Emit
  readonly seconds: number | undefined
  readonly random: Random
  readonly refills: Refills
}

function startRounds(
  reconcileAll: () => Promise<Reconciliation>,
  { emit, seconds, random, refills }: Rounds,
): () => void {
  if (seconds === undefined) return refills.stop
  const round = async (): Promise<void> => {
    await reconcileAll().catch((error: unknown) => emit('reconciliation.failed', { error }))
    refills.check()
  }
  const stop = startLoop(round, { seconds, random })
  return () => {
    stop()
    refills.stop()
  }
}
