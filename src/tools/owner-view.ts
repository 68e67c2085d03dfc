import { ConfigurationError } from '../errors.js'
import { requirePayer } from '../fetch/require-payer.js'
import { unwrapFetch } from '../fetch/wrap-fetch.js'
import { outcomesOf } from '../pay/create-payer.js'
import type { Outcomes } from '../pay/outcomes.js'
import type { Payer } from '../pay/payer.js'
import type { Session } from '../session/session.js'
import type { Approval, Payment, SessionId } from '../types.js'
import type { Holdings } from '../session/holdings.js'
import type { AgentWallet } from '../wallet/wallet.js'

/** What the tools can do: pay, ask and look, within what is its own. */
export type OwnerView = Pick<Session, 'budget' | 'payments' | 'approvals'> & {
  readonly payer: Payer
  /** Where the wallet's money is, for a session that may see it. */
  readonly holdings: { readonly [name in keyof Holdings]?: Holdings[name] | undefined }
  /** The session that it is, unless it is the wallet. */
  readonly session: SessionId | undefined
  /** What was bought before, by the names of the calls that bought it. */
  readonly outcomes: Outcomes | undefined
  /** The fetch that does not pay. */
  readonly fetch: typeof globalThis.fetch
}

const maxListed = 200

/**
 * Takes of a wallet or a session what the tools need. Of a wallet that is what a session has: it reads no session's
 * payments and decides on nothing.
 *
 * @throws ConfigurationError when it comes from another copy of the package: its fetch would pay by itself.
 */
export function ownerViewOf(owner: AgentWallet | Session): OwnerView {
  requirePayer('the tools', owner)
  const { protocols, authorize, settle, appraise, signIn, clock, budget } = owner
  const own = 'openSession' in owner ? viewOf(owner) : ownOf(owner)
  const payer = { protocols, authorize, settle, appraise, signIn, clock }
  const fetch = unwrapFetch(owner.fetch)
  if (fetch === owner.fetch) {
    throw new ConfigurationError('Failed to make tools: expected a wallet or a session of this copy of stipend')
  }
  return Object.freeze({ ...own, payer, budget, fetch, outcomes: outcomesOf(payer) })
}

type Own = Pick<OwnerView, 'session' | 'payments' | 'approvals' | 'holdings'>

function ownOf({ id, payments, approvals, addresses, balances }: Session): Own {
  return { session: id, payments, approvals, holdings: { addresses, balances } }
}

function viewOf({ payments, approvals }: AgentWallet): Own {
  // What moves no money, such as a sign-in, is in no counter.
  const isOwn = ({ scopes }: Payment): boolean =>
    scopes.includes('wallet') && !scopes.some((scope) => scope.startsWith('session:'))
  const isAsked = ({ sessions = [] }: Approval): boolean => sessions.length === 0
  const list = async (): Promise<readonly Approval[]> => (await approvals.list()).filter(isAsked)
  return {
    session: undefined,
    holdings: {},
    payments: {
      get: async (id) => {
        const payment = await payments.get(id)
        return payment && isOwn(payment) ? payment : undefined
      },
      list: async ({ limit = 100, ...filter } = {}) =>
        (await payments.list({ ...filter, limit: maxListed })).filter(isOwn).slice(0, limit),
    },
    approvals: { get: async (id) => (await list()).find((one) => one.id === id), list },
  }
}
