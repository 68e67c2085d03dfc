import {
  type AgentWallet,
  allowHosts,
  createAgentWallet,
  type Ledger,
  maxLiveHolds,
  memoryLedger,
  type Payment,
  type PaymentRequest,
  type Rule,
  spendingLimit,
} from 'stipend'
import { evm, type Rpc } from 'stipend/evm'
import { testKeyStore } from 'stipend/testing'
import { type Chain, createChain } from './chain.ts'
import type { Chance } from './chance.ts'
import { openShop, type Shop } from './shop.ts'

/** What is broken on purpose, until it is mended. */
export type Fault = 'policy' | 'ledger' | 'ledger afterwards' | 'clock' | 'signer'

/** All there is: a chain, a shop, and a wallet whose process can die at any moment; its ledger stays. */
export type World = {
  readonly chain: Chain
  readonly shop: Shop
  readonly chance: Chance
  /** The ledger itself, for looking. */
  readonly ledger: Ledger
  /** True time in Unix milliseconds, and by how much the wallet's clock is wrong. */
  readonly time: { now: number; wrongBy: number }
  /** What the policy has judged, as payee and amount. */
  readonly judged: ReadonlySet<string>
  /** What the key has signed, by nonce. */
  readonly signed: readonly Signed[]
  readonly state: State
  readonly wallet: () => AgentWallet
  /** Kills the process: what it had begun never goes on. */
  readonly crash: () => void
  /** Resolves at the next crash. */
  readonly crashed: () => Promise<'crashed'>
  readonly payments: () => Promise<readonly Payment[]>
}

/** What the key signed, and the record that the ledger had of it at that moment. */
export type Signed = { readonly message: Readonly<Record<string, unknown>>; readonly recorded: Payment | undefined }

type State = {
  fault: Fault | undefined
  /** How many more steps between the wallet and the rest of the world it takes until the process dies. */
  fuse: number
  generation: number
  /** What one of the two nodes lies about. */
  lie: 'nothing' | 'head' | 'nonce' | 'time' | 'silence'
  approvals: number
  /** Whether one node may lie at all; where it may, a payment can be called confirmed that is not final yet. */
  readonly hasLiar: boolean
}

/** Limits that hold in every simulation. */
export const limits = { hourly: 1_500_000n, total: 6_000_000n, withoutApproval: 500_000n }

/** Creates a world from chance. */
export function createWorld(chance: Chance): World {
  const time = { now: Date.UTC(2026, 0, 2), wrongBy: 0 }
  const chain = createChain(() => time.now)
  const shop = openShop(chain, chance, () => time.now)
  const ledger = memoryLedger()
  const state: State = {
    fault: undefined,
    fuse: -1,
    generation: 0,
    lie: 'nothing',
    approvals: 0,
    hasLiar: chance.is(0.5),
  }
  const judged = new Set<string>()
  const signed: Signed[] = []
  const payments = () => ledger.list({ limit: 1_000_000 })
  let life = createLife()
  const world: World = {
    chain,
    shop,
    chance,
    ledger,
    time,
    judged,
    signed,
    state,
    payments,
    wallet: () => wallet,
    crash: () => {
      state.generation += 1
      state.fuse = -1
      life.end()
      life = createLife()
      wallet = openWallet(world, judged, signed)
    },
    crashed: () => life.ended,
  }
  let wallet = openWallet(world, judged, signed)
  return world
}

/** The life of a process, and its end. */
function createLife(): { readonly ended: Promise<'crashed'>; readonly end: () => void } {
  let end = (): void => {}
  const ended = new Promise<'crashed'>((resolve) => {
    end = () => resolve('crashed')
  })
  return { ended, end }
}

function openWallet(world: World, judged: Set<string>, signed: Signed[]): AgentWallet {
  const { time, state, shop } = world
  const guard = guardOf(world)
  const witness: Rule = {
    name: 'witness',
    judge: ({ offer }: PaymentRequest) => {
      if (state.fault === 'policy') throw new TypeError('the policy is broken')
      judged.add(`${offer.payTo}/${offer.amount}`)
      return { type: 'allow' }
    },
  }
  return createAgentWallet({
    keyStore: guardedKeys(world, guard, signed),
    ledger: guardedLedger(world, guard),
    policy: [
      allowHosts(['shop.example']),
      spendingLimit({ perPaymentUsd: 1, hourlyLimitUsd: 1.5, totalLimitUsd: 6, instantMaxUsd: 0.5 }),
      // Its faults leave many payments open: what holds has to hold with all of them.
      maxLiveHolds({ max: 10_000 }),
      witness,
    ],
    clock: () => (state.fault === 'clock' ? Number.NaN : time.now + time.wrongBy),
    monotonic: () => time.now,
    random: world.chance.bytes,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      if (request.headers.has('payment-signature') && init?.redirect !== 'manual') throw new RangeError('redirects')
      return guard(() => shop.answer(request, () => hang(init?.signal)))
    },
    chains: [evm({ network: 'eip155:84532', clients: [world.chain.node, lyingNode(world)] })],
  })
}

function hang(signal: AbortSignal | null | undefined): never {
  // The caller gives up at once: nothing in a simulation waits.
  throw signal?.reason ?? new DOMException('the caller gave up', 'AbortError')
}

type Guard = <result>(task: () => Promise<result>) => Promise<result>

/** Takes time by chance before and after what leaves the process, and never answers to a process that has died. */
function guardOf({ chance, state, crash }: World): Guard {
  const generation = state.generation
  const pass = async (): Promise<void> => {
    for (let ticks = chance.below(6); ticks > 0; ticks -= 1) await Promise.resolve()
    if (state.generation === generation && state.fuse >= 0) {
      state.fuse -= 1
      if (state.fuse < 0) crash()
    }
    if (state.generation !== generation) await new Promise(() => {})
  }
  return async (task) => {
    await pass()
    const result = await task()
    await pass()
    return result
  }
}

function guardedLedger({ ledger, state }: World, guard: Guard): Ledger {
  const entries = Object.entries(ledger) as readonly [string, (...given: readonly unknown[]) => Promise<unknown>][]
  const guarded = entries.map(
    ([name, method]) => [name, (...given: unknown[]) => guard(() => method(...given))] as const,
  )
  return {
    ...(Object.fromEntries(guarded) as unknown as Ledger),
    reserve: (...given) =>
      guard(async () => {
        if (state.fault === 'ledger') throw new TypeError('the disk is full')
        const reservation = await ledger.reserve(...given)
        if (state.fault === 'ledger afterwards') throw new TypeError('the connection was lost')
        return reservation
      }),
  }
}

function guardedKeys(world: World, guard: Guard, signed: Signed[]): ReturnType<typeof testKeyStore> {
  const store = testKeyStore()
  return {
    ...store,
    getSigner: async (network) => {
      const signer = await store.getSigner(network)
      if (signer?.namespace !== 'eip155') return signer
      return {
        ...signer,
        signTypedData: (data) =>
          guard(async () => {
            if (world.state.fault === 'signer') throw new TypeError('no signature today')
            const recorded = (await world.payments()).find(({ terms }) => terms.nonce === data.message['nonce'])
            signed.push({ message: data.message, recorded })
            return signer.signTypedData(data)
          }),
      }
    },
  }
}

/** One of two nodes: what it says alone must free nothing. */
function lyingNode({ chain, state }: World): Rpc {
  return {
    request: async (call) => {
      const { lie } = state
      if (lie === 'silence') throw new TypeError('503')
      const [name] = (call.params ?? []) as readonly unknown[]
      const isFinal = call.method === 'eth_getBlockByNumber' && name === 'finalized'
      if (lie === 'head' && isFinal) return chain.node.request({ ...call, params: ['latest', false] })
      const answer = await chain.node.request(call)
      if (lie === 'time' && isFinal) return { ...(answer as object), timestamp: '0xffffffff' }
      return lie === 'nonce' && call.method === 'eth_call' ? `0x${'0'.repeat(64)}` : answer
    },
  }
}
