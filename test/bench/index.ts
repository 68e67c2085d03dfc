import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ledger, type Limit, memoryLedger, type Payment } from 'stipend'
import { postgresLedger } from 'stipend/postgres'
import { sqliteLedger } from 'stipend/sqlite'
import { startPostgres } from '../support/postgres.ts'

/** Measures reservations per second: run by `npm run bench`, never asserted on. Quote ratios of one run only. */
const callers = [1, 8, 64]
const budgetMs = 1500
const limits: readonly Limit[] = [
  {
    name: 'daily limit',
    scope: 'wallet',
    window: { type: 'rolling', seconds: 86_400 },
    measure: 'microUsd',
    max: 1n << 60n,
  },
  {
    name: 'hourly limit',
    scope: 'host:api.example.com',
    window: { type: 'rolling', seconds: 3600 },
    measure: 'count',
    max: 1n << 60n,
  },
]

let made = 0
function nextPayment(): Payment {
  made += 1
  const hex = made.toString(16).padStart(32, '0')
  const now = Date.now()
  const resource = {
    url: 'https://api.example.com/',
    method: 'GET',
    origin: 'https://api.example.com',
    host: 'api.example.com',
  }
  const asset = {
    network: 'eip155:8453',
    symbol: 'USDC',
    address: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
    decimals: 6,
    microUsd: 1_000_000n,
    transfer: 'eip3009',
  } as const
  return {
    id: `pay_${hex}`,
    purchaseKey: hex,
    requestDigest: `0x${hex}`,
    presentations: 1,
    status: 'authorized',
    resource,
    protocol: 'x402',
    scheme: 'exact',
    asset,
    amount: 10_000n,
    microUsd: 10_000n,
    payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
    terms: {
      payer: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
      nonce: `0x${hex}${hex}`,
      validAfter: 0,
      validBefore: Math.floor(now / 1000) + 120,
    },
    labels: {},
    scopes: ['wallet', 'host:api.example.com'],
    createdAt: now,
    countsUntil: now + 240_000,
  }
}

async function measure(ledger: Ledger, parallel: number): Promise<number> {
  const end = performance.now() + budgetMs
  let done = 0
  const call = async (): Promise<void> => {
    while (performance.now() < end) {
      await ledger.reserve(nextPayment(), limits)
      done += 1
    }
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: parallel }, call))
  return Math.round((done / (performance.now() - start)) * 1000)
}

const directory = mkdtempSync(join(tmpdir(), 'stipend-bench-'))
const server = await startPostgres()
const ledgers: readonly (readonly [string, () => Ledger])[] = [
  ['memory', memoryLedger],
  ['SQLite (WAL, FULL)', () => sqliteLedger(join(directory, 'bench.db'))],
  ['PostgreSQL 18', () => postgresLedger(server.createPool())],
]
process.stdout.write(
  `reservations per second under two limits\n\n${'ledger'.padEnd(20)}${callers.map((count) => `${count} callers`.padStart(14)).join('')}\n`,
)
try {
  for (const [name, create] of ledgers) {
    const ledger = create()
    await measure(ledger, 1)
    process.stdout.write(name.padEnd(20))
    for (const count of callers) process.stdout.write(String(await measure(ledger, count)).padStart(14))
    process.stdout.write('\n')
  }
} finally {
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
}
