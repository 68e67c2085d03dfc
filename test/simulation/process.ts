import {
  type AgentWallet,
  allowHosts,
  allowPayees,
  createAgentWallet,
  exactEvm,
  type KeyStore,
  type Ledger,
  maxLiveHolds,
  type Payment,
  type PaymentRequest,
  type Rule,
  spendingLimit,
} from 'stipend'
import { evm } from 'stipend/evm'
import { testKeyStore } from 'stipend/testing'
import { exactSolana, solana, type Web3 } from 'stipend/solana'
import * as web3 from '@solana/web3.js'
import { createNodes, createSolanaFetch, solanaNodes } from './nodes.ts'
import { idOf, wireOf } from './rails.ts'
import { readMessage } from './solana-message.ts'
import { createSolanaSigner, payeeOf, payees, solanaDevnet } from './solana-parties.ts'
import { shopPayees } from './shop.ts'
import { createGasPayer, transferPayees } from './transfers.ts'
import type { OpenLedger, Signed, World } from './world.ts'

/** A process with a wallet; it can die at any moment, and another begins in its place. */
export type Process = {
  readonly wallet: () => AgentWallet
  /** By how many milliseconds its clock is wrong. */
  wrongBy: number
  /** How many more steps between the wallet and the rest of the world it takes until the process dies. */
  fuse: number
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
  const { time, state, shop, chance, judged } = world
  const { process, guard } = parts
  const witness: Rule = {
    name: 'witness',
    judge: ({ offer }: PaymentRequest) => {
      if (state.fault === 'policy') throw new TypeError('the policy is broken')
      judged.add(`${offer.payTo}/${offer.amount}`)
      return { type: 'allow' }
    },
  }
  const clock = (): number => (state.fault === 'clock' ? Number.NaN : time.now() + process.wrongBy)
  const onSolana = { network: solanaDevnet, rpcs: solanaNodes, fetch: createSolanaFetch(world, guard), clock } as const
  return createAgentWallet({
    keyStore: guardedKeys(world, parts),
    ledger: guardedLedger(world, parts),
    policy: [
      allowHosts(['shop.example']),
      allowPayees([...shopPayees, ...payees.map(({ address }) => address), ...transferPayees]),
      spendingLimit({ perPaymentUsd: 1, hourlyLimitUsd: 1.5, totalLimitUsd: 6, instantMaxUsd: 0.5 }),
      // Its faults leave many payments open: what holds has to hold with all of them.
      maxLiveHolds({ max: 10_000 }),
      witness,
    ],
    schemes: [exactEvm(), exactSolana({ ...onSolana, web3: async () => web3 as unknown as Web3 })],
    clock,
    monotonic: time.now,
    random: chance.bytes,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      if (request.headers.has('payment-signature') && init?.redirect !== 'manual') throw new RangeError('redirects')
      return guard(() => shop.answer(request, init?.signal ?? undefined), state.outage.network)
    },
    chains: [
      evm({ network: 'eip155:84532', clients: createNodes(world), gasPayer: createGasPayer(world, guard) }),
      solana(onSolana),
    ],
  })
}

function guardedLedger({ state, time }: World, { opened: { ledger }, guard }: Parts): Ledger {
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
    reserve: (...given) =>
      guard(async () => {
        if (state.fault === 'ledger') throw new TypeError('the disk is full')
        const reservation = await time.during(() => ledger.reserve(...given))
        if (state.fault === 'ledger afterwards') throw new TypeError('the connection was lost')
        return reservation
      }, state.outage.ledger),
  }
}

function guardedKeys(world: World, { process, guard }: Parts): KeyStore {
  const store = testKeyStore()
  const solanaSigner = createSolanaSigner()
  const note = async (signed: Omit<Signed, 'recorded' | 'wrongBy'>): Promise<void> => {
    if (world.state.fault === 'signer') throw new TypeError('no signature today')
    world.signed.push({ ...signed, wrongBy: process.wrongBy, recorded: await recordOf(world, signed.id) })
  }
  return {
    ...store,
    getSigner: async (network) => {
      if (network === solanaDevnet) {
        const signMessage: typeof solanaSigner.signMessage = (message) =>
          guard(async () => {
            const { hash, destination, amount } = readMessage(message)
            await note({ id: hash, wire: hash, to: payeeOf(destination), value: amount })
            return solanaSigner.signMessage(message)
          })
        return { ...solanaSigner, signMessage }
      }
      const signer = await store.getSigner(network)
      if (signer?.namespace !== 'eip155') return signer
      const signTypedData: typeof signer.signTypedData = (data) =>
        guard(async () => {
          const { nonce, to, value, validBefore } = data.message
          const wire = wireOf(data.message)
          await note({
            id: String(nonce),
            wire,
            to: String(to),
            value: BigInt(String(value)),
            validBefore: Number(validBefore),
          })
          return signer.signTypedData(data)
        })
      return { ...signer, signTypedData }
    },
  }
}

/** All that the ledger has on record of what is signed: another process can have renewed the payment in the meantime. */
async function recordOf({ ledger, payments }: World, id: string): Promise<readonly Payment[]> {
  const known = (await payments()).find((payment) => idOf(payment) === id)
  const history = (known && (await ledger.history?.(known.id))) ?? []
  return history.flatMap(({ payment }) => (idOf(payment) === id ? [payment] : []))
}
