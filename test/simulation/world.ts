import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AgentWallet, type Ledger, memoryLedger, type Payment } from 'stipend'
import { sqliteLedger } from 'stipend/sqlite'
import { type Chain, createChain } from './chain.ts'
import type { Chance } from './chance.ts'
import { createSolanaChain, type SolanaChain } from './solana-chain.ts'
import { createProcess, type Process } from './process.ts'
import type { SignedPayment } from './rails.ts'
import { openShop, type Shop } from './shop.ts'
import { startTime, type Time } from './time.ts'

/** What is broken on purpose, until it is mended. */
export type Fault = 'policy' | 'ledger' | 'ledger afterwards' | 'clock' | 'signer'

/** All there is: two chains, a shop, and wallets whose processes can die at any moment; their ledger stays. */
export type World = {
  readonly chain: Chain
  readonly solana: SolanaChain
  readonly shop: Shop
  readonly chance: Chance
  /** The ledger itself, for looking. */
  readonly ledger: Ledger
  readonly time: Time
  /** What the policy has judged, as payee and amount. */
  readonly judged: Set<string>
  /** What the key has signed, by nonce. */
  readonly signed: Signed[]
  readonly state: State
  /** Processes with a wallet each, over one ledger. */
  readonly processes: readonly Process[]
  /** The process that does what comes next. */
  readonly process: () => Process
  /** Lets another process do what comes next. */
  readonly turnTo: (process: Process) => void
  readonly wallet: () => AgentWallet
  readonly payments: () => Promise<readonly Payment[]>
  /** Opens the ledger once more, as a process of its own does. */
  readonly openLedger: () => OpenLedger
  readonly end: () => void
}

/** A ledger as one process has it open. */
export type OpenLedger = { readonly ledger: Ledger; readonly close: () => void }

/** What a key signed, and all that the ledger had on record of it at that moment, oldest first. */
export type Signed = Pick<SignedPayment, 'id' | 'wire' | 'to' | 'value'> & {
  /** In Unix seconds, where that is signed. */
  readonly validBefore?: number
  /** By how many milliseconds the clock was wrong that it was recorded by. */
  readonly wrongBy: number
  readonly recorded: readonly Payment[]
}

type State = {
  fault: Fault | undefined
  /** What one of the two nodes lies about. */
  lie: 'nothing' | 'head' | 'nonce' | 'time' | 'silence' | 'lateness'
  /** By how many milliseconds each node is behind. */
  readonly lagMs: [number, number]
  /** How often, from 0 to 1, a call of the ledger and of the network fails, before or after it has done its work. */
  outage: { readonly ledger: number; readonly network: number }
  approvals: number
  /** How many transfers the owner has begun. */
  transfers: number
  /** Whether a chain was asked in this step. */
  isChainAsked: boolean
  /** Whether one node may lie at all; where it may, a payment can be called confirmed that is not final yet. */
  readonly hasLiar: boolean
}

/** Limits that hold in every simulation. */
export const limits = { hourly: 1_500_000n, total: 6_000_000n, withoutApproval: 500_000n }

/** Creates a world from chance; until it ends, the platform's timers are its own. */
export function createWorld(chance: Chance): World {
  const time = startTime(Date.UTC(2026, 0, 2))
  const chain = createChain(time.now)
  const solana = createSolanaChain(time.now)
  const shop = openShop({ chain, solana, chance, time, sellsOnSolana: chance.is(0.4) })
  const count = chance.pick([1, 1, 2, 3])
  const { openLedger, removeLedger } = createLedger({ chance, time, isShared: count > 1 })
  const { ledger } = openLedger()
  const world: World = {
    chain,
    solana,
    shop,
    chance,
    ledger,
    time,
    judged: new Set(),
    signed: [],
    state: {
      fault: undefined,
      lie: 'nothing',
      lagMs: [0, 0],
      outage: { ledger: 0, network: 0 },
      approvals: 0,
      transfers: 0,
      isChainAsked: false,
      hasLiar: chance.is(0.5),
    },
    processes: [],
    process: () => active,
    turnTo: (process) => {
      active = process
    },
    wallet: () => active.wallet(),
    payments: () => ledger.list({ limit: 1_000_000 }),
    openLedger,
    end: () => {
      time.end()
      removeLedger()
    },
  }
  const processes = Array.from({ length: count }, () => createProcess(world))
  let active = processes[0] as Process
  return Object.assign(world, { processes })
}

type LedgerOptions = { readonly chance: Chance; readonly time: Time; readonly isShared: boolean }

/** Wallets with clocks of their own need a ledger that knows how time passes. */
function createLedger({ chance, time, isShared }: LedgerOptions): {
  readonly openLedger: World['openLedger']
  readonly removeLedger: () => void
} {
  const monotonic = (): number => time.now() - Date.UTC(2026, 0, 1)
  // A file is slow: few worlds have one.
  if (!chance.is(isShared ? 0.03 : 0.005)) {
    const ledger = memoryLedger(isShared || chance.is(0.5) ? { monotonic } : {})
    return { openLedger: () => ({ ledger, close: () => {} }), removeLedger: () => {} }
  }
  const folder = mkdtempSync(join(tmpdir(), 'stipend-simulation-'))
  const openLedger = (): OpenLedger => {
    const ledger = sqliteLedger(join(folder, 'agent.db'), { monotonic })
    return { ledger, close: ledger.close }
  }
  return { openLedger, removeLedger: () => rmSync(folder, { recursive: true, force: true }) }
}
