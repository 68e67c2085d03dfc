import type { Ledger } from '../../ports/ledger.js'
import type { SessionId } from '../../types.js'
import { claim, claimEqual } from '../claim.js'
import { type CreateLedger, type LedgerContract, roomy, usedOf } from './checks.js'
import { noon, sampleId, samplePayment } from './sample-payment.js'

/** How sessions are revoked. */
export const sessionContract: LedgerContract = {
  'a revoked session records nothing more, and neither does one that was made from it': revokes,
  'a session stays revoked, and the others go on': staysRevoked,
  'what asks has an end by the ledger’s time, which is not put off by a clock that is put back': ends,
  'news of a payment is taken after its session is revoked': takesNews,
}

const [wide, narrow, other] = [1, 2, 3].map((number): SessionId => `ses_${number.toString(16).padStart(32, '0')}`) as [
  SessionId,
  SessionId,
  SessionId,
]

/** Reserves the payment of a number, and answers whether it was recorded, or for which reason not. */
async function outcomeOf(ledger: Ledger, number: number, sessions: readonly SessionId[]): Promise<string> {
  const answer = await ledger.reserve(samplePayment(number), [roomy], { sessions })
  return answer.ok ? 'recorded' : answer.reason
}

async function revokes(create: CreateLedger): Promise<void> {
  const ledger = await create()
  claimEqual(await outcomeOf(ledger, 1, [wide, narrow]), 'recorded', 'A session that is not revoked cannot pay')
  await ledger.revokeSession(wide)
  const answer = await ledger.reserve(samplePayment(2), [roomy], { sessions: [other, wide] })
  claim(!answer.ok && answer.reason === 'revoked', 'A payment of a revoked session was recorded')
  claimEqual(answer.session, wide, 'A refusal does not name the session that is revoked')
  const made = await outcomeOf(ledger, 3, [wide, narrow])
  claimEqual(made, 'revoked', 'A session that was made from a revoked one can pay')
  const known = await outcomeOf(ledger, 1, [wide])
  claimEqual(known, 'revoked', 'A revoked session was handed a payment to send again')
  claimEqual((await ledger.get(sampleId(1)))?.presentations, 1, 'A refused presentation was recorded')
  claimEqual(await ledger.get(sampleId(2)), undefined, 'A payment of a revoked session was recorded')
  claimEqual(await usedOf(ledger, roomy), 10n, 'A payment of a revoked session counts')
}

async function staysRevoked(create: CreateLedger): Promise<void> {
  const ledger = await create()
  claimEqual(await ledger.revoked([wide, narrow]), undefined, 'A session is revoked from the start')
  await ledger.revokeSession(narrow)
  await ledger.revokeSession(narrow)
  claimEqual(await ledger.revoked([wide, narrow, other]), narrow, 'A revoked session is not named')
  await ledger.revokeSession(wide)
  claimEqual(await ledger.revoked([other, wide, narrow]), wide, 'Of two revoked sessions not the first is named')
  claimEqual(await ledger.revoked([]), undefined, 'No session at all is revoked')
  claimEqual(await outcomeOf(ledger, 1, [other]), 'recorded', 'A session was stopped by the end of another')
  claimEqual(await outcomeOf(ledger, 2, []), 'recorded', 'The wallet was stopped by the end of a session')
}

async function ends(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const outcomeAt = async (number: number, createdAt: number, notAfter: number): Promise<string> => {
    const answer = await ledger.reserve({ ...samplePayment(number), createdAt }, [roomy], { notAfter })
    return answer.ok ? 'recorded' : answer.reason
  }
  claimEqual(await outcomeAt(1, noon, noon + 1), 'recorded', 'A payment was refused before the end of what asks')
  claimEqual(await outcomeAt(2, noon, noon), 'late', 'A payment was recorded at the end of what asks')
  claimEqual(await outcomeAt(3, noon + 60_000, noon + 1), 'late', 'A payment was recorded after the end of what asks')
  claimEqual(await outcomeAt(4, noon - 60_000, noon + 1), 'late', 'A clock that was put back put off an end')
  claimEqual(
    await outcomeAt(1, noon + 60_000, noon + 1),
    'late',
    'A payment was handed out again after the end of what asks',
  )
  claimEqual(await usedOf(ledger, roomy), 10n, 'A payment after the end of what asks counts')
}

async function takesNews(create: CreateLedger): Promise<void> {
  const ledger = await create()
  await outcomeOf(ledger, 1, [wide])
  await ledger.revokeSession(wide)
  await ledger.update(sampleId(1), { status: 'claimed' })
  const { status } = (await ledger.get(sampleId(1))) ?? {}
  claimEqual(status, 'claimed', 'News of a payment is refused because its session is revoked')
}
