import { claim, claimEqual } from '../claim.js'
import { type CreateLedger, type LedgerContract, recordVia, reserves, roomy, usedOf } from './checks.js'
import type { Ledger } from '../../ports/ledger.js'
import type { Payment } from '../../types.js'
import { noon, sampleId, sampleLimit, samplePayment } from './sample-payment.js'

/** What becomes of a purchase that is made again. */
export const purchaseContract: LedgerContract = {
  'an id that counts is answered with its payment, even when limits are used up': answersWithExisting,
  'a payment counts as sent again only where it is for the same terms, and may be': presentsWhatIsSent,
  'an id that was released can be reserved anew': reservesAnew,
  'the same request is answered with its payment while nobody has resolved that': findsUnresolved,
  'an unresolved payment binds while it can be settled, and for a while after it was last sent': bindsForAWhile,
  'an unresolved payment binds, however many later ones of the same request are over': bindsBehindOthers,
  'a payment whose answer broke off is unresolved again': takesBackClaims,
}

async function answersWithExisting(create: CreateLedger): Promise<void> {
  const full = sampleLimit(10n)
  for (const status of ['authorized', 'claimed', 'unknown', 'confirmed'] as const) {
    const ledger = await create()
    await recordVia(ledger, status)
    // It is worth more by now.
    const again = samplePayment(1, { amount: 10n, microUsd: 999n, createdAt: noon + 1 })
    const answer = await ledger.reserve(again, [full])
    const what = `A purchase whose payment is ${status} was not answered with that payment`
    claim(!answer.ok && answer.reason === 'exists', `${what}: it was ${answer.ok ? 'recorded' : answer.reason}`)
    const sent = { presentations: 2, sentAt: again.createdAt }
    const expected = { ...samplePayment(1), status, ...(status === 'confirmed' ? { undelivered: true } : sent) }
    claimEqual(answer.payment, expected, what)
    claimEqual(await ledger.get(sampleId(1)), expected, 'One more presentation was not recorded')
    claimEqual(await usedOf(ledger, full), 10n, 'A purchase that was made again counts twice')
    claimEqual((await ledger.list()).length, 1, 'A purchase that was made again is listed twice')
  }
}

async function presentsWhatIsSent(create: CreateLedger): Promise<void> {
  const { terms, asset } = samplePayment(1)
  const others: Readonly<Record<string, Partial<Payment>>> = {
    'another amount': { amount: 9n },
    'another payee': { payTo: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' },
    'another payer': { terms: { ...terms, payer: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' } },
    'another method': { terms: { ...terms, method: 'permit2' } },
    'another network': { asset: { ...asset, network: 'eip155:8453' } },
    'another token': { asset: { ...asset, address: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913' } },
    'another scheme': { scheme: 'upto' },
    'another request': { requestDigest: samplePayment(2).requestDigest },
  }
  for (const [what, different] of Object.entries(others)) {
    const ledger = await create()
    await recordVia(ledger, 'unknown')
    const answer = await ledger.reserve(samplePayment(1, { createdAt: noon + 1, ...different }), [roomy])
    const known = { ...samplePayment(1), status: 'unknown' } as const
    claimEqual(answer, { ok: false, reason: 'exists', payment: known }, `A payment was presented for ${what}`)
    claimEqual(await ledger.get(sampleId(1)), known, `A payment counts as sent again for ${what}`)
  }
  const ledger = await create()
  await recordVia(ledger, 'unknown')
  const presentations: number[] = []
  for (let after = 1; after < 6; after += 1) {
    const answer = await ledger.reserve(samplePayment(1, { createdAt: noon + after }), [roomy])
    if (!answer.ok && answer.reason === 'exists') presentations.push(answer.payment.presentations)
  }
  claimEqual(presentations, [2, 3, 4, 4, 4], 'A payment that may not be sent any more counts as sent again')
  claimEqual((await ledger.get(sampleId(1)))?.sentAt, noon + 3, 'A payment that is not sent any more was sent last')
}

async function reservesAnew(create: CreateLedger): Promise<void> {
  for (const status of ['released', 'expired', 'cancelled'] as const) {
    const ledger = await create()
    await recordVia(ledger, status)
    const anew = samplePayment(1, { microUsd: 20n, createdAt: noon + 1 })
    await reserves(ledger, anew, [roomy], `A purchase whose payment is ${status} could not be made anew`)
    claimEqual(await ledger.get(sampleId(1)), anew, 'A purchase that was made anew is not recorded as it is now')
    claimEqual(await usedOf(ledger, roomy), 20n, 'A purchase that was made anew does not count once')
  }
}

/** A payment of the same request as the first sample. */
function twin(number: number, createdAt: number = noon): Payment {
  return samplePayment(number, { createdAt, requestDigest: samplePayment(1).requestDigest })
}

async function findsUnresolved(create: CreateLedger): Promise<void> {
  const hour = { unresolvedForMs: 3_600_000 }
  for (const status of ['authorized', 'unknown', 'confirmed'] as const) {
    const ledger = await create()
    await recordVia(ledger, status)
    const what = `A request whose payment is ${status}, with no answer, was not answered with that payment`
    const answer = await ledger.reserve(twin(2), [roomy], hour)
    claim(!answer.ok && answer.reason === 'exists' && answer.payment.id === sampleId(1), what)
    const presentations = status === 'confirmed' ? 1 : 2
    claimEqual(answer.payment.presentations, presentations, 'One more presentation was not recorded')
    claimEqual(
      await ledger.get(sampleId(2)),
      undefined,
      'A request that was answered with a payment was recorded as well',
    )
    claimEqual(
      await ledger.reserve(twin(3), [roomy]),
      { ok: true },
      'A request was answered with another that it did not ask for',
    )
  }
  for (const status of ['claimed', 'released', 'expired', 'cancelled'] as const) {
    const ledger = await create()
    await recordVia(ledger, status)
    const what = `A request was answered with a payment that is ${status}`
    claimEqual(await ledger.reserve(twin(2), [roomy], hour), { ok: true }, what)
  }
  const ledger = await create()
  await recordVia(ledger, 'released')
  await ledger.reserve(samplePayment(1, { requestDigest: samplePayment(5).requestDigest }), [roomy])
  const other = await ledger.reserve(twin(2), [roomy], hour)
  claimEqual(other, { ok: true }, 'A request was answered with a payment that was of the same request once')
}

async function bindsForAWhile(create: CreateLedger): Promise<void> {
  const { countsUntil } = samplePayment(1)
  const reserveAt = async (ledger: Ledger, createdAt: number, unresolvedForMs: number) =>
    ledger.reserve(twin(2, createdAt), [roomy], { unresolvedForMs })
  const live = await create()
  await recordVia(live, 'unknown')
  const early = await reserveAt(live, countsUntil - 1, 0)
  claim(!early.ok && early.reason === 'exists', 'A request was not answered with a payment that can still be settled')
  const over = await reserveAt(live, countsUntil, 0)
  claimEqual(over, { ok: true }, 'A request was answered with a payment that is over, and was sent long ago')
  const sent = await create()
  await recordVia(sent, 'unknown')
  const hour = 3_600_000
  const late = await reserveAt(sent, noon + hour - 1, hour)
  claim(!late.ok && late.reason === 'exists', 'A request was not answered with an unresolved payment of the last hour')
  const later = await reserveAt(sent, noon + 2 * hour - 2, hour)
  claim(!later.ok && later.reason === 'exists', 'Sending a payment again does not let it bind for longer')
  const last = await reserveAt(sent, noon + 3 * hour, hour)
  claimEqual(last, { ok: true }, 'A request was answered with a payment that was last sent over an hour ago')
  const held = await create()
  const { terms } = samplePayment(1)
  const openUntil = countsUntil / 1000 + 86_400
  await held.reserve(samplePayment(1, { terms: { ...terms, openUntil } }), [roomy])
  const nextDay = await reserveAt(held, openUntil * 1000 - 1, 0)
  claim(!nextDay.ok && nextDay.reason === 'exists', 'A request was not answered with a payment that is held open')
  const after = await reserveAt(held, openUntil * 1000, 0)
  claimEqual(after, { ok: true }, 'A request was answered with a payment that is held open no more')
}

/** Later purchases of the same request, which are over sooner, do not hide one that can still be settled. */
async function bindsBehindOthers(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const { countsUntil, terms } = samplePayment(1)
  const long = { countsUntil: countsUntil + 600_000, terms: { ...terms, validBefore: terms.validBefore + 600 } }
  await ledger.reserve(samplePayment(1, long), [roomy])
  for (let number = 2; number < 42; number += 1) await ledger.reserve(twin(number), [roomy])
  const answer = await ledger.reserve(twin(50, countsUntil), [roomy], { unresolvedForMs: 0 })
  const what = 'A request was not answered with a payment that can still be settled, since many later ones are over'
  claim(!answer.ok && answer.reason === 'exists' && answer.payment.id === sampleId(1), what)
}

async function takesBackClaims(create: CreateLedger): Promise<void> {
  const hour = { unresolvedForMs: 3_600_000 }
  const ledger = await create()
  await recordVia(ledger, 'claimed')
  await ledger.update(sampleId(1), { status: 'unknown' })
  claimEqual((await ledger.get(sampleId(1)))?.status, 'claimed', 'A late word of the server took back a claim')
  await ledger.update(sampleId(1), { status: 'unknown', undelivered: true })
  claimEqual((await ledger.get(sampleId(1)))?.status, 'unknown', 'An answer that broke off is taken for a whole one')
  const answer = await ledger.reserve(twin(2), [roomy], hour)
  claim(!answer.ok && answer.reason === 'exists', 'A request whose answer broke off was not answered with its payment')
  await ledger.update(sampleId(1), { status: 'claimed' })
  claimEqual((await ledger.get(sampleId(1)))?.undelivered, undefined, 'A whole answer did not deliver')
  await ledger.update(sampleId(1), { status: 'confirmed' })
  claimEqual(await ledger.reserve(twin(3), [roomy], hour), { ok: true }, 'What is delivered and confirmed still binds')
  await ledger.update(sampleId(1), { status: 'unknown', undelivered: true })
  const { status, undelivered } = (await ledger.get(sampleId(1))) ?? {}
  claimEqual({ status, undelivered }, { status: 'confirmed', undelivered: true }, 'A break after the proof is lost')
}
