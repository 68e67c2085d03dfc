import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { allowHosts, createAgentWallet, isStipendError, type Ledger, maxLiveHolds, spendingLimit } from 'stipend'
import { postgresLedger } from 'stipend/postgres'
import { sqliteLedger } from 'stipend/sqlite'
import { testKeyStore, testRandom } from 'stipend/testing'

/** What a process of the soak is given. */
export type BuyerOptions = {
  /** A SQLite file, or the socket of a PostgreSQL server. */
  readonly file?: string | undefined
  readonly socket?: string | undefined
  readonly shop: string
  readonly seed: number
  readonly limitUsd: number
  /** How many things there are to buy; each is bought once by all processes together. */
  readonly items: number
}

/** What a process of the soak says now and then. */
export type BuyerReport = {
  readonly calls: number
  readonly answered: number
  readonly refused: number
  /** What a call failed with that it may not fail with. */
  readonly odd: readonly string[]
  /** Payments that an event has told of as settled, since the last report. */
  readonly settled: readonly string[]
  readonly heapMb: number
}

const options = JSON.parse(process.argv[2] ?? '{}') as BuyerOptions
const random = testRandom(options.seed)
const hour = 3_600_000
let clockIsOffBy = 0
const wallet = createAgentWallet({
  keyStore: testKeyStore(),
  ledger: openLedger(options),
  clock: () => Date.now() + clockIsOffBy,
  policy: [
    allowHosts(['http://127.0.0.1:*']),
    spendingLimit({ dailyLimitUsd: options.limitUsd }),
    maxLiveHolds({ max: 1_000_000 }),
  ],
})
let settled: string[] = []
wallet.on('payment.settled', ({ payment }) => void settled.push(payment.id))

const [calls, answered, refused] = [0, 0, 0]
const count = { calls, answered, refused }
const odd: string[] = []

function openLedger({ file, socket }: BuyerOptions): Ledger {
  if (socket !== undefined) return postgresLedger(new pg.Pool({ host: socket, user: 'postgres', max: 4 }))
  const database = new DatabaseSync(file ?? '', { timeout: 10_000 })
  setInterval(() => fillDisk(database), 5000)
  return sqliteLedger(database)
}

/** Lets the file grow no further for a second, now and then: what SQLite says then is what it says of a full disk. */
function fillDisk(database: DatabaseSync): void {
  if (random.below(6) > 0) return
  database.exec('PRAGMA max_page_count = 1')
  setTimeout(() => database.exec('PRAGMA max_page_count = 1073741823'), 1000)
}

/** Puts the machine's clock an hour off for a while, now and then. */
setInterval(() => {
  clockIsOffBy = [-hour, hour][random.below(12)] ?? 0
}, 2000)

async function buy(): Promise<void> {
  const item = random.below(options.items)
  count.calls += 1
  try {
    const response = await wallet.fetch(`${options.shop}/item?n=${item}`, {
      payment: { key: `item ${item}` },
      signal: AbortSignal.timeout(5000),
    })
    await response.text()
    count.answered += 1
  } catch (error) {
    const isExpected = isStipendError(error) || error instanceof TypeError || (error as Error).name === 'TimeoutError'
    if (isExpected) count.refused += 1
    else odd.push(String(error))
  }
}

const rounds = async (): Promise<never> => {
  for (;;) await Promise.all(Array.from({ length: 1 + random.below(4) }, buy))
}
setInterval(() => {
  ;(globalThis as { readonly gc?: () => void }).gc?.()
  const report: BuyerReport = { ...count, odd, settled, heapMb: process.memoryUsage().heapUsed / 1024 ** 2 }
  settled = []
  process.send?.(report)
}, 1000)
process.on('disconnect', () => process.exit())
await rounds()
