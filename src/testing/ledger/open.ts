import type { PaymentUpdate } from '../../ports/ledger.js'
import type { Limit } from '../../types.js'
import { claimEqual } from '../claim.js'
import { type CreateLedger, type LedgerContract, refuses, reserves, usedOf } from './checks.js'
import { noon, rolling, sampleId, sampleLimit, samplePayment } from './sample-payment.js'

/** How payments are counted whose outcome nobody has said. */
export const openContract: LedgerContract = {
  'a limit on open payments counts those of which nobody has said what became of them': countsOpen,
  'a limit on payments without an answer counts those that are unknown': countsUnknown,
  'an open payment leaves a window when it would, and a refusal says when': leavesWindows,
  'of a hundred reservations at once as many are open as a limit allows': survivesParallel,
  'a payment that takes the place of an open one counts as open once': renewsOnce,
}

const limitOn = (measure: Limit['measure'], max: bigint, window: Limit['window'] = { type: 'lifetime' }): Limit =>
  sampleLimit(max, { name: `limit on ${measure}`, measure, window })

const paths: readonly (readonly [path: readonly PaymentUpdate['status'][], open: bigint, unknown: bigint])[] = [
  [[], 1n, 0n],
  [['unknown'], 1n, 1n],
  [['unknown', 'unknown'], 1n, 1n],
  [['claimed'], 0n, 0n],
  [['unknown', 'claimed'], 0n, 0n],
  [['confirmed'], 0n, 0n],
  [['unknown', 'confirmed'], 0n, 0n],
  [['claimed', 'confirmed'], 0n, 0n],
  [['released'], 0n, 0n],
  [['unknown', 'expired'], 0n, 0n],
  [['claimed', 'cancelled'], 0n, 0n],
]

async function countsOpen(create: CreateLedger): Promise<void> {
  await countsAlong(create, 'open')
}

async function countsUnknown(create: CreateLedger): Promise<void> {
  await countsAlong(create, 'unknown')
  const ledger = await create()
  for (const number of [1, 2, 3]) {
    await reserves(ledger, samplePayment(number), [limitOn('unknown', 1n)], 'A payment counts as unknown before it is')
  }
}

/** Every way that a payment can take, in a counter of its own: looked at before it, and only after it. */
async function countsAlong(create: CreateLedger, measure: 'open' | 'unknown'): Promise<void> {
  const ledger = await create()
  for (const [index, [path, open, unknown]] of paths.entries()) {
    for (const isWatched of [true, false]) {
      const scope = `${isWatched ? 'watched' : 'unwatched'}:${index}`
      const first = 3 * (2 * index + (isWatched ? 0 : 1))
      const payment = (number: number) => samplePayment(first + number, { scopes: [scope], microUsd: 700n })
      const expected = measure === 'open' ? open : unknown
      const limit = { ...limitOn(measure, expected + 1n), scope }
      const what = `A payment that went from authorized to ${path.join(' to ')} does not count as ${measure} as it should`
      await reserves(ledger, payment(0), isWatched ? [limit] : [], 'A payment was refused although none is open')
      for (const status of path) await ledger.update(sampleId(first), { status })
      claimEqual(await usedOf(ledger, limit), expected, what)
      await reserves(ledger, payment(1), [limit], `${what}: the next one was refused`)
      await ledger.update(sampleId(first + 1), { status: 'unknown' })
      const refusal = await refuses(ledger, payment(2), [limit], `${what}: one too many was recorded`)
      claimEqual(refusal.used, expected + 1n, `${what}: a refusal says another number`)
    }
  }
}

async function leavesWindows(create: CreateLedger): Promise<void> {
  const hour = 3_600_000
  for (const measure of ['open', 'unknown'] as const) {
    const ledger = await create()
    const limit = limitOn(measure, 2n, rolling(3600))
    // The first in time to leave is the one in the middle, and one that is claimed does not make room.
    const until = [noon + 9000, noon + 5000, noon + 7000, noon + 1000]
    for (const [index, countsUntil] of until.entries()) {
      await reserves(ledger, samplePayment(index, { countsUntil }), [], 'A payment without limits was refused')
      await ledger.update(sampleId(index), { status: 'unknown' })
    }
    await ledger.update(sampleId(3), { status: 'claimed' })
    const refusal = await refuses(ledger, samplePayment(9), [limit], `Too many payments are ${measure}`)
    const what = `A limit on ${measure} payments does not say when the next one fits`
    claimEqual({ used: refusal.used, fitsAt: refusal.fitsAt }, { used: 3n, fitsAt: noon + 7000 + hour }, what)
    const [usage] = await ledger.usage([limit], noon)
    claimEqual(usage?.freesAt, noon + 5000 + hour, `A limit on ${measure} payments does not say when one leaves`)
    const early = samplePayment(10, { createdAt: noon + 7000 + hour - 1 })
    await refuses(ledger, early, [limit], `A payment that is ${measure} left its window too early`)
    const due = samplePayment(10, { createdAt: noon + 7000 + hour })
    await reserves(ledger, due, [limit], `A payment that is ${measure} stayed in its window for too long`)
  }
}

async function survivesParallel(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const limit = limitOn('open', 10n)
  const tries = Array.from({ length: 100 }, (_, index) => ledger.reserve(samplePayment(index), [limit]))
  const recorded = (await Promise.all(tries)).flatMap(({ ok }, index) => (ok ? [index] : []))
  claimEqual(recorded.length, 10, 'Of 100 reservations at once under a limit of 10 open payments, not 10 were recorded')
  const claims = recorded.slice(0, 4).map((index) => ledger.update(sampleId(index), { status: 'claimed' }))
  const more = Array.from({ length: 50 }, (_, index) => ledger.reserve(samplePayment(100 + index), [limit]))
  await Promise.all([...claims, ...more])
  for (let number = 200; number < 210; number += 1) await ledger.reserve(samplePayment(number), [limit])
  claimEqual(await usedOf(ledger, limit), 10n, 'After answers and reservations at once, not as many are open as may be')
}

async function renewsOnce(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const limits = [limitOn('open', 1n), limitOn('unknown', 1n)]
  await reserves(ledger, samplePayment(1), limits, 'A payment was refused although none is open')
  await ledger.update(sampleId(1), { status: 'unknown' })
  const { terms } = samplePayment(1)
  const renewed = samplePayment(1, {
    createdAt: noon + 1000,
    terms: { ...terms, validBefore: terms.validBefore + 600 },
  })
  const answer = await ledger.reserve(renewed, limits, { renew: true })
  claimEqual(answer, { ok: true }, 'A payment stands in the way of the one that takes its place')
  const used = (await ledger.usage(limits, noon + 1000)).map((usage) => usage.used)
  claimEqual(used, [1n, 0n], 'A payment that took the place of an open one does not count once, as it stands')
}
