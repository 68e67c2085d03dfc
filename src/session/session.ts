import { type ActContext, type ActOptions, act, quoteAction } from '../actions/act.js'
import type { ActionQuote } from '../actions/quote.js'
import { listOf, readFilter } from '../pay/list-payments.js'
import { bytesToHex } from '@noble/hashes/utils'
import { type BudgetLine, budget } from '../pay/budget.js'
import { createPayer } from '../pay/create-payer.js'
import { SessionInvalidError, SessionRevokedError } from '../errors.js'
import { type PayingFetch, quoteWith, wrapFetch } from '../fetch/wrap-fetch.js'
import type { PaymentFilter } from '../ports/ledger.js'
import type { PayContext } from '../pay/context.js'
import type { Payer } from '../pay/payer.js'
import type { ActionBounds } from '../policy/rules/action-bounds.js'
import type { GuardedPolicy } from '../policy/engine.js'
import { narrowPolicy } from '../policy/narrow.js'
import type { Protocol } from '../ports/protocol.js'
import { jsonSafe } from '../lib/json-safe.js'
import { draw, type Random } from '../lib/random.js'
import type { Quote } from '../pay/quote.js'
import { rulesOf } from './rules.js'
import type { SessionScope } from './scope.js'
import { labelsOf, type SessionLinks, type Link, narrow } from './links.js'
import { readToken, writeToken } from './token.js'
import type { Holdings } from './holdings.js'
import type { Approval, ApprovalId, Labels, Payment, PaymentId, SessionId } from '../types.js'

/**
 * A handle that pays within its scope and can only be narrowed, safe to hand to a model, a tool or a sub-agent. What it
 * spends counts against itself, every session that it was made from, and the wallet.
 */
export type Session = Payer & {
  readonly id: SessionId
  /** Unix milliseconds; the earliest of its chain. */
  readonly expiresAt: number | undefined
  /** Fetches, and pays if it must. */
  readonly fetch: PayingFetch
  /** Asks what a request would cost; it is sent unpaid, and `undefined` means that it asks no payment. */
  readonly quote: (...request: Parameters<PayingFetch>) => Promise<Quote | undefined>
  /**
   * Does something on chain, such as a swap, within its `actions` and the wallet's policy; the payment that it answers is
   * `claimed` once it is sent.
   *
   * @throws PaymentDeniedError when a rule, or the chain's own simulation of it, says no.
   */
  readonly act: (options: ActOptions) => Promise<Payment>
  /** Says what an action would do and cost, and whether it would be allowed; nothing is signed. */
  readonly quoteAction: (options: ActOptions) => Promise<ActionQuote>
  /** What it may do on chain. */
  readonly actions: readonly ActionBounds[]
  /**
   * Lists the wallet's address on each network; there only where its scope has `balances`.
   *
   * @throws SessionRevokedError when it is revoked, SessionInvalidError when it has expired.
   */
  readonly addresses?: Holdings['addresses'] | undefined
  /** Asks the wallet's chains what it holds; as `addresses`. */
  readonly balances?: Holdings['balances'] | undefined
  /** Says what is left under each limit: its own and the wallet's, and given a URL those of its host. */
  readonly budget: (url?: string | URL) => Promise<readonly BudgetLine[]>
  /** Its own payments, and those of the sessions made from it. */
  readonly payments: {
    readonly get: (id: PaymentId) => Promise<Payment | undefined>
    /** Newest first. */
    readonly list: (filter?: Omit<PaymentFilter, 'scope'>) => Promise<readonly Payment[]>
  }
  /** What it has asked for and still waits for; only the owner can decide on it. */
  readonly approvals: {
    readonly get: (id: ApprovalId) => Promise<Approval | undefined>
    /** Newest first. */
    readonly list: () => Promise<readonly Approval[]>
  }
  /**
   * Makes a session that may do less.
   *
   * @throws ConfigurationError when the scope is not usable, or wider than this session's own.
   */
  readonly session: (scope: SessionScope) => Session
  /** Writes it as a token, which `wallet.openSession` reads in any process that has the same key and ledger. */
  readonly token: () => Promise<string>
}

/** What sessions are made from; only the wallet has it. */
export type SessionMaker = {
  readonly holdings: Holdings
  readonly context: PayContext & { readonly policy: GuardedPolicy }
  /** What actions are taken with, and the policy that they are judged by. */
  readonly acting: Pick<ActContext, 'chains' | 'own'> & { readonly policy: GuardedPolicy }
  readonly protocols: readonly Protocol[]
  readonly random: Random
  readonly fetch: typeof globalThis.fetch
  /** 32 bytes that tokens are signed with. */
  readonly root: () => Promise<Uint8Array>
  readonly tokenPrefix: string
  /** Hears of every session that is made or opened. */
  readonly known: { readonly note: (session: Session, links: SessionLinks) => void }
}

/** Makes a session of the wallet. */
export function createSession(scope: SessionScope, maker: SessionMaker): Session {
  return createHandle(narrow([], scope, drawNonce(maker)), maker)
}

/**
 * Opens the session that a token carries.
 *
 * @throws SessionInvalidError when it is forged, of another wallet, of another audience, or expired.
 * @throws SessionRevokedError when it or one that it was made from is revoked.
 */
export async function openSession(token: string, audience: string | undefined, maker: SessionMaker): Promise<Session> {
  const links = readToken(token, await maker.root(), maker.tokenPrefix)
  const isForOther = links.some(({ caveats }) => caveats.audience !== undefined && caveats.audience !== audience)
  if (isForOther) throw new SessionInvalidError('it is for another audience')
  await requireLive(links, maker)
  return createHandle(links, maker)
}

/** @throws SessionInvalidError or SessionRevokedError for one that is over. */
async function requireLive(links: SessionLinks, { context: { ledger, time } }: SessionMaker): Promise<void> {
  const expiresAt = expiryOf(links)
  if (expiresAt !== undefined && time().ledger >= expiresAt) {
    throw new SessionInvalidError(`it expired at ${new Date(expiresAt).toISOString()}`)
  }
  const revoked = await ledger.revoked(links.map(({ id }) => id))
  if (revoked) throw new SessionRevokedError(revoked)
}

/** A frozen object without a way back: the wallet, its key and its policy stay in the closures of its functions. */
function createHandle(links: SessionLinks, maker: SessionMaker): Session {
  const { protocols, random, fetch } = maker
  const { id } = lastOf(links)
  const context = narrowContext(links, maker, maker.context.policy)
  const filed = { random, labels: labelsOf(links), ownerLabels: ownerLabelsOf(links) }
  const payer = createPayer(context, { protocols, ...filed })
  const { policy, ...means } = maker.acting
  const acting: ActContext = { ...means, ...filed, context: narrowContext(links, maker, policy) }
  const { ledger, time } = context
  const scope = scopeOf(id)
  const list = listOf(ledger)
  const approvals = async (): Promise<readonly Approval[]> => {
    const all = await ledger.listApprovals(time().ledger)
    return all.filter(({ sessions = [] }) => sessions.includes(id)).map(jsonSafe)
  }
  const session: Session = Object.freeze({
    ...payer,
    id,
    expiresAt: expiryOf(links),
    fetch: wrapFetch(fetch, payer),
    quote: quoteWith(fetch, payer),
    act: (options: ActOptions) => act(options, acting),
    quoteAction: (options: ActOptions) => quoteAction(options, acting),
    actions: Object.freeze([...(lastOf(links).caveats.actions ?? [])]),
    ...holdingsOf(links, maker),
    budget: (url?: string | URL) => budget(context, url),
    payments: Object.freeze({
      get: async (payment: PaymentId) => {
        const found = await ledger.get(payment)
        return found?.scopes.includes(scope) ? jsonSafe(found) : undefined
      },
      list: async (filter?: PaymentFilter) => list({ ...readFilter(filter), scope }),
    }),
    approvals: Object.freeze({
      get: async (approval: ApprovalId) => (await approvals()).find((one) => one.id === approval),
      list: approvals,
    }),
    session: (narrower: SessionScope) => createHandle(narrow(links, narrower, drawNonce(maker)), maker),
    token: async () => writeToken(links, await maker.root(), maker.tokenPrefix),
  } satisfies Session)
  maker.known.note(session, links)
  return session
}

/** Each of the chain has to say so: what is left out is no. */
function isPermitted(links: SessionLinks, name: 'signIn' | 'balances'): boolean {
  return links.every(({ caveats }) => caveats[name] === true)
}

function holdingsOf(links: SessionLinks, maker: SessionMaker): Partial<Holdings> {
  if (!isPermitted(links, 'balances')) return {}
  const { addresses, balances } = maker.holdings
  return {
    addresses: async () => requireLive(links, maker).then(addresses),
    balances: async () => requireLive(links, maker).then(balances),
  }
}

/** The wallet's context, under the rules of every link. */
function narrowContext(links: SessionLinks, { context }: SessionMaker, policy: GuardedPolicy): PayContext {
  const rules = links.flatMap(({ caveats, id }) => rulesOf(caveats, scopeOf(id)))
  const sessions = Object.freeze(links.map(({ id }) => id))
  const isAllowed = isPermitted(links, 'signIn')
  const methods = context.signIn?.filter(({ findPaid }) => isAllowed || findPaid !== undefined)
  const signIn = methods && methods.length > 0 ? methods : undefined
  return { ...context, policy: narrowPolicy(policy, rules), sessions, notAfter: expiryOf(links), signIn }
}

function scopeOf(id: SessionId): string {
  return `session:${id}`
}

function lastOf(links: SessionLinks): Link {
  return links.at(-1) ?? links[0]
}

/**
 * The labels of the session that the wallet made. Whoever holds it makes all that come after it, and chooses their labels,
 * as those of each call, at will.
 */
function ownerLabelsOf([first]: SessionLinks): Labels {
  return first.caveats.labels ?? {}
}

function expiryOf(links: SessionLinks): number | undefined {
  const instants = links.flatMap(({ caveats }) => caveats.expiresAt ?? [])
  return instants.length > 0 ? Math.min(...instants) : undefined
}

function drawNonce({ random }: SessionMaker): string {
  return bytesToHex(draw(random, 16))
}
