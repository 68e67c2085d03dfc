import { forgetOldest } from '../lib/recent.js'
import type { Ledger } from '../ports/ledger.js'
import type { Labels, SessionId } from '../types.js'
import { labelsOf, type SessionLinks } from './links.js'
import type { Session } from './session.js'

/** A session that its wallet knows of. */
export type KnownSession = {
  readonly id: SessionId
  /** Absent of one that is only known by its payments and approvals. */
  readonly session?: Session | undefined
  /** What its payments are filed under. */
  readonly labels: Labels
  /** How many sessions it was narrowed from. */
  readonly depth: number
  /** Unix milliseconds; the earliest of its chain. */
  readonly expiresAt?: number | undefined
  /** Whether it, or one that it was made from, is revoked. */
  readonly isRevoked: boolean
}

/** Remembers the sessions of a wallet, for its owner to look at. */
export type KnownSessions = {
  readonly note: (session: Session, links: SessionLinks) => void
  readonly list: () => Promise<readonly KnownSession[]>
}

type Noted = { readonly session: Session; readonly links: SessionLinks }
type Context = {
  readonly ledger: Pick<Ledger, 'list' | 'listApprovals' | 'revoked'>
  readonly time: () => { readonly ledger: number }
}

/** How many are remembered of those made or opened here; those that were used longest ago are forgotten first. */
const maxNoted = 1000
/** How many of the latest payments are looked through for others. */
const maxPayments = 200

/** Remembers the sessions that are made or opened in this process. */
export function createKnownSessions({ ledger, time }: Context): KnownSessions {
  const noted = new Map<SessionId, Noted>()
  return {
    note: (session, links) => {
      noted.delete(session.id)
      noted.set(session.id, { session, links })
      forgetOldest(noted, maxNoted)
    },
    list: async () => {
      const now = time().ledger
      const live = [...noted.values()].filter(({ session: { expiresAt = Infinity } }) => expiresAt > now).toReversed()
      const own = await Promise.all(live.map((one) => describe(one, ledger)))
      const others = (await findUsed(ledger, now)).filter((id) => !noted.has(id))
      const found = others.map(async (id) => ({
        id,
        labels: {},
        depth: 0,
        isRevoked: (await ledger.revoked([id])) !== undefined,
      }))
      return [...own, ...(await Promise.all(found))]
    },
  }
}

async function describe({ session, links }: Noted, { revoked }: Context['ledger']): Promise<KnownSession> {
  const { id, expiresAt } = session
  const isRevoked = (await revoked(links.map((link) => link.id))) !== undefined
  return { id, session, labels: labelsOf(links), depth: links.length - 1, expiresAt, isRevoked }
}

/** Sessions of other processes, and of this one before it was started again. */
async function findUsed({ list, listApprovals }: Context['ledger'], now: number): Promise<readonly SessionId[]> {
  const [payments, approvals] = await Promise.all([list({ limit: maxPayments }), listApprovals(now)])
  const counters = payments.flatMap(({ scopes }) => scopes.filter((scope) => scope.startsWith('session:')))
  const asking = approvals.flatMap(({ sessions = [] }) => sessions)
  return [...new Set([...counters.map((scope) => scope.slice('session:'.length) as SessionId), ...asking])]
}
