import type { AgentWallet, Ledger, Payment } from 'stipend'
import type { SignedPermit } from './allowances.ts'
import { type Chain, createChain } from './chain.ts'
import type { Chance } from './chance.ts'
import { createSolanaChain, type SolanaChain } from './solana-chain.ts'
import { type Contract, createContract } from './contract.ts'
import { createLedger, type OpenLedger } from './ledgers.ts'
import { createLightning, type Lightning } from './lightning.ts'
import { createProcess, type Process } from './process.ts'
import type { Rail } from './offers.ts'
import type { SignedPayment } from './rails.ts'
import type { HandedOn } from './sessions.ts'
import { openShop, type Shop } from './shop.ts'
import { startTime, type Time } from './time.ts'

/** What is broken on purpose, until it is mended. */
export type Fault = 'policy' | 'ledger' | 'ledger afterwards' | 'clock' | 'signer' | 'forger'

/** All there is: two chains, Lightning, a shop, and wallets whose processes can die at any moment; their ledger stays. */
export type World = {
  readonly chain: Chain
  /** The payer, where it is a contract. */
  readonly contract: Contract | undefined
  readonly solana: SolanaChain
  readonly lightning: Lightning
  readonly shop: Shop
  readonly chance: Chance
  /** The ledger itself, for looking. */
  readonly ledger: Ledger
  readonly time: Time
  /** What the policy has judged, as payee and amount. */
  readonly judged: Set<string>
  /** The paths that the policy has judged. */
  readonly asked: Set<string>
  /** What the key has signed, by nonce. */
  readonly signed: Signed[]
  /** The same, by signature, where its chain takes nothing without it. */
  readonly wires: Map<string, string>
  /** What the key has signed for Permit2 besides, by signature. */
  readonly permits: Map<string, NotedPermit>
  /** What the owner has handed on; and how much had been signed by what is revoked since, by their names. */
  readonly sessions: HandedOn[]
  readonly revoked: Map<string, number>
  /** How many payments each wallet may have under way at once. */
  readonly maxInFlight: number | undefined
  /** Whether a person answers in the process of a wallet. */
  readonly isAnswered: boolean
  readonly state: State
  /** Processes with a wallet each, over one ledger. */
  readonly processes: readonly Process[]
  /** The process that does what comes next. */
  readonly process: () => Process
  /** Lets another process do what comes next. */
  readonly turnTo: (process: Process) => void
  readonly wallet: () => AgentWallet
  /** All payments, as they stood last; also such as the ledger has let go of. */
  readonly payments: () => Promise<readonly Payment[]>
  /** How a payment stood from one change to the next. */
  readonly history: (id: Payment['id']) => Promise<readonly Payment[]>
  /** Opens the ledger once more, as a process of its own does. */
  readonly openLedger: () => OpenLedger
  readonly end: () => void
}

/** What a key signed, and all that the ledger had on record of it at that moment, oldest first. */
export type Signed = Pick<SignedPayment, 'id' | 'wire' | 'to' | 'value'> & {
  /** In Unix seconds, where that is signed. */
  readonly validBefore?: number
  /** Who may have Permit2 move it. */
  readonly spender?: string | undefined
  /** Whether its caller had given it up by then: what is signed is dropped. */
  readonly isGivenUp: boolean
  /** By how many milliseconds the clock was wrong that it was recorded by. */
  readonly wrongBy: number
  readonly recorded: readonly Payment[]
}

/** A permit, and all that the ledger had on record with its nonce. */
export type NotedPermit = SignedPermit & {
  readonly token: string
  readonly spender: string
  readonly recorded: readonly Payment[]
}

type State = {
  fault: Fault | undefined
  /** What one of the two nodes lies about. */
  lie: 'nothing' | 'head' | 'nonce' | 'time' | 'silence' | 'lateness' | 'permit'
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
  const contract = chance.is(0.15) ? createContract(84532) : undefined
  const ownAllowance = chance.pick([0n, 0n, 0n, 0n, 300_000n, 10n ** 12n])
  const chain = createChain(time.now, { ownAllowance, contract })
  const solana = createSolanaChain(time.now)
  const lightning = createLightning(chance, time.now)
  const permits = new Map<string, NotedPermit>()
  const rails = chance.pick<readonly Rail[]>([
    [],
    [],
    ['solana'],
    ['permit2'],
    ['lightning'],
    ['solana', 'permit2', 'lightning'],
  ])
  const shop = openShop({ chain, solana, lightning, permits, chance, time, rails })
  const count = chance.pick([1, 1, 2, 3])
  const { ledger, openLedger, removeLedger, payments, history } = createLedger({ chance, time, isShared: count > 1 })
  const world: World = {
    chain,
    contract,
    solana,
    lightning,
    shop,
    chance,
    ledger,
    time,
    judged: new Set(),
    asked: new Set(),
    signed: [],
    wires: new Map(),
    permits,
    sessions: [],
    revoked: new Map(),
    maxInFlight: chance.pick([undefined, undefined, 1, 2, 3]),
    isAnswered: chance.is(0.25),
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
    payments,
    history,
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
