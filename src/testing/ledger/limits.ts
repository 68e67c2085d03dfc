import type { Ledger } from '../../ports/ledger.js'
import { claim, claimEqual, claimRejects } from '../claim.js'
import { type CreateLedger, type LedgerContract, refuses, reserves, usedOf } from './checks.js'
import { rolling, sampleId, sampleLimit, samplePayment } from './sample-payment.js'

/** How a ledger enforces limits. */
export const limitContract: LedgerContract = {
  'a payment that reaches a limit exactly is recorded, and one unit more is refused': reachesExactly,
  'a refused reservation leaves nothing behind': leavesNothing,
  'several limits hold all at once, or nothing is recorded': holdsAll,
  'each scope is counted for itself': countsScopes,
  'a limit on one payment looks at that payment alone': limitsOnePayment,
  'of a hundred reservations at once as many are recorded as a limit allows': survivesParallel,
  'of twenty reservations of one id at once one is recorded': recordsOnce,
  'sums are exact beyond 53 bits and never wrap around': sumsExactly,
}

async function reachesExactly(create: CreateLedger): Promise<void> {
  for (const window of [{ type: 'lifetime' }, rolling(3600)] as const) {
    const ledger = await create()
    const limit = sampleLimit(100n, { window })
    await reserves(ledger, samplePayment(1, { microUsd: 60n }), [limit], 'A payment within a limit was refused')
    const over = await refuses(
      ledger,
      samplePayment(2, { microUsd: 41n }),
      [limit],
      'A payment went one unit over a limit',
    )
    claimEqual(over.limit, limit, 'A refusal does not name the limit')
    claimEqual(over.used, 60n, 'A refusal does not say how much of the limit was used')
    await reserves(
      ledger,
      samplePayment(3, { microUsd: 40n }),
      [limit],
      'A payment that reaches a limit exactly was refused',
    )
    await refuses(ledger, samplePayment(4, { microUsd: 1n }), [limit], 'A payment went over a limit that was used up')
  }
  const ledger = await create()
  const one = sampleLimit(1n, { measure: 'count' })
  await reserves(ledger, samplePayment(1), [one], 'The first payment was refused by a limit of one')
  const second = await refuses(ledger, samplePayment(2), [one], 'A second payment was recorded under a limit of one')
  claimEqual(second.used, 1n, 'A refusal does not say how many payments there were')
  await refuses(await create(), samplePayment(1), [sampleLimit(0n)], 'A payment was recorded under a limit of nothing')
}

async function leavesNothing(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const limit = sampleLimit(5n)
  await refuses(ledger, samplePayment(1), [limit], 'A payment went over a limit')
  claimEqual(await ledger.get(sampleId(1)), undefined, 'A refused payment is in the ledger')
  claimEqual(await ledger.list(), [], 'A refused payment is listed')
  claimEqual(await usedOf(ledger, limit), 0n, 'A refused payment counts')
  await claimRejects(ledger.update(sampleId(1), { status: 'claimed' }), 'A refused payment can be updated')
  await reserves(
    ledger,
    samplePayment(1, { microUsd: 5n }),
    [limit],
    'A refused payment stands in the way of one that fits',
  )
}

async function holdsAll(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const wide = sampleLimit(1000n, { name: 'wide' })
  const narrow = sampleLimit(15n, { name: 'narrow', window: rolling(3600) })
  const few = sampleLimit(2n, { name: 'few', measure: 'count', scope: 'host:api.example.com' })
  await reserves(ledger, samplePayment(1), [wide, narrow, few], 'A payment within all limits was refused')
  for (const limits of [
    [wide, narrow, few],
    [few, narrow, wide],
  ]) {
    const answer = await refuses(ledger, samplePayment(2), limits, 'A payment went over one of three limits')
    claimEqual(answer.limit, narrow, 'A refusal names a limit that was not the one in the way')
  }
  claimEqual(await usedOf(ledger, wide), 10n, 'A refused payment counts in the limits that it fitted')
  claimEqual(await usedOf(ledger, few), 1n, 'A refused payment counts in the limits that it fitted')
}

async function countsScopes(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const a = sampleLimit(10n, { scope: 'host:a.example' })
  const b = sampleLimit(10n, { scope: 'host:b.example' })
  const both = sampleLimit(20n)
  const toA = { scopes: ['wallet', 'host:a.example'] }
  const toB = { scopes: ['wallet', 'host:b.example'] }
  await reserves(ledger, samplePayment(1, toA), [a, both], 'A payment within its limits was refused')
  await refuses(ledger, samplePayment(2, toA), [a, both], 'A payment went over the limit of its own scope')
  await reserves(ledger, samplePayment(3, toB), [b, both], 'A payment was refused for what another scope has used')
  claimEqual(await usedOf(ledger, both), 20n, 'A payment does not count in each of its scopes')
  claimEqual(await usedOf(ledger, sampleLimit(1n, { scope: 'host:c.example' })), 0n, 'A scope without payments is used')
  const toC = { scopes: ['wallet', 'host:c.example'] }
  await refuses(ledger, samplePayment(4, toC), [both], 'A payment went over a limit on all scopes together')
}

async function limitsOnePayment(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const limit = sampleLimit(10n, { window: { type: 'payment' } })
  for (const number of [1, 2, 3]) {
    await reserves(ledger, samplePayment(number), [limit], 'A payment was refused for what others had cost')
  }
  const answer = await refuses(
    ledger,
    samplePayment(4, { microUsd: 11n }),
    [limit],
    'A payment was above the limit on one',
  )
  claimEqual(answer.fitsAt, undefined, 'A payment that is too large was promised to fit later')
}

async function survivesParallel(create: CreateLedger): Promise<void> {
  for (const window of [{ type: 'lifetime' }, rolling(3600)] as const) {
    for (const measure of ['microUsd', 'count'] as const) {
      const ledger = await create()
      const limit = sampleLimit(measure === 'count' ? 10n : 100n, { window, measure })
      const tries = Array.from({ length: 100 }, (_, index) => ledger.reserve(samplePayment(index), [limit]))
      const recorded = (await Promise.all(tries)).filter(({ ok }) => ok).length
      const what = `Of 100 reservations at once under a ${window.type} limit for 10 (${measure}), not 10 were recorded`
      claimEqual(recorded, 10, what)
      claimEqual((await ledger.list({ limit: 1000 })).length, 10, `${what}, by the list`)
      claimEqual(
        await usedOf(ledger, limit),
        limit.max,
        'After reservations at once, what counts is not what was recorded',
      )
    }
  }
}

async function recordsOnce(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const limit = sampleLimit(1000n)
  const answers = await Promise.all(Array.from({ length: 20 }, () => ledger.reserve(samplePayment(1), [limit])))
  claimEqual(
    answers.filter(({ ok }) => ok).length,
    1,
    'One id was not recorded exactly once by 20 reservations at once',
  )
  const others = answers.filter((answer) => !answer.ok && answer.reason === 'exists').length
  claimEqual(others, 19, 'Reservations at once of an id that was recorded are not answered with its payment')
  claimEqual(await usedOf(ledger, limit), 10n, 'One id that was reserved 20 times at once does not count once')
}

async function sumsExactly(create: CreateLedger): Promise<void> {
  const beyond = (1n << 53n) + 1n
  const ledger = await create()
  const limit = sampleLimit(2n * beyond + 1n)
  await reserves(ledger, samplePayment(1, { microUsd: beyond }), [limit], 'A large payment within a limit was refused')
  await reserves(ledger, samplePayment(2, { microUsd: beyond }), [limit], 'A large payment within a limit was refused')
  claimEqual(await usedOf(ledger, limit), 2n * beyond, 'Large payments are not added up exactly')
  await refuses(ledger, samplePayment(3, { microUsd: 2n }), [limit], 'A payment went over a limit after large ones')
  await neverWraps(await create())
}

/** A ledger may fail to record what it cannot add up, but not record it and count less. */
async function neverWraps(ledger: Ledger): Promise<void> {
  const huge = (1n << 63n) - 1n
  const limit = sampleLimit((1n << 256n) - 1n)
  let recorded = 0n
  for (const number of [1, 2, 3]) {
    const answer = await ledger.reserve(samplePayment(number, { microUsd: huge }), [limit]).catch(() => undefined)
    if (answer?.ok) recorded += huge
  }
  const used = (await usedOf(ledger, limit)) ?? 0n
  claim(used >= recorded, 'Huge payments were recorded, and count as less than they are')
  const answer = await ledger
    .reserve(samplePayment(4, { microUsd: huge }), [sampleLimit(huge - 1n)])
    .catch(() => undefined)
  claim(answer?.ok !== true, 'A huge payment went over a limit')
}
