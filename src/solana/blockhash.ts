import * as z from 'zod/mini'
import { ChainUnavailableError } from '../errors.js'
import { decode32 } from './address.js'
import { firstAnswer } from './first-answer.js'
import type { Node } from './rpc.js'

/** A blockhash, and where the chain was when it was read. */
export type Anchor = {
  readonly blockhash: string
  /** Unix milliseconds before it was asked for. */
  readonly readAt: number
  /** The greatest block height that a node named after it: it can be used for 150 blocks more at most. */
  readonly height: number
  /** The least slot that a node named: nothing that uses it is in an earlier one. */
  readonly slot: number
}

/** Keeps a young blockhash at hand. */
export type Blockhashes = {
  /**
   * Answers one of at most twenty seconds that is in no message of another purchase. A node is waited for only where
   * there is none yet, or where the next block has to be waited for.
   */
  readonly unused: (isUsed: (blockhash: string) => boolean) => Promise<Anchor>
}

/** How many blocks a blockhash can be used for. */
export const blockhashLife = 150
const refreshMs = 10_000
const maxAgeMs = 20_000
/** Nobody pays any more: what is not used need not be fresh. */
const idleMs = 120_000
const slotMs = 400
const maxWaits = 12

const number = z.int().check(z.nonnegative())
const latest = z.object({
  context: z.object({ slot: number }),
  value: z.object({
    blockhash: z.string().check(z.refine((text) => decode32(text) !== undefined)),
    lastValidBlockHeight: number,
  }),
})
const epoch = z.object({ absoluteSlot: number, blockHeight: number })

/** Creates the keeper; it asks nothing before it is asked, and stops asking when it is not asked any more. */
export function createBlockhashes(nodes: readonly Node[], clock: () => number): Blockhashes {
  let anchor: Anchor | undefined
  let pending: Promise<Anchor> | undefined
  let isKeptFresh = false
  let usedAt = 0

  const refresh = (): Promise<Anchor> => {
    pending ??= readAnchor(nodes, clock)
      .then((read) => {
        anchor = read
        return read
      })
      .finally(() => {
        pending = undefined
      })
    return pending
  }
  const keepFresh = (): void => {
    isKeptFresh = true
    const timer = setTimeout(() => {
      isKeptFresh = Math.abs(clock() - usedAt) < idleMs
      if (isKeptFresh) refresh().then(keepFresh, keepFresh)
    }, refreshMs)
    timer.unref?.()
  }
  const current = async (): Promise<Anchor> => {
    const now = clock()
    usedAt = now
    if (!isKeptFresh) keepFresh()
    const ageMs = anchor ? now - anchor.readAt : Number.POSITIVE_INFINITY
    return anchor && ageMs >= 0 && ageMs <= maxAgeMs ? anchor : refresh()
  }
  return {
    async unused(isUsed) {
      let found = await current()
      for (let waits = 0; isUsed(found.blockhash); waits++) {
        if (waits === maxWaits)
          throw new ChainUnavailableError('it has no new block for a second payment of the same terms')
        if (waits > 0) await new Promise((resolve) => void setTimeout(resolve, slotMs))
        found = await refresh()
      }
      return found
    },
  }
}

/**
 * Reads the blockhash of one node; its age by all: a node that names too low a height cannot make it look dead too early.
 *
 * @throws ChainUnavailableError when no node answers.
 */
export async function readAnchor(nodes: readonly Node[], clock: () => number): Promise<Anchor> {
  const readAt = clock()
  const { context, value } = await readLatest(nodes)
  const asked = nodes.map((node) => node.ask('getEpochInfo', [{ commitment: 'confirmed' }], epoch))
  const named = (await Promise.allSettled(asked)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  if (named.length === 0) throw new ChainUnavailableError('no node names its block height')
  return Object.freeze({
    blockhash: value.blockhash,
    readAt,
    height: Math.max(value.lastValidBlockHeight - blockhashLife, ...named.map(({ blockHeight }) => blockHeight)),
    slot: Math.min(context.slot, ...named.map(({ absoluteSlot }) => absoluteSlot)),
  })
}

async function readLatest(nodes: readonly Node[]): Promise<z.output<typeof latest>> {
  const ask = (node: Node) => node.ask('getLatestBlockhash', [{ commitment: 'confirmed' }], latest)
  return firstAnswer(nodes, ask).catch((cause: unknown) => {
    throw new ChainUnavailableError('no node has a blockhash', { cause })
  })
}
