import type { Ledger } from '../../ports/ledger.js'
import type { Approval, Limit } from '../../types.js'
import { claim, claimEqual, claimRejects } from '../claim.js'
import { type CreateLedger, type LedgerContract, reserves, usedOf } from './checks.js'
import { sampleApproval } from './approvals.js'
import { noon, rolling, sampleLimit, samplePayment } from './sample-payment.js'

/** How a ledger that knows how time passes takes clients whose clocks are apart from it. */
export const clockContract: LedgerContract = {
  'a client whose clock is apart from the time that has passed is refused, and moves nothing': refusesApart,
  'the time may be told as far as it has passed, and a little further': followsTime,
  'clients that are each a little ahead do not make time pass faster': keepsPace,
  'to ask what is used moves no time': readsOnly,
  'an approval cannot be asked for or given at a time that has not come, and always be denied': guardsApprovals,
  "the owner can put the ledger's time right, on record, and nothing that is spent is forgotten": isPutRight,
}

const [minute, day] = [60_000, 86_400_000]
const daily: Limit = sampleLimit(10n, { window: rolling(86_400), measure: 'count', max: 2n })

/** A ledger that takes its time from us, where it can. */
async function timed(create: CreateLedger): Promise<{ ledger: Ledger; passed: { ms: number } }> {
  const passed = { ms: 1000 }
  return { ledger: await create({ monotonic: () => passed.ms }), passed }
}

async function refusesClock(ledger: Ledger, number: number, createdAt: number): Promise<void> {
  const answer = await ledger.reserve(samplePayment(number, { createdAt }), [daily])
  const what = `A client that is ${createdAt - noon} ms apart was not refused for its clock`
  claim(!answer.ok && answer.reason === 'clock', `${what}: ${answer.ok ? 'recorded' : answer.reason}`)
  claimEqual(answer.aheadMs, createdAt - noon, 'A refusal does not say how far the clock is apart')
}

async function refusesApart(create: CreateLedger): Promise<void> {
  const { ledger } = await timed(create)
  if (!ledger.setTime) return
  await reserves(ledger, samplePayment(1), [daily], 'The first time ever was refused')
  for (const apart of [day, 2 * day, 6 * minute, -6 * minute, -day]) await refusesClock(ledger, 2, noon + apart)
  await reserves(ledger, samplePayment(3, { createdAt: noon + minute }), [daily], 'An honest client was locked out')
  const over = await ledger.reserve(samplePayment(4, { createdAt: noon + 2 * minute }), [daily])
  claim(!over.ok && over.reason === 'limit', 'Clients that were refused moved a window on')
  claimEqual((await ledger.list()).length, 2, 'A client that was refused recorded a payment')
}

async function followsTime(create: CreateLedger): Promise<void> {
  const { ledger, passed } = await timed(create)
  if (!ledger.setTime) return
  await reserves(ledger, samplePayment(1), [daily], 'The first time ever was refused')
  passed.ms += 30 * day
  const later = noon + 30 * day
  await reserves(
    ledger,
    samplePayment(2, { createdAt: later + 4 * minute }),
    [daily],
    'A client that is right was refused',
  )
  await reserves(
    ledger,
    samplePayment(3, { createdAt: later - 4 * minute }),
    [daily],
    'A client that is right was refused',
  )
  const answer = await ledger.reserve(samplePayment(4, { createdAt: later + 90 * minute }), [daily])
  claim(!answer.ok && answer.reason === 'clock', 'A client that is ahead was not refused')
}

async function keepsPace(create: CreateLedger): Promise<void> {
  const { ledger } = await timed(create)
  if (!ledger.setTime) return
  let told = 0
  for (let number = 1; number <= 50; number += 1) {
    const answer = await ledger.reserve(samplePayment(number, { createdAt: noon + told + 4 * minute }), [])
    if (answer.ok && number > 1) told += 4 * minute
  }
  claim(told <= 10 * minute, `Clients that are four minutes ahead each made ${told} ms pass in no time`)
}

async function readsOnly(create: CreateLedger): Promise<void> {
  for (const ledger of [(await timed(create)).ledger, await create()]) {
    if (!ledger.setTime) return
    await reserves(ledger, samplePayment(1), [daily], 'A payment within a limit was refused')
    await reserves(ledger, samplePayment(2), [daily], 'A payment within a limit was refused')
    for (const now of [noon + 2 * day, noon + 400 * day]) await ledger.usage([daily], now)
    claimEqual(await usedOf(ledger, daily, noon), 2n, 'What is used was forgotten by looking at it at a later time')
    const answer = await ledger.reserve(samplePayment(3), [daily])
    claim(!answer.ok && answer.reason === 'limit', 'A window was moved on by looking at it at a later time')
    const entries = (await ledger.history?.(samplePayment(3).id)) ?? []
    claimEqual(entries.length, 0, 'A payment that was refused has a history')
  }
}

async function guardsApprovals(create: CreateLedger): Promise<void> {
  const { ledger } = await timed(create)
  if (!ledger.setTime) return
  const delay: Approval = { ...sampleApproval(1), kind: 'delay', requestedAt: noon, executableAt: noon + day }
  await ledger.requestApproval({ ...delay, expiresAt: noon + 2 * day })
  const far = { ...sampleApproval(2), requestedAt: noon + 30 * day, expiresAt: noon + 31 * day }
  await claimRejects(ledger.requestApproval(far), 'An approval was asked for at a time that has not come')
  const given = ledger.decideApproval(delay.id, 'approved', noon + day)
  await claimRejects(given, 'An approval was given at a time that has not come')
  const answer = await ledger.reserve(samplePayment(1), [], { approval: delay.id })
  claim(!answer.ok && answer.reason === 'approval', 'A delay came due by what clients said')
  const denied = await ledger.decideApproval(delay.id, 'denied', noon + 30 * day)
  claimEqual(denied?.status, 'denied', 'A no was not taken, since the clock of who said it is apart')
}

async function isPutRight(create: CreateLedger): Promise<void> {
  const { ledger } = await timed(create)
  if (!ledger.setTime) return
  await reserves(ledger, samplePayment(1), [daily], 'The first time ever was refused')
  await ledger.setTime(noon + 3 * day, 'it was behind')
  await reserves(ledger, samplePayment(2, { createdAt: noon + 3 * day }), [daily], 'A client that is right was refused')
  await ledger.setTime(noon + minute, 'it was right before')
  claimEqual(await usedOf(ledger, daily, noon + minute), 2n, 'What had left a window too early is forgotten')
  const over = await ledger.reserve(samplePayment(3, { createdAt: noon + minute }), [daily])
  claim(!over.ok && over.reason === 'limit', 'What had left a window too early counts no more')
  const audit = await ledger.audit?.()
  const events = audit?.map(({ number, event }) => ({ number, event }))
  const expected = [
    { number: 1, event: { type: 'time-set', from: noon, to: noon + 3 * day, reason: 'it was behind' } },
    { number: 2, event: { type: 'time-set', from: noon + 3 * day, to: noon + minute, reason: 'it was right before' } },
  ]
  if (audit) claimEqual(events, expected, "That the ledger's time was set is not on record")
}
