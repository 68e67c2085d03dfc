import { hashRecord } from '../../ledger/journal.js'
import { encodePayment } from '../../ledger/codec.js'
import type { JournalEntry, Ledger } from '../../ports/ledger.js'
import type { Payment, PaymentId } from '../../types.js'
import { claim, claimEqual, claimRejects } from '../claim.js'
import { type CreateLedger, type LedgerContract, recordVia, reserves, roomy, usedOf } from './checks.js'
import { noon, sampleId, samplePayment } from './sample-payment.js'

/** What a ledger keeps of what became of a payment, and what its owner may say of it. */
export const journalContract: LedgerContract = {
  'every change of a payment is an entry of its history, each chained to the one before': keepsHistory,
  'what changes nothing adds no entry to a history': keepsQuiet,
  'a payment that is made again under its id goes on with its history': goesOn,
  'the owner can say of an unresolved payment that it was not paid, paid or delivered': resolves,
  'what a final block has shown is not for the owner to undo': keepsProof,
}

async function historyOf(ledger: Ledger, id: PaymentId): Promise<readonly JournalEntry[]> {
  return (await ledger.history?.(id)) ?? []
}

/** Checks that a history is whole, and ends with how the payment stands. */
async function claimChain(ledger: Ledger, id: PaymentId, statuses: readonly string[]): Promise<void> {
  if (!ledger.history) return
  const entries = await historyOf(ledger, id)
  const found = entries.map(({ payment }) => payment.status)
  claimEqual(found, statuses, 'A history does not have the changes of its payment, oldest first')
  let before: JournalEntry | undefined
  for (const entry of entries) {
    const { number, at, payment, previous, hash } = entry
    claimEqual(number, (before?.number ?? 0) + 1, 'The entries of a history are not counted from 1')
    claimEqual(previous, before?.hash ?? '', 'An entry of a history is not chained to the one before')
    const expected = hashRecord({ number, at, record: encodePayment(payment), previous })
    claimEqual(hash, expected, 'The hash of an entry is not that of its RFC 8785 form')
    claim(at >= (before?.at ?? 0), 'The time of a history runs back')
    before = entry
  }
  claimEqual(before?.payment, await ledger.get(id), 'A history does not end with how its payment stands')
}

async function keepsHistory(create: CreateLedger): Promise<void> {
  const ledger = await create()
  claimEqual(await historyOf(ledger, sampleId(1)), [], 'An unknown id has a history')
  const labels = { task: '', 'a "b"': "c'd\n", emoji: '🪙', ü: 'x' }
  const amount = (1n << 256n) - 1n
  await reserves(ledger, samplePayment(1, { labels, amount }), [roomy], 'A payment was refused')
  await reserves(ledger, samplePayment(2, { createdAt: noon + 5 }), [roomy], 'A payment was refused')
  await ledger.reserve(samplePayment(1, { amount, createdAt: noon + 10 }), [roomy])
  await ledger.update(sampleId(1), { status: 'unknown', note: 'no answer' })
  const receipt = { status: 'claimed', transaction: '0x1', network: 'eip155:84532', amount: 3n } as const
  await ledger.update(sampleId(1), { status: 'claimed', receipt })
  await ledger.update(sampleId(1), { status: 'confirmed' })
  await claimChain(ledger, sampleId(1), ['authorized', 'authorized', 'unknown', 'claimed', 'confirmed'])
  await claimChain(ledger, sampleId(2), ['authorized'])
  const [first, second] = await historyOf(ledger, sampleId(1))
  claimEqual(first?.at ?? noon, noon, 'An entry does not have the time of the ledger')
  claimEqual(second?.at ?? noon + 10, noon + 10, 'An entry does not have the time of the ledger')
  claimEqual(second?.payment.presentations ?? 2, 2, 'A history does not say that a payment was sent again')
}

async function keepsQuiet(create: CreateLedger): Promise<void> {
  const ledger = await create()
  await recordVia(ledger, 'claimed')
  await ledger.update(sampleId(1), { status: 'unknown' })
  await ledger.update(sampleId(1), { status: 'released' }).catch(() => undefined)
  await claimChain(ledger, sampleId(1), ['authorized', 'claimed'])
}

async function goesOn(create: CreateLedger): Promise<void> {
  const ledger = await create()
  await recordVia(ledger, 'unknown')
  const { terms } = samplePayment(1)
  const later = (seconds: number): Payment =>
    samplePayment(1, { createdAt: noon + 1, terms: { ...terms, validBefore: terms.validBefore + seconds } })
  claimEqual(await ledger.reserve(later(600), [roomy], { renew: true }), { ok: true }, 'A payment was not renewed')
  await ledger.update(sampleId(1), { status: 'expired' })
  await reserves(ledger, later(900), [roomy], 'A payment whose id is free was refused')
  await claimChain(ledger, sampleId(1), ['authorized', 'unknown', 'authorized', 'expired', 'authorized'])
}

async function resolves(create: CreateLedger): Promise<void> {
  const cases = [
    ['not-paid', 'released', 0n],
    ['paid', 'claimed', 10n],
    ['delivered', 'claimed', 10n],
  ] as const
  for (const [as, status, used] of cases) {
    for (const before of ['authorized', 'unknown', 'claimed'] as const) {
      const ledger = await create()
      await recordVia(ledger, before)
      await ledger.reserve(samplePayment(1), [roomy])
      const resolution = { by: 'owner', as, reason: 'the bank statement says so' } as const
      const what = `An owner's word that a payment is ${as}, which was ${before}`
      const resolved = await ledger.update(sampleId(1), { status, resolution })
      claimEqual({ status: resolved.status, resolution: resolved.resolution }, { status, resolution }, what)
      claimEqual(await ledger.get(sampleId(1)), resolved, `${what}, is not kept`)
      claimEqual(await usedOf(ledger, roomy), used, `${what}, does not show in what counts`)
      const twin = samplePayment(2, { requestDigest: samplePayment(1).requestDigest })
      const answer = await ledger.reserve(twin, [roomy], { unresolvedForMs: 3_600_000 })
      claimEqual(answer, { ok: true }, `${what}, leaves it in the way of an identical request`)
      claimEqual(
        (await historyOf(ledger, sampleId(1))).at(-1)?.payment ?? resolved,
        resolved,
        `${what}, is not on record`,
      )
    }
  }
}

async function keepsProof(create: CreateLedger): Promise<void> {
  const resolution = { by: 'owner', as: 'not-paid', reason: 'I say so' } as const
  for (const status of ['confirmed', 'expired', 'cancelled', 'released'] as const) {
    const ledger = await create()
    await recordVia(ledger, status)
    for (const next of ['released', 'claimed'] as const) {
      const undone = ledger.update(sampleId(1), { status: next, resolution })
      await claimRejects(undone, `A payment that is ${status} for good became ${next} on its owner's word`)
    }
  }
  const ledger = await create()
  await recordVia(ledger, 'unknown', 'confirmed')
  const twin = samplePayment(2, { requestDigest: samplePayment(1).requestDigest })
  const options = { unresolvedForMs: 3_600_000 }
  const first = await ledger.reserve(twin, [roomy], options)
  claim(!first.ok && first.reason === 'exists', 'What was paid and not delivered does not stand in the way')
  const paid = { by: 'owner', as: 'paid', reason: 'I know' } as const
  await ledger.update(sampleId(1), { status: 'confirmed', resolution: paid })
  claimEqual(
    await ledger.reserve(twin, [roomy], options),
    { ok: true },
    'What its owner has resolved stands in the way',
  )
  await ledger.update(sampleId(1), { status: 'unknown', undelivered: true }).catch(() => undefined)
  claimEqual((await ledger.get(sampleId(1)))?.resolution, paid, "A late answer undid the owner's word")
}
