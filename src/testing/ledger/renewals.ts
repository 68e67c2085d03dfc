import { claim, claimEqual } from '../claim.js'
import { type CreateLedger, type LedgerContract, recordVia, roomy, usedOf } from './checks.js'
import { noon, sampleId, sampleLimit, samplePayment } from './sample-payment.js'

/** What becomes of a payment that is signed anew under its nonce. */
export const renewalContract: LedgerContract = {
  'a payment that is renewed takes the place of the old one and counts once': renews,
  'a payment that was sent counts as sent, also where who renews it does not know': keepsPresentations,
  'a payment is not renewed by one that ends before it': keepsTheLongerLived,
  'news of a payment from before it was renewed does not move it': ignoresOldNews,
}

async function renews(create: CreateLedger): Promise<void> {
  const ledger = await create()
  await recordVia(ledger, 'unknown')
  const { terms } = samplePayment(1)
  const later = noon + 600_000
  const renewed = samplePayment(1, {
    createdAt: later,
    terms: { ...terms, validBefore: terms.validBefore + 600 },
    presentations: 2,
    earlier: [{ amount: 9n, payTo: samplePayment(2).payTo }],
  })
  const unaware = { ...renewed, amount: samplePayment(1).amount - 1n }
  const overwritten = await ledger.reserve(unaware, [], { renew: true })
  claim(
    !overwritten.ok && overwritten.reason === 'exists',
    'A payment is renewed by one that does not name what was signed before, and counts without it',
  )
  const tight = sampleLimit(10n)
  const dear = { ...renewed, microUsd: 11n }
  const refusal = await ledger.reserve(dear, [tight], { renew: true })
  claim(
    !refusal.ok && refusal.reason === 'limit',
    'A payment that would go over a limit by being renewed is not refused for it',
  )
  claimEqual(await usedOf(ledger, tight), 10n, 'A payment that was not renewed does not count as before')
  claimEqual((await ledger.get(sampleId(1)))?.terms, terms, 'A payment that was not renewed is not as before')
  claimEqual(
    await ledger.reserve(renewed, [tight], { renew: true }),
    { ok: true },
    'An open payment could not be renewed',
  )
  claimEqual(await ledger.get(sampleId(1)), renewed, 'A payment that was renewed is not recorded as it is now')
  const forgetful = { ...renewed, terms: { ...terms, validBefore: terms.validBefore + 1200 }, earlier: undefined }
  const overwrittenAgain = await ledger.reserve(forgetful, [], { renew: true })
  claim(
    !overwrittenAgain.ok && overwrittenAgain.reason === 'exists',
    'A payment is renewed by one that names only some of what was signed before, and counts without the rest',
  )
  claimEqual(await usedOf(ledger, tight), 10n, 'A payment that was renewed does not count once')
  await ledger.update(sampleId(1), { status: 'claimed' })
  const paid = await ledger.reserve({ ...renewed, createdAt: later + 1 }, [tight], { renew: true })
  claim(!paid.ok && paid.reason === 'exists', 'A payment that was claimed could be renewed')
}

async function keepsPresentations(create: CreateLedger): Promise<void> {
  const ledger = await create()
  await recordVia(ledger, 'authorized')
  await ledger.reserve(samplePayment(1, { createdAt: noon + 1 }), [roomy])
  const { terms } = samplePayment(1)
  const renewed = samplePayment(1, {
    createdAt: noon + 2,
    terms: { ...terms, validBefore: terms.validBefore + 600 },
  })
  claimEqual(await ledger.reserve(renewed, [roomy], { renew: true }), { ok: true }, 'A payment was not renewed')
  const what = 'A payment that another call has sent was renewed as if nobody had'
  claimEqual(await ledger.get(sampleId(1)), { ...renewed, presentations: 2 }, what)
  await ledger.update(sampleId(1), { status: 'released', ifTerms: renewed.terms }).catch(() => undefined)
  claimEqual((await ledger.get(sampleId(1)))?.status, 'authorized', `${what}, and given back`)
}

async function keepsTheLongerLived(create: CreateLedger): Promise<void> {
  const ledger = await create()
  await recordVia(ledger, 'unknown')
  const { terms } = samplePayment(1)
  const shorter = samplePayment(1, { createdAt: noon + 1, terms: { ...terms, validBefore: terms.validBefore - 1 } })
  const answer = await ledger.reserve(shorter, [roomy], { renew: true })
  const what = 'A payment that can be settled for longer was replaced by one that ends before it'
  claim(!answer.ok && answer.reason === 'exists', what)
  claimEqual((await ledger.get(sampleId(1)))?.terms, terms, what)
}

async function ignoresOldNews(create: CreateLedger): Promise<void> {
  const ledger = await create()
  await recordVia(ledger, 'unknown')
  const { terms } = samplePayment(1)
  const renewed = samplePayment(1, {
    terms: { ...terms, validBefore: terms.validBefore + 600 },
    createdAt: noon + 1000,
  })
  await ledger.reserve(renewed, [roomy], { renew: true })
  await ledger.update(sampleId(1), { status: 'expired', ifTerms: terms }).catch(() => undefined)
  const what = 'The end of an authorization ended the one that has taken its place'
  claimEqual(await ledger.get(sampleId(1)), renewed, what)
  claimEqual(await usedOf(ledger, roomy), 10n, what)
  await ledger.update(sampleId(1), { status: 'expired', ifTerms: renewed.terms })
  claimEqual((await ledger.get(sampleId(1)))?.status, 'expired', 'News of a payment as it stands did not move it')
}
