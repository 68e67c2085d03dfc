import type { Refusal } from '../errors.js'
import { deepFreeze } from '../lib/freeze.js'
import { formatUsd } from '../lib/format-amount.js'
import type { Allowed, PurchaseRequest, Candidate, PayContext } from './context.js'

/** What offers are judged by, besides what they say themselves. */
export type JudgeRequest = Pick<PurchaseRequest, 'resource' | 'ownerLabels' | 'maxMicroUsd'>

/** An offer that the policy, or the cap of the call, does not allow, and why. */
export type Denied = Candidate & { readonly refusals: readonly Refusal[]; readonly cause?: unknown }

/** What the policy says of an offer. */
export type Judged = Allowed | Denied

/** Tells whether an offer is allowed, under limits that the ledger will enforce. */
export function isAllowed(judged: Judged): judged is Allowed {
  return !Object.hasOwn(judged, 'refusals')
}

/** Judges offers, each for itself: what is quoted and what is paid are judged here and nowhere else. */
export async function judge(
  candidates: readonly Candidate[],
  request: JudgeRequest,
  context: Pick<PayContext, 'policy' | 'time' | 'action'>,
): Promise<readonly Judged[]> {
  return Promise.all(candidates.map((candidate) => judgeCandidate(candidate, request, context)))
}

async function judgeCandidate(
  candidate: Candidate,
  { resource, ownerLabels: labels, maxMicroUsd }: JudgeRequest,
  { policy, time, action }: Pick<PayContext, 'policy' | 'time' | 'action'>,
): Promise<Judged> {
  const { offer } = candidate
  if (maxMicroUsd !== undefined && offer.microUsd > maxMicroUsd) {
    const reason = `this call may cost ${formatUsd(maxMicroUsd)} at most, ${formatUsd(offer.microUsd)} asked`
    return { ...candidate, refusals: [{ offer, rule: 'maxUsd', reason }] }
  }
  const plan = action && { plan: action.plan }
  const verdict = await policy.evaluate(deepFreeze({ resource, offer, labels, now: time().ledger, ...plan }))
  if (verdict.type === 'deny') {
    const refusals = verdict.refusals.map((refusal) => ({ offer, ...refusal }))
    return { ...candidate, refusals, cause: verdict.cause }
  }
  return { ...candidate, limits: verdict.limits, hold: verdict.hold, notify: verdict.notify, pins: verdict.pins }
}

/**
 * Sorts allowed offers by preference, the first being the one to pay: the cheapest; of equal ones one whose money is taken
 * after the work, then that in the asset which
 * comes first in the wallet's table, then by the scheme that it names first, then to the payee whose address sorts first, then for the longest time.
 * The order in which a server lists them plays no part, so that a repeated call, to whichever of its machines, pays the
 * same one.
 */
export function byPreference(
  allowed: readonly Allowed[],
  { assets, schemes }: Pick<PayContext, 'assets' | 'schemes'>,
): readonly Allowed[] {
  const placesOf = ({ offer, scheme }: Allowed): readonly (bigint | number | string)[] => [
    offer.microUsd,
    offer.flow === undefined ? 0 : 1,
    // One whose price was asked for is not the table's own.
    assets.list().indexOf(assets.find(offer.network, offer.asset.address) ?? offer.asset),
    schemes.indexOf(scheme),
    offer.amount,
    offer.payTo,
    -offer.maxTimeoutSeconds,
    JSON.stringify([offer.backdateSeconds, offer.takesMemo, offer.extra]),
  ]
  const sorted = allowed.toSorted((one, other) => compareLists(placesOf(one), placesOf(other)))
  const [first, second, ...others] = sorted
  if (!first || !second || !isPayeeUnclear(first, sorted)) return sorted
  return [{ ...first, notify: true }, second, ...others]
}

/** Whether the same is asked for several payees, of which nothing says who is the right one: then the owner is told. */
function isPayeeUnclear({ offer: { asset, amount, payTo } }: Allowed, all: readonly Allowed[]): boolean {
  return all.some(({ offer }) => offer.asset === asset && offer.amount === amount && offer.payTo !== payTo)
}

function compareLists<item extends bigint | number | string>(one: readonly item[], other: readonly item[]): number {
  for (const [index, item] of one.entries()) {
    const against = other[index]
    if (against === undefined || item === against) continue
    return item < against ? -1 : 1
  }
  return 0
}
