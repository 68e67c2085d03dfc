import { type Approval, type BudgetLine, type KnownSession, type Payment, isStipendError } from 'stipend'
import { countsAsSpent } from 'stipend/ledger'
import type { JsonObject } from '../json.js'
import { writeApproval, writePayment } from '../problem.js'
import { writeLine } from '../route-wallet.js'
import type { Service } from '../service.js'

const dayMs = 86_400_000
/** How many days the picture goes back. */
const days = 30
const maxShown = 100
/** Beyond so many payments in the time of the picture, the oldest are not added up. */
const maxCounted = 20_000
/** Whose own limits are shown: the hosts that were paid last. */
const maxHosts = 12
const maxSessions = 50

/** Reads what the owner's page shows, but for what chains have to be asked for. */
export async function readState({ wallet, walletId, policies, clock }: Service): Promise<JsonObject> {
  await policies?.refresh()
  const now = clock()
  const since = Math.min(startOfDay(now) - (days - 1) * dayMs, startOfMonth(now))
  const [recent, approvals, frozen, sessions] = await Promise.all([
    wallet.payments.list({ since, limit: maxCounted }),
    wallet.approvals.list(),
    wallet.frozen(),
    wallet.sessions(),
  ])
  const shown = recent.length >= maxShown ? recent : await wallet.payments.list({ limit: maxShown })
  return {
    walletId,
    now,
    frozen: frozen && { reason: frozen.reason, at: frozen.at },
    spent: addUp(recent, now),
    limits: (await readLimits(recent, wallet)).map(writeLine),
    approvals: approvals.filter(isWaiting).map(writeApproval).toReversed(),
    payments: shown.slice(0, maxShown).map(writePayment),
    isAll: shown.length < maxShown,
    sessions: await Promise.all(sessions.slice(0, maxSessions).map((one) => describeSession(one, recent))),
  }
}

function isWaiting({ status }: Approval): boolean {
  return status === 'pending'
}

/** What counts as spent, today, this month and on each of the last days, by the calendar of UTC. */
function addUp(payments: readonly Payment[], now: number): JsonObject {
  const spent = payments.filter(countsAsSpent)
  const sumSince = (since: number, until = Infinity): string =>
    String(
      spent
        .filter(({ createdAt }) => createdAt >= since && createdAt < until)
        .reduce((sum, { microUsd }) => sum + microUsd, 0n),
    )
  const today = startOfDay(now)
  const starts = Array.from({ length: days }, (_, index) => today - (days - 1 - index) * dayMs)
  return {
    today: sumSince(today),
    month: sumSince(startOfMonth(now)),
    days: starts.map((start) => ({ at: start, microUsd: sumSince(start, start + dayMs) })),
    isAll: payments.length < maxCounted,
  }
}

/** The wallet's limits, and those of the hosts that were paid last. */
async function readLimits(recent: readonly Payment[], { budget }: Service['wallet']): Promise<readonly BudgetLine[]> {
  const origins = [...new Set(recent.map(({ resource }) => resource.origin))].slice(0, maxHosts)
  const lines = await Promise.all([budget(), ...origins.filter(isUrl).map((origin) => budget(origin))])
  const known = new Map(lines.flat().map((line) => [`${line.scope} ${line.name} ${line.max}`, line]))
  return [...known.values()]
}

/** A transfer's origin is none that could be asked about. */
function isUrl(origin: string): boolean {
  return /^https?:/.test(origin)
}

async function describeSession(known: KnownSession, recent: readonly Payment[]): Promise<JsonObject> {
  const { id, labels, depth, expiresAt, isRevoked, session } = known
  const scope = `session:${id}`
  const own = recent.filter((payment) => payment.scopes.includes(scope) && countsAsSpent(payment))
  return {
    id,
    labels,
    depth,
    expiresAt,
    isRevoked,
    isKnown: session !== undefined,
    spent: String(own.reduce((sum, { microUsd }) => sum + microUsd, 0n)),
    payments: own.length,
    limits: session && !isRevoked ? await limitsOf(session, scope) : [],
  }
}

async function limitsOf(session: NonNullable<KnownSession['session']>, scope: string): Promise<readonly JsonObject[]> {
  try {
    return (await session.budget()).filter((line) => line.scope === scope).map(writeLine)
  } catch (error) {
    if (isStipendError(error)) return []
    throw error
  }
}

function startOfDay(now: number): number {
  return Math.floor(now / dayMs) * dayMs
}

function startOfMonth(now: number): number {
  const date = new Date(now)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
}
