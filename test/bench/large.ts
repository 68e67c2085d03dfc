import { performance } from 'node:perf_hooks'
import { type Ledger, memoryLedger } from 'stipend'
import { sqliteLedger } from 'stipend/sqlite'
import { fillSqlite } from './fill-sqlite.ts'
import { createPayment, limits } from './payments.ts'

/** What is measured of a ledger of some size, in milliseconds. */
export type Measured = Readonly<Record<string, number>>

/** Measures a SQLite ledger that has so many payments already. */
export async function measureSqlite(count: number): Promise<Measured> {
  const now = Date.now()
  const { file, remove } = fillSqlite(count, now)
  try {
    // A window that nobody has asked for yet is added up once, and then kept.
    const first = sqliteLedger(file)
    await first.usage(limits, now)
    first.close()
    const start = performance.now()
    const ledger = sqliteLedger(file)
    const open = performance.now() - start
    return { open, ...(await measureLedger(ledger, 'session:none')) }
  } finally {
    remove()
  }
}

/** Measures a ledger in memory that holds so many payments. */
export async function measureMemory(count: number): Promise<Measured> {
  const ledger = memoryLedger({ keep: Number.POSITIVE_INFINITY })
  const now = Date.now()
  for (let number = count; number > 0; number -= 1) {
    await ledger.reserve(createPayment(now - Math.floor((number / count) * 80_000_000)), limits)
  }
  return measureLedger(ledger, 'session:none')
}

async function measureLedger(ledger: Ledger, scope: string): Promise<Measured> {
  const few = limits.map((limit) => ({ ...limit, max: 20_000n }))
  const none = limits.map((limit) => ({ ...limit, max: 10n }))
  return {
    reserve: await median(() => ledger.reserve(createPayment(), limits), 301),
    'refuse, a little over': await median(() => ledger.reserve(createPayment(), none)),
    'refuse, far over': await median(() => ledger.reserve(createPayment(), few)),
    usage: await median(() => ledger.usage(limits, Date.now())),
    'list 10': await median(() => ledger.list({ limit: 10 })),
    'list 10 by counter': await median(() => ledger.list({ limit: 10, scope: 'wallet' })),
    'list by counter, none': await median(() => ledger.list({ scope })),
    'list by label': await median(() => ledger.list({ labels: { task: 'task 7' } })),
  }
}

async function median(work: () => Promise<unknown>, rounds = 25): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now()
    await work()
    times.push(performance.now() - start)
  }
  return times.toSorted((one, other) => one - other)[rounds >> 1] ?? Number.NaN
}
