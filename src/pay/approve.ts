import { ApprovalRequiredError, PaymentDelayedError, PaymentDeniedError } from '../errors.js'
import { waitFor } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { deepFreeze } from '../lib/freeze.js'
import { plain } from '../lib/untrusted.js'
import type { PurchaseRequest, PayContext } from './context.js'
import { approvalId, type Question } from './question.js'
import type { ActionPlan } from '../ports/action.js'
import type { Approval, ApprovalId, Payment } from '../types.js'

/** How long a request waits for a person, and how long a due payment can still be made. */
const lifeMs = deadlines.approval
/** How many requests of a session, and of all that is made from it, may wait at once. */
const maxWaiting = 100

/**
 * Asks for permission to make a payment that has to wait, and answers once it is given in this process.
 *
 * @throws ApprovalRequiredError or PaymentDelayedError when the call has to be made again later.
 * @throws PaymentDeniedError when the answer was no, or none came while the request could be used.
 * @throws the signal's reason when it is aborted: what is answered after that is not used.
 */
export async function awaitApproval(
  payment: Payment,
  question: Question,
  request: PurchaseRequest,
  context: PayContext,
): Promise<void> {
  request.signal?.throwIfAborted()
  const wanted = createApproval(payment, question, request, context)
  await refuseFlood(wanted, context)
  const approval = await context.ledger.requestApproval(wanted)
  if (approval.requestedAt === wanted.requestedAt) context.emit('approval.requested', { approval })
  if (approval.status === 'denied') throw denied()
  if (approval.kind === 'delay') throw new PaymentDelayedError(approval)
  if (!context.onApproval) throw new ApprovalRequiredError(approval)
  const answered = await answer(approval, request, context)
  if (answered === undefined) throw new ApprovalRequiredError(approval)
  const status = answered ? 'approved' : 'denied'
  const decided = await context.ledger.decideApproval(approval.id, status, context.time().ledger)
  if (decided) context.emit('approval.decided', { approval: decided })
  const isApproved = decided
    ? decided.status === 'approved'
    : status === 'approved' && (await isGiven(approval, context))
  if (!isApproved) throw denied()
}

/** Two may have been asked and both have said yes: the first word stands, and the ledger takes it once. */
async function isGiven({ id }: Approval, { ledger, time }: PayContext): Promise<boolean> {
  const all = await ledger.listApprovals(time().ledger)
  return all.some((one) => one.id === id && one.status === 'approved')
}

/**
 * A session that asks for ever must not push out what others have asked. The count is looked up before the request is
 * kept, so some that come at once may go beyond it: it is for order, and no money depends on it.
 */
async function refuseFlood({ id, requestedAt }: Approval, { ledger, sessions: [root] }: PayContext): Promise<void> {
  if (root === undefined) return
  const all = await ledger.listApprovals(requestedAt)
  const waiting = all.filter(({ status, sessions = [] }) => status === 'pending' && sessions[0] === root)
  if (waiting.length < maxWaiting || waiting.some((one) => one.id === id)) return
  const reason = `${maxWaiting} requests of the session wait for the owner already`
  throw new PaymentDeniedError([{ rule: 'approval', reason }])
}

function createApproval(
  payment: Payment,
  question: Question,
  request: PurchaseRequest,
  { sessions, action }: PayContext,
): Approval {
  const { resource, asset, amount, microUsd, payTo, labels, createdAt } = payment
  const { kind, reason, allows, seconds } = question
  const executableAt = seconds === undefined ? undefined : createdAt + seconds * 1000
  return deepFreeze({
    id: approvalId(payment, question, request),
    kind,
    status: 'pending',
    reason: action ? plain(`${reason}; ${writeFacts(action.plan)}`, Number.POSITIVE_INFINITY) : reason,
    ...(allows.length > 0 && { allows }),
    resource,
    asset,
    amount,
    microUsd,
    payTo,
    labels,
    ...(sessions.length > 0 && { sessions }),
    requestedAt: createdAt,
    expiresAt: (executableAt ?? createdAt) + lifeMs,
    executableAt,
  })
}

/** What an action does in words: of a call, neither its amount nor its contract says to whom it goes. */
function writeFacts({ action, facts }: ActionPlan): string {
  const parts = Object.entries(facts).map(([name, fact]) => `${name}: ${String(fact)}`)
  return [action, ...parts].join(', ')
}

/** A call that goes on with one approval does not ask for another: that one was for other terms, and nobody has seen these. */
export function checkConsent(
  id: ApprovalId,
  { kind }: Question,
  { approval }: Pick<PurchaseRequest, 'approval'>,
): void {
  if (approval === undefined || kind !== 'approval' || id === approval) return
  const reason = 'nobody has approved what would be paid now; what was asked for is over, or was for other terms'
  throw new PaymentDeniedError([{ rule: 'approval', reason }])
}

/** Finds what a person has said yes to of exactly these terms, whatever it lets them go beyond. */
export async function findApproved(
  payment: Payment,
  request: PurchaseRequest,
  { ledger, time }: PayContext,
): Promise<readonly Approval[]> {
  const all = await ledger.listApprovals(time().ledger)
  return all.filter(
    ({ id, kind, status, amount, payTo, allows = [] }) =>
      kind === 'approval' &&
      status === 'approved' &&
      amount === payment.amount &&
      payTo === payment.payTo &&
      id === approvalId(payment, { kind, allows }, request),
  )
}

function denied(): PaymentDeniedError {
  return new PaymentDeniedError([{ rule: 'approval', reason: 'it was asked for and denied' }])
}

/**
 * Says what the handler answers: a late yes is a no. A handler that throws has reached nobody, and nothing is decided: it is
 * asked once more by the next call, or somebody else decides.
 */
async function answer(
  approval: Approval,
  { signal }: PurchaseRequest,
  { onApproval, time }: PayContext,
): Promise<boolean | undefined> {
  const ms = approval.expiresAt - time().ledger
  try {
    const answered = (async () => (await onApproval?.(approval)) === true)().catch(() => undefined)
    return await waitFor(answered, { ms, sentence: 'nobody answered in time', signal })
  } catch {
    return false
  } finally {
    signal?.throwIfAborted()
  }
}
