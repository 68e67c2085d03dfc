import type { PaymentUpdate } from '../../ports/ledger.js'
import type { PaymentStatus } from '../../types.js'
import { claimEqual, claimRejects } from '../claim.js'
import { type CreateLedger, type LedgerContract, recordVia, refuses, reserves, roomy, usedOf } from './checks.js'
import { sampleId, samplePayment } from './sample-payment.js'

/** How payments move on, and which of them count. */
export const lifecycleContract: LedgerContract = {
  'a payment moves on from one status to the next, and keeps its receipt': movesOn,
  'a payment counts unless it is released, expired or cancelled': counts,
  'a payment of a maximum counts as that, until a final block shows that less was taken': countsWhatWasTaken,
  'what comes late does not undo a claim or an end': isNotUndone,
  'a payment that was released twice is let go of once': releasesOnce,
  'a payment that was sent twice cannot be released': keepsShared,
  'an update of an unknown id throws': async (create) => {
    const ledger = await create()
    await claimRejects(ledger.update(sampleId(1), { status: 'claimed' }), 'An update of an unknown id was accepted')
    claimEqual(await ledger.list(), [], 'An update of an unknown id made a payment')
  },
}

async function movesOn(create: CreateLedger): Promise<void> {
  const paths: readonly (readonly PaymentStatus[])[] = [
    ['claimed', 'confirmed'],
    ['claimed', 'expired'],
    ['unknown', 'claimed'],
    ['unknown', 'unknown', 'confirmed'],
    ['unknown', 'cancelled'],
    ['released'],
    ['confirmed'],
    ['expired'],
    ['cancelled'],
  ]
  for (const path of paths) {
    const ledger = await create()
    await recordVia(ledger, ...path)
    const what = `A payment did not move from authorized to ${path.join(' to ')}`
    claimEqual((await ledger.get(sampleId(1)))?.status, path.at(-1), what)
  }
  const ledger = await create()
  const receipt = { status: 'claimed', transaction: '0x1', network: 'eip155:84532', amount: 1n << 200n } as const
  await recordVia(ledger)
  await ledger.update(sampleId(1), { status: 'claimed', receipt })
  await ledger.update(sampleId(1), { status: 'confirmed', note: 'seen' })
  const { status, receipt: kept, note } = (await ledger.get(sampleId(1))) ?? {}
  claimEqual({ status, kept, note }, { status: 'confirmed', kept: receipt, note: 'seen' }, 'An update lost the receipt')
}

async function counts(create: CreateLedger): Promise<void> {
  const counting: readonly PaymentStatus[] = ['authorized', 'claimed', 'unknown', 'confirmed']
  const free: readonly PaymentStatus[] = ['released', 'expired', 'cancelled']
  for (const status of [...counting, ...free]) {
    const ledger = await create()
    await recordVia(ledger, status)
    const expected = counting.includes(status) ? 10n : 0n
    claimEqual(await usedOf(ledger, roomy), expected, `A payment that is ${status} does not count as it should`)
    const fits = samplePayment(2, { microUsd: 1000n - expected })
    await refuses(
      ledger,
      { ...fits, microUsd: 1001n - expected },
      [roomy],
      `A payment went over a limit beside a ${status} one`,
    )
    await reserves(ledger, fits, [roomy], `A payment was refused beside a ${status} one that leaves it room`)
  }
}

async function countsWhatWasTaken(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const { terms, ...sample } = samplePayment(1, { microUsd: 100n })
  const payment = { ...sample, terms: { ...terms, isMaximum: true } }
  await reserves(ledger, payment, [roomy], 'A payment of a maximum within a limit was refused')
  const receipt = { transaction: '0x1', network: payment.asset.network, amount: 40n } as const
  await ledger.update(payment.id, { status: 'claimed', receipt: { ...receipt, status: 'claimed' } })
  claimEqual(await usedOf(ledger, roomy), 100n, 'What a server says it took freed the rest of the maximum')
  await ledger.update(payment.id, { status: 'confirmed', receipt: { ...receipt, status: 'confirmed' } })
  claimEqual(await usedOf(ledger, roomy), 40n, 'A payment of which less was taken does not count as that')
  const { amount, receipt: kept } = (await ledger.get(payment.id)) ?? {}
  claimEqual([amount, kept?.amount], [100n, 40n], 'The maximum and what was taken are not both kept')
  await reserves(ledger, samplePayment(2, { microUsd: 960n }), [roomy], 'What was not taken is not free again')
}

async function isNotUndone(create: CreateLedger): Promise<void> {
  const late: readonly (readonly [PaymentStatus, readonly PaymentUpdate['status'][]])[] = [
    ['claimed', ['unknown', 'released']],
    ['unknown', ['released']],
    ['confirmed', ['claimed', 'unknown', 'released', 'expired', 'cancelled']],
    ['released', ['claimed', 'unknown', 'confirmed', 'expired', 'cancelled']],
    ['expired', ['claimed', 'unknown', 'released', 'confirmed', 'cancelled']],
    ['cancelled', ['claimed', 'unknown', 'released', 'confirmed', 'expired']],
  ]
  for (const [status, updates] of late) {
    const ledger = await create()
    await recordVia(ledger, status)
    const used = await usedOf(ledger, roomy)
    for (const update of updates) {
      const what = `A payment that was ${status} was changed by the word that it is ${update}`
      await ledger.update(sampleId(1), { status: update }).catch(() => undefined)
      claimEqual((await ledger.get(sampleId(1)))?.status, status, what)
      claimEqual(await usedOf(ledger, roomy), used, `${what}, in what counts`)
    }
  }
}

async function releasesOnce(create: CreateLedger): Promise<void> {
  const ledger = await create()
  await reserves(ledger, samplePayment(2), [roomy], 'A payment within a limit was refused')
  await recordVia(ledger)
  const release = () => ledger.update(sampleId(1), { status: 'released' }).catch(() => undefined)
  await Promise.all([release(), release(), release()])
  await release()
  claimEqual(await usedOf(ledger, roomy), 10n, 'A payment that was released several times was not let go of once')
}

async function keepsShared(create: CreateLedger): Promise<void> {
  const ledger = await create()
  await recordVia(ledger)
  await ledger.reserve(samplePayment(1), [roomy])
  const what = 'A payment that another call may have sent was released'
  await claimRejects(ledger.update(sampleId(1), { status: 'released' }), what)
  claimEqual(await usedOf(ledger, roomy), 10n, what)
}
