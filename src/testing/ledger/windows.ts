import type { Window } from '../../types.js'
import { claim, claimEqual } from '../claim.js'
import { type CreateLedger, type LedgerContract, refuses, reserves, usedOf } from './checks.js'
import { noon, rolling, sampleId, sampleLimit, samplePayment } from './sample-payment.js'

/** How a ledger lets limits free up as time goes on. */
export const windowContract: LedgerContract = {
  'a rolling window lets go of a payment its length after the instant that it counts until': rolls,
  'a calendar window holds the payments that count until an instant of its day or month': followsTheCalendar,
  'a clock that is set back frees nothing': frees,
  'a clock that jumped ahead and was set right again lets nothing slip through': outlivesJumps,
  'a refusal says from which instant on the payment fits, where time alone makes it fit': saysWhenItFits,
  'usage is what a reservation meets, and says when some of it is free again': agreesWithUsage,
}

const hour = 3_600_000
const day = 24 * hour

async function rolls(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const limit = sampleLimit(10n, { window: rolling(3600) })
  await reserves(
    ledger,
    samplePayment(1, { countsUntil: noon + 5000 }),
    [limit],
    'A payment within a limit was refused',
  )
  const leaves = noon + 5000 + hour
  for (const createdAt of [noon, noon + hour, leaves - 1]) {
    await refuses(
      ledger,
      samplePayment(2, { createdAt }),
      [limit],
      `A payment left a rolling window ${leaves - createdAt} ms too early`,
    )
  }
  await reserves(
    ledger,
    samplePayment(2, { createdAt: leaves }),
    [limit],
    'A payment stayed in a rolling window for too long',
  )
  const all = sampleLimit(100n)
  claimEqual(await usedOf(ledger, all, leaves), 20n, 'A payment left a window of a lifetime')
}

async function followsTheCalendar(create: CreateLedger): Promise<void> {
  const windows: readonly (readonly [Window, number, number])[] = [
    [{ type: 'calendar', period: 'day', timeZone: 'UTC' }, Date.UTC(2026, 2, 8), Date.UTC(2026, 2, 9)],
    [
      { type: 'calendar', period: 'day', timeZone: 'America/New_York' },
      Date.UTC(2026, 2, 8, 5),
      Date.UTC(2026, 2, 9, 4),
    ],
    [{ type: 'calendar', period: 'month', timeZone: 'UTC' }, Date.UTC(2026, 2, 1), Date.UTC(2026, 3, 1)],
    [
      { type: 'calendar', period: 'month', timeZone: 'Asia/Tokyo' },
      Date.UTC(2026, 1, 28, 15),
      Date.UTC(2026, 2, 31, 15),
    ],
  ]
  for (const [window, first, next] of windows) {
    const ledger = await create()
    const limit = sampleLimit(10n, { window })
    const what = JSON.stringify(window)
    const before = samplePayment(1, { createdAt: first - 1000, countsUntil: first - 1 })
    await reserves(ledger, before, [limit], `A payment within a limit was refused (${what})`)
    const opening = samplePayment(2, { createdAt: first, countsUntil: first })
    await reserves(ledger, opening, [limit], `A window holds what counted until the instant before it began (${what})`)
    const over = samplePayment(3, { createdAt: next - 1, countsUntil: next })
    const refusal = await refuses(
      ledger,
      over,
      [limit],
      `A window ended too early, or forgot its first instant (${what})`,
    )
    claimEqual(refusal.fitsAt, next, `A refusal does not say when the next window begins (${what})`)
    await reserves(ledger, { ...over, createdAt: next }, [limit], `A window did not begin when it should (${what})`)
    const late = samplePayment(4, { createdAt: next + hour })
    await refuses(ledger, late, [limit], `A window forgot a payment that counts until its first instant (${what})`)
  }
}

async function frees(create: CreateLedger): Promise<void> {
  const windows: readonly Window[] = [
    rolling(3600),
    { type: 'calendar', period: 'day', timeZone: 'UTC' },
    { type: 'lifetime' },
  ]
  for (const window of windows) {
    const ledger = await create()
    const limit = sampleLimit(10n, { window })
    await reserves(ledger, samplePayment(1), [limit], 'A payment within a limit was refused')
    for (const back of [1, hour, 2 * day, 400 * day]) {
      const early = samplePayment(2, { createdAt: noon - back })
      await refuses(
        ledger,
        early,
        [limit],
        `A ${window.type} limit was free again when the clock was set back ${back} ms`,
      )
    }
  }
}

async function outlivesJumps(create: CreateLedger): Promise<void> {
  const windows: readonly Window[] = [rolling(3600), { type: 'calendar', period: 'day', timeZone: 'UTC' }]
  for (const window of windows) {
    const ledger = await create()
    const limit = sampleLimit(10n, { window, measure: 'count' })
    await ledger.reserve(samplePayment(100, { createdAt: noon + 30 * day }), [limit])
    let recorded = 0
    for (let number = 0; number < 30; number += 1) {
      const answer = await ledger.reserve(samplePayment(number, { createdAt: noon + number }), [limit])
      if (answer.ok) recorded += 1
    }
    const what = `After the clock had jumped ahead and back, a ${window.type} limit of 10 payments let ${recorded} pass`
    claim(recorded <= 10, what)
  }
}

async function saysWhenItFits(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const limit = sampleLimit(12n, { window: rolling(60) })
  const cost = { microUsd: 4n }
  const leaves = [noon + 900_000, noon + 300_000, noon + 600_000]
  for (const [number, countsUntil] of leaves.entries()) {
    await reserves(
      ledger,
      samplePayment(number, { ...cost, countsUntil }),
      [limit],
      'A payment within a limit was refused',
    )
  }
  const asked = samplePayment(10, { microUsd: 7n, createdAt: noon + 1 })
  const { fitsAt } = await refuses(ledger, asked, [limit], 'A payment went over a limit')
  claimEqual(fitsAt, noon + 660_000, 'A refusal does not say when enough payments have left the window')
  const impossible = samplePayment(11, { microUsd: 13n, createdAt: noon + 1 })
  const never = await refuses(ledger, impossible, [limit], 'A payment above a limit was recorded')
  claimEqual(never.fitsAt, undefined, 'A payment that is above a limit by itself was promised to fit later')
  const forever = await refuses(ledger, asked, [sampleLimit(12n)], 'A payment went over a limit of a lifetime')
  claimEqual(forever.fitsAt, undefined, 'A payment was promised to fit later under a limit of a lifetime')
  await refuses(ledger, { ...asked, createdAt: noon + 659_999 }, [limit], 'A payment fitted before it was said to')
  await reserves(ledger, { ...asked, createdAt: noon + 660_000 }, [limit], 'A payment did not fit when it was said to')
}

async function agreesWithUsage(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const hourly = sampleLimit(100n, { window: rolling(3600) })
  const total = sampleLimit(100n)
  const count = sampleLimit(10n, { measure: 'count', window: rolling(3600) })
  const onePayment = sampleLimit(100n, { window: { type: 'payment' } })
  const limits = [hourly, total, count, onePayment]
  const unused = limits.map((limit) => ({ limit, used: 0n }))
  claimEqual(await ledger.usage(limits, noon), unused, 'The usage of a new ledger is not nothing')
  await ledger.reserve(samplePayment(1, { microUsd: 30n, countsUntil: noon + 2000 }), limits)
  await ledger.reserve(samplePayment(2, { microUsd: 20n, countsUntil: noon + 1000 }), limits)
  await ledger.update(sampleId(1), { status: 'claimed' })
  const usage = (now: number) => ledger.usage(limits, now)
  const expected = (money: bigint, payments: bigint, freesAt: number | undefined) => [
    { limit: hourly, used: money, freesAt },
    { limit: total, used: 50n },
    { limit: count, used: payments, freesAt },
    { limit: onePayment, used: 0n },
  ]
  claimEqual(await usage(noon), expected(50n, 2n, noon + 1000 + hour), 'Usage is not what was recorded')
  claimEqual(
    await usage(noon + 1000 + hour),
    expected(30n, 1n, noon + 2000 + hour),
    'Usage holds what has left its window',
  )
  claimEqual(await usage(noon + 2000 + hour), expected(0n, 0n, undefined), 'Usage holds what has left its window')
  const full = samplePayment(3, { microUsd: 100n, createdAt: noon + 2000 + hour })
  await reserves(ledger, full, [hourly], 'A payment was refused that usage has room for')
  const over = samplePayment(4, { microUsd: 51n, createdAt: noon + 2000 + hour })
  const refusal = await refuses(ledger, over, [total], 'A payment was recorded that usage has no room for')
  claimEqual(refusal.used, 150n, 'A refusal and usage differ in what is used')
}
