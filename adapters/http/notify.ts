import { createRecent } from '../../src/lib/recent.js'
import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import type { AgentWallet, Events } from 'stipend'
import { bytesToHex } from '@noble/hashes/utils'
import { sleep } from '../../src/lib/deadline.js'
import { describeEvent, holdOf, type Notice } from './notice.js'
import { type Random, randomBytes } from '../../src/lib/random.js'

/** Delivers a notice; a rejection is a failure, and it is tried again. */
export type Sink = (notice: Notice) => unknown

/** Options of `notify`. */
export type NotifyOptions = {
  /**
   * Which events are told.
   *
   * @default those that a person may have to act on: approvals, denials, unknown outcomes, limits, freezes, revocations
   */
  readonly events?: readonly (keyof Events)[] | undefined
  /**
   * Where the handler is reached, such as `https://wallet.example`: what waits for a decision then names its page.
   *
   * @default notices name the calls that decide, without a host
   */
  readonly serviceUrl?: string | undefined
  /** How often the delivery of one notice is tried. @default 6 */
  readonly attempts?: number | undefined
  /** How many notices wait at most; beyond them the oldest is dropped. @default 1000 */
  readonly maxWaiting?: number | undefined
  /** Waits some milliseconds between two attempts. @default a timer that keeps no process alive */
  readonly wait?: ((milliseconds: number) => Promise<unknown>) | undefined
  /** @default crypto.getRandomValues */
  readonly random?: Random | undefined
  /** Hears of a notice that is given up: it could not be delivered, or too many waited. */
  readonly onDrop?: ((notice: Notice) => void) | undefined
}

const optionNames: OptionNames<NotifyOptions> = {
  events: true,
  serviceUrl: true,
  attempts: true,
  maxWaiting: true,
  wait: true,
  random: true,
  onDrop: true,
}

const usual: readonly (keyof Events)[] = [
  'approval.requested',
  'payment.notified',
  'payment.denied',
  'payment.unknown',
  'payment.diverted',
  'payment.waiting',
  'limit.approached',
  'wallet.frozen',
  'wallet.unfrozen',
  'session.revoked',
  'policy.changed',
  'reconciliation.failed',
  'refill.failed',
]
const firstWaitMs = 1000
const maxWaitMs = 60_000

/**
 * Tells somebody of a wallet's events, in their order, without a payment ever waiting for it. Answers the function that
 * stops it.
 *
 * @example
 * ```ts
 * import type { AgentWallet } from 'stipend'
 * import { notify, webhook } from 'stipend/http'
 *
 * declare const wallet: AgentWallet
 * notify(wallet, webhook({ url: 'https://hooks.example/stipend', secret: process.env.HOOK_SECRET }))
 * const stop = notify(wallet, ({ text }) => console.log(text), { events: ['approval.requested'] })
 * ```
 */
export function notify(
  { on, clock }: Pick<AgentWallet, 'on' | 'clock'>,
  sink: Sink,
  options: NotifyOptions = {},
): () => void {
  refuseUnknown('notify', options, optionNames)
  const { events = usual, serviceUrl, random = randomBytes } = options
  const queue = createQueue(sink, options)
  const isRepeated = createHoldMemory()
  const stops = [...new Set(events)].map((event) =>
    on(event, (told) => {
      if (isRepeated(event, told)) return
      const id = `ntc_${bytesToHex(random(16))}`
      queue.add(Object.freeze({ id, event, at: clock(), ...describeEvent({ event, told, serviceUrl }) }))
    }),
  )
  return () => {
    for (const stop of [...stops, queue.stop]) stop()
  }
}

const maxRemembered = 1000

/** A payment that waits is asked for, refused for now, and asked for again: its owner is told once. */
function createHoldMemory(): (event: keyof Events, told: Events[keyof Events]) => boolean {
  const holds = createRecent<string>(maxRemembered)
  return (event, told) => {
    const hold = holdOf(told)
    if (!hold || event === 'approval.decided') return false
    const name = `${hold.id} ${hold.requestedAt}`
    if (holds.has(name)) return true
    holds.add(name)
    return false
  }
}

/** Delivers one notice after another, so that they arrive in their order. */
function createQueue(
  sink: Sink,
  options: NotifyOptions,
): { readonly add: (notice: Notice) => void; readonly stop: () => void } {
  const { attempts = 6, maxWaiting = 1000, wait = sleep, onDrop = () => {} } = options
  const waiting: Notice[] = []
  const state = { isRunning: false, isStopped: false }
  const drop = (notice: Notice | undefined): void => {
    if (notice) quietly(() => onDrop(notice))
  }
  const deliver = async (notice: Notice): Promise<void> => {
    for (let attempt = 1; attempt <= attempts && !state.isStopped; attempt += 1) {
      if (await succeeds(() => sink(notice))) return
      if (attempt < attempts) await wait(Math.min(firstWaitMs * 4 ** (attempt - 1), maxWaitMs))
    }
    drop(notice)
  }
  const run = async (): Promise<void> => {
    if (state.isRunning) return
    state.isRunning = true
    for (let next = waiting.shift(); next && !state.isStopped; next = waiting.shift()) await deliver(next)
    state.isRunning = false
  }
  return {
    add: (notice) => {
      if (waiting.length >= maxWaiting) drop(waiting.shift())
      waiting.push(notice)
      void Promise.resolve().then(run)
    },
    stop: () => {
      state.isStopped = true
      waiting.length = 0
    },
  }
}

async function succeeds(work: () => unknown): Promise<boolean> {
  try {
    await work()
    return true
  } catch {
    return false
  }
}

function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // Who hears of it has nothing to do with it.
  }
}
