import type { Ledger } from '../../ports/ledger.js'
import type { Approval, ApprovalId, Payment } from '../../types.js'
import { claim, claimEqual } from '../claim.js'
import { type CreateLedger, type LedgerContract, refuses, reserves, roomy, usedOf } from './checks.js'
import { noon, sampleId, sampleLimit, samplePayment } from './sample-payment.js'

/** How a ledger keeps approvals, and how it is frozen. */
export const approvalContract: LedgerContract = {
  'a request for approval is kept until it is used or expires, and is then asked for anew': keepsRequests,
  'requests are listed newest first, without those that have expired': listsRequests,
  'a denial stands, and nothing is decided on what is used, expired or unknown': decides,
  'only what was approved, or is due after its delay, lets a payment through': letsThrough,
  'a clock that is behind shortens neither a delay nor the time to answer': keepsDelay,
  'an approval is used by one payment, however many come at once': usedOnce,
  'a refused payment does not use its approval up': keepsApproval,
  'an approval is asked for only where no limit and no pin is in the way': asksLast,
  'a frozen ledger records nothing until it is unfrozen': freezes,
}

const minute = 60_000

/** Creates the request for approval of a number. */
export function sampleApproval(number: number, different: Partial<Approval> = {}): Approval {
  const { resource, asset, amount, microUsd, payTo } = samplePayment(number)
  return {
    id: approvalId(number),
    kind: 'approval',
    status: 'pending',
    reason: 'above $10.00',
    resource,
    asset,
    amount,
    microUsd,
    payTo,
    labels: { task: '42' },
    requestedAt: noon,
    expiresAt: noon + 10 * minute,
    ...different,
  }
}

function approvalId(number: number): ApprovalId {
  return `apr_${number.toString(16).padStart(32, '0')}`
}

/** Reserves with an approval, and answers whether it was recorded, or for which reason not. */
async function reserveWith(ledger: Ledger, approval: ApprovalId, payment: Payment): Promise<string> {
  const answer = await ledger.reserve(payment, [roomy], { approval })
  return answer.ok ? 'recorded' : answer.reason
}

async function keepsRequests(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const asked = sampleApproval(1, { amount: (1n << 256n) - 1n, executableAt: noon + 5, kind: 'delay' })
  claimEqual(await ledger.requestApproval(asked), asked, 'A request is not answered as it was made')
  claimEqual(await ledger.listApprovals(noon), [asked], 'A request does not read back as it was made')
  const again = { ...asked, requestedAt: noon + 1, expiresAt: noon + 11 * minute }
  claimEqual(
    await ledger.requestApproval(again),
    asked,
    'A request that stands was replaced by the next one for the same',
  )
  await ledger.decideApproval(asked.id, 'denied', noon + 2)
  claimEqual((await ledger.requestApproval(again)).status, 'denied', 'A denial was lost by asking once more')
  const later = { ...asked, requestedAt: asked.expiresAt, expiresAt: asked.expiresAt + minute }
  claimEqual(await ledger.requestApproval(later), later, 'A request that has expired stands in the way of the next one')
  await ledger.decideApproval(asked.id, 'approved', asked.expiresAt)
  await reserveWith(ledger, asked.id, samplePayment(1, { createdAt: asked.expiresAt }))
  claimEqual(await ledger.requestApproval(later), later, 'A request that was used stands in the way of the next one')
}

async function listsRequests(create: CreateLedger): Promise<void> {
  const ledger = await create()
  for (const number of [1, 2, 3]) {
    await ledger.requestApproval(sampleApproval(number, { expiresAt: noon + number * minute }))
  }
  const idsAt = async (now: number) => (await ledger.listApprovals(now)).map(({ id }) => id)
  claimEqual(await idsAt(noon), [3, 2, 1].map(approvalId), 'Requests are not listed newest first')
  claimEqual(
    await idsAt(noon + 2 * minute),
    [approvalId(3)],
    'A request is listed from the instant on at which it expires',
  )
}

async function decides(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const [id, used] = [approvalId(1), approvalId(2)]
  await ledger.requestApproval(sampleApproval(1))
  await ledger.requestApproval(sampleApproval(2))
  const statusAfter = async (what: ApprovalId, status: 'approved' | 'denied', now: number = noon) =>
    (await ledger.decideApproval(what, status, now))?.status
  claimEqual(await statusAfter(id, 'approved'), 'approved', 'A request could not be approved')
  claimEqual(await statusAfter(id, 'denied'), 'denied', 'An approval could not be taken back')
  claimEqual(await statusAfter(id, 'approved'), undefined, 'A denial was turned into an approval')
  claimEqual(await statusAfter(approvalId(9), 'approved'), undefined, 'What nobody asked for was approved')
  await ledger.decideApproval(used, 'approved', noon)
  await reserveWith(ledger, used, samplePayment(2))
  claimEqual(await statusAfter(used, 'approved'), undefined, 'An approval that was used was given anew')
  await ledger.requestApproval(sampleApproval(3))
  claimEqual(
    await statusAfter(approvalId(3), 'approved', noon + 10 * minute),
    undefined,
    'An expired request was approved',
  )
}

async function letsThrough(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const pass = (number: number, createdAt: number) =>
    reserveWith(ledger, approvalId(number), samplePayment(number, { createdAt }))
  const what = 'A payment was let through by an approval that is'
  claimEqual(await pass(9, noon), 'approval', `${what} unknown`)
  await ledger.requestApproval(sampleApproval(1))
  claimEqual(await pass(1, noon), 'approval', `${what} pending`)
  await ledger.requestApproval(sampleApproval(2))
  await ledger.decideApproval(approvalId(2), 'denied', noon)
  claimEqual(await pass(2, noon), 'approval', `${what} denied`)
  const executableAt = noon + 5 * minute
  for (const number of [3, 4]) await ledger.requestApproval(sampleApproval(number, { kind: 'delay', executableAt }))
  await ledger.decideApproval(approvalId(4), 'denied', noon)
  claimEqual(await pass(3, executableAt - 1), 'approval', `${what} not due`)
  claimEqual(await pass(4, executableAt), 'approval', `${what} delayed and denied`)
  claimEqual(await pass(3, executableAt), 'recorded', 'A payment was stopped although its delay is over')
  await ledger.requestApproval(sampleApproval(5, { requestedAt: executableAt }))
  await ledger.decideApproval(approvalId(5), 'approved', executableAt)
  claimEqual(await pass(5, noon + 10 * minute), 'approval', `${what} expired`)
  claimEqual(await usedOf(ledger, roomy, noon + 10 * minute), 10n, 'A payment that was not approved counts')
  claimEqual(await ledger.get(sampleId(1)), undefined, 'A payment that was not approved was recorded')
}

async function keepsDelay(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const hour = 60 * minute
  await ledger.reserve(samplePayment(9, { createdAt: noon + hour }), [])
  const delayed = sampleApproval(1, { kind: 'delay', executableAt: noon + 5 * minute })
  const kept = await ledger.requestApproval(delayed)
  const expected = { ...delayed, executableAt: noon + hour + 5 * minute, expiresAt: noon + hour + 10 * minute }
  claimEqual(kept, expected, 'A request of a clock that is behind is not kept by the ledger’s time')
  const pass = (createdAt: number) => reserveWith(ledger, approvalId(1), samplePayment(1, { createdAt }))
  claimEqual(await pass(noon + 5 * minute), 'approval', 'A clock that is behind made a delay shorter')
  claimEqual(await pass(noon + hour + 5 * minute), 'recorded', 'A payment was stopped although its delay is over')
}

async function usedOnce(create: CreateLedger): Promise<void> {
  const ledger = await create()
  await ledger.requestApproval(sampleApproval(1))
  await ledger.decideApproval(approvalId(1), 'approved', noon)
  const tries = Array.from({ length: 20 }, (_, index) => reserveWith(ledger, approvalId(1), samplePayment(index)))
  const outcomes = await Promise.all(tries)
  const what = 'One approval did not let exactly one of twenty payments through'
  claimEqual(outcomes.filter((outcome) => outcome === 'recorded').length, 1, what)
  claimEqual(outcomes.filter((outcome) => outcome === 'approval').length, 19, what)
  claimEqual(await usedOf(ledger, roomy), 10n, what)
}

async function keepsApproval(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const approval = approvalId(1)
  await ledger.requestApproval(sampleApproval(1))
  await ledger.decideApproval(approval, 'approved', noon)
  const refused = await ledger.reserve(samplePayment(1), [sampleLimit(9n)], { approval })
  claim(!refused.ok && refused.reason === 'limit', 'A payment that was approved went over a limit')
  const outcome = await reserveWith(ledger, approval, samplePayment(1))
  claimEqual(outcome, 'recorded', 'An approval was used up by a payment that was refused')
}

async function asksLast(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const pin = { name: 'payee', key: 'payee', value: 'one', onDiffer: 'approve' } as const
  const first = await ledger.reserve(samplePayment(1), [roomy], { pins: [pin] })
  claim(first.ok, 'A payment with a pin was refused')
  const options = { approval: approvalId(9) }
  const reasonOf = async (...given: Parameters<Ledger['reserve']>): Promise<string> => {
    const answer = await ledger.reserve(...given)
    return answer.ok ? 'recorded' : answer.reason
  }
  const what = 'An approval was asked for although something else is in the way:'
  claimEqual(await reasonOf(samplePayment(2), [sampleLimit(9n)], options), 'limit', `${what} a limit`)
  const pins = [{ ...pin, value: 'two' }]
  claimEqual(await reasonOf(samplePayment(2), [roomy], { ...options, pins }), 'pin', `${what} a pin`)
  claimEqual(
    await reasonOf(samplePayment(2), [roomy], options),
    'approval',
    'A payment was recorded without its approval',
  )
  claimEqual(await usedOf(ledger, roomy), 10n, 'A payment that waits for its approval counts')
}

async function freezes(create: CreateLedger): Promise<void> {
  const ledger = await create()
  claimEqual(await ledger.frozen(), undefined, 'A new ledger is frozen')
  await reserves(ledger, samplePayment(1), [roomy], 'A payment within a limit was refused')
  const freeze = { reason: 'the owner said so', at: noon }
  await ledger.freeze(freeze)
  claimEqual(await ledger.frozen(), freeze, 'A freeze does not read back as it was made')
  for (const number of [1, 2]) {
    const answer = await ledger.reserve(samplePayment(number), [roomy])
    claim(!answer.ok && answer.reason === 'frozen', 'A frozen ledger recorded a payment, or handed one out')
    claimEqual(answer.freeze, freeze, 'A frozen ledger does not say why')
  }
  claimEqual(await usedOf(ledger, roomy), 10n, 'A frozen ledger counts what it refused')
  await ledger.update(sampleId(1), { status: 'claimed' })
  claimEqual((await ledger.get(sampleId(1)))?.status, 'claimed', 'A frozen ledger does not take news of its payments')
  await ledger.freeze(undefined)
  claimEqual(await ledger.frozen(), undefined, 'A ledger could not be unfrozen')
  await refuses(ledger, samplePayment(2), [sampleLimit(10n)], 'A payment went over a limit after a freeze')
  await reserves(ledger, samplePayment(2), [roomy], 'A ledger that was unfrozen records nothing')
}
