import {
  type AgentWallet,
  allowHosts,
  allowPayees,
  createAgentWallet,
  exactEvm,
  type Ledger,
  maxLiveHolds,
  type PaymentRequest,
  type Rule,
  spendingLimit,
} from 'stipend'
import { evm } from 'stipend/evm'
import { l402 } from 'stipend/l402'
import { exactSolana, solana, type Web3 } from 'stipend/solana'
import * as web3 from '@solana/web3.js'
import { guardedKeys } from './keys.ts'
import { createNodes, createSolanaFetch, solanaNodes } from './nodes.ts'
import { createFlights } from './flights.ts'
import { lightningPayees, maxFee } from './lightning.ts'
import { createLightningWallet } from './lightning-wallet.ts'
import { payees, solanaDevnet } from './solana-parties.ts'
import { shopPayees } from './shop.ts'
import { createGasPayer, transferPayees } from './transfers.ts'
import type { OpenLedger } from './ledgers.ts'
import type { World } from './world.ts'

/** A process with a wallet; it can die at any moment, and another begins in its place. */
export type Process = {
  readonly wallet: () => AgentWallet
  /** By how many milliseconds its clock is wrong. */
  wrongBy: number
  /** How many more steps between the wallet and the rest of the world it takes until the process dies. */
  fuse: number
  /** The most payments that a wallet of its had under way at once. */
  mostInFlight: number
  /** Kills the process: what it had begun never goes on. */
  readonly crash: () => void
  /** Resolves at the next crash. */
  readonly crashed: () => Promise<'crashed'>
}

/** Starts a process of a world. */
export function createProcess(world: World): Process {
  let generation = 0
  let life = createLife()
  let opened = world.openLedger()
  const process: Process = {
    wallet: () => wallet,
    wrongBy: 0,
    fuse: -1,
    mostInFlight: 0,
    crash: () => {
      generation += 1
      process.fuse = -1
      life.end()
      life = createLife()
      opened.close()
      opened = world.openLedger()
      wallet = open()
    },
    crashed: () => life.ended,
  }
  const open = (): AgentWallet => {
    const mine = generation
    return openWallet(world, { process, opened, guard: guardOf(world, process, () => generation === mine) })
  }
  let wallet = open()
  return process
}

/** The life of a process, and its end. */
function createLife(): { readonly ended: Promise<'crashed'>; readonly end: () => void } {
  let end = (): void => {}
  const ended = new Promise<'crashed'>((resolve) => {
    end = () => resolve('crashed')
  })
  return { ended, end }
}

export type Guard = <result>(task: () => Promise<result>, outage?: number) => Promise<result>
type Parts = { readonly process: Process; readonly opened: OpenLedger; readonly guard: Guard }

/**
 * Takes time by chance before and after what leaves the process, and never answers to a process that has died. In an
 * outage, work fails before it is done, or its answer is lost.
 */
function guardOf({ chance }: World, process: Process, isAlive: () => boolean): Guard {
  const pass = async (): Promise<void> => {
    for (let ticks = chance.below(6); ticks > 0; ticks -= 1) await Promise.resolve()
    if (isAlive() && process.fuse >= 0) {
      process.fuse -= 1
      if (process.fuse < 0) process.crash()
    }
    if (!isAlive()) await new Promise(() => {})
  }
  return async (task, outage = 0) => {
    await pass()
    const failure = outage > 0 && chance.is(outage) ? chance.pick(['before', 'after'] as const) : undefined
    if (failure === 'before') throw new TypeError('there is no connection')
    const result = await task()
    await pass()
    if (failure === 'after') throw new TypeError('the connection was lost')
    return result
  }
}

function openWallet(world: World, parts: Parts): AgentWallet {
  const { time, state, shop, chance, judged, asked, maxInFlight } = world
  const { process, guard } = parts
  const flights = createFlights(process)
  const witness: Rule = {
    name: 'witness',
    judge: ({ offer, resource }: PaymentRequest) => {
      asked.add(new URL(resource.url).pathname)
      if (state.fault === 'policy') throw new TypeError('the policy is broken')
      judged.add(`${offer.payTo}/${offer.amount}`)
      return { type: 'allow' }
    },
  }
  const clock = (): number => (state.fault === 'clock' ? Number.NaN : time.now() + process.wrongBy)
  const onSolana = { network: solanaDevnet, rpcs: solanaNodes, fetch: createSolanaFetch(world, guard), clock } as const
  return createAgentWallet({
    keyStore: guardedKeys(world, { ...parts, flights }),
    ledger: guardedLedger(world, parts),
    policy: [
      allowHosts(['shop.example']),
      allowPayees([...shopPayees, ...payees.map(({ address }) => address), ...transferPayees, ...lightningPayees]),
      spendingLimit({ perPaymentUsd: 1, hourlyLimitUsd: 1.5, totalLimitUsd: 6, instantMaxUsd: 0.5 }),
      // Its faults leave many payments open: what holds has to hold with all of them.
      maxLiveHolds({ max: 10_000 }),
      witness,
    ],
    // A millisatoshi is a micro-USD.
    paymentMethods: [
      l402({
        wallet: createLightningWallet(world, { ...parts, flights }),
        btcUsd: '100000',
        maxFee: { percent: 0, minSats: Number(maxFee / 1000n) },
        clock,
        random: chance.bytes,
      }),
    ],
    schemes: [exactEvm(), exactSolana({ ...onSolana, web3: async () => web3 as unknown as Web3 })],
    clock,
    monotonic: time.now,
    random: chance.bytes,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const isPaid = ['payment-signature', 'authorization'].some((name) => request.headers.has(name))
      if (isPaid && init?.redirect !== 'manual') throw new RangeError('redirects')
      const send = () => guard(() => shop.answer(request, init?.signal ?? undefined), state.outage.network)
      return request.headers.has('payment-signature') ? flights.during(send, init?.signal) : send()
    },
    maxInFlight,
    ...(world.isAnswered && { onApproval: () => answerApproval(world) }),
    chains: [
      evm({ network: 'eip155:84532', clients: createNodes(world), gasPayer: createGasPayer(world, guard) }),
      solana(onSolana),
    ],
  })
}

/** A person in the same process says yes, no or nothing, soon or late. */
async function answerApproval({ chance, state }: World): Promise<boolean> {
  await new Promise((resolve) => void setTimeout(resolve, chance.pick([0, 5, 60, 400]) * 1000))
  if (chance.is(0.1)) throw new TypeError('there is nobody')
  if (chance.is(0.3)) return false
  state.approvals += 1
  return true
}

function guardedLedger({ state, time, chance }: World, { opened: { ledger }, guard }: Parts): Ledger {
  const entries = Object.entries(ledger).filter(([, method]) => typeof method === 'function') as readonly [
    string,
    (...given: readonly unknown[]) => Promise<unknown>,
  ][]
  const guarded = entries.map(
    ([name, method]) =>
      [name, (...given: unknown[]) => guard(() => time.during(() => method(...given)), state.outage.ledger)] as const,
  )
  return {
    ...ledger,
    ...Object.fromEntries(guarded),
    // It outlives each process here.
    durable: true,
    secret: (name, first = chance.bytes(32)) => guard(() => ledger.secret(name, first), state.outage.ledger),
    reserve: (...given) =>
      guard(async () => {
        if (state.fault === 'ledger') throw new TypeError('the disk is full')
        const reservation = await time.during(() => ledger.reserve(...given))
        if (state.fault === 'ledger afterwards') throw new TypeError('the connection was lost')
        return reservation
      }, state.outage.ledger),
  }
}
