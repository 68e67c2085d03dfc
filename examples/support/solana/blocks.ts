import { createHash, randomBytes } from 'node:crypto'
import { base58 } from '@scure/base'

/** How sure it is that a block stays: its node has seen it, most have voted for it, nobody can undo it. */
export type Commitment = 'processed' | 'confirmed' | 'finalized'

/** One block. Slots and heights are far apart, as on the real chain, so that whoever mixes them up is found out. */
export type Block = {
  readonly slot: number
  readonly height: number
  /** In Unix seconds. */
  readonly time: number
  readonly hash: string
}

/** The blocks of a chain; the newest takes the transactions. */
export type Blocks = {
  /** Finds the newest block of a commitment. */
  readonly at: (commitment: Commitment) => Block
  readonly bySlot: (slot: number) => Block | undefined
  /** Says whether a transaction with this blockhash may still be in the newest block. */
  readonly canLand: (blockhash: string) => boolean
  /** Says whether a node takes this blockhash in a simulation. */
  readonly canSimulate: (blockhash: string, commitment: Commitment) => boolean
  /** Says whether a blockhash is known and recent enough at a commitment. */
  readonly isValid: (blockhash: string, commitment: Commitment) => boolean
  readonly add: () => void
}

/** Blocks on top of which a blockhash is still good; a block may so be one above the `lastValidBlockHeight`. */
export const maxAge = 150
/** A node keeps six blocks in hand when it simulates, for the way to the leader. */
const maxSimulatedAge = maxAge - 6
const lags: Readonly<Record<Commitment, number>> = { processed: 0, confirmed: 1, finalized: 32 }
const first = { slot: 447_552_000, height: 425_100_000 }
/** So many that there is a finalized block from the start. */
const blocksAtStart = 64
const secondsPerSlot = 0.4

/** Creates the blocks of a chain nobody else has: its blockhashes are good nowhere else. */
export function createBlocks(): Blocks {
  const seed = randomBytes(32)
  const start = Date.now() / 1000 - blocksAtStart * secondsPerSlot
  const blocks: Block[] = []
  const heights = new Map<string, number>()

  const add = (): void => {
    const index = blocks.length
    const hash = base58.encode(createHash('sha256').update(seed).update(String(index)).digest())
    const time = Math.floor(start + index * secondsPerSlot)
    blocks.push({ slot: first.slot + index, height: first.height + index, time, hash })
    heights.set(hash, first.height + index)
  }
  const at = (commitment: Commitment): Block => {
    const block = blocks[blocks.length - 1 - lags[commitment]]
    if (!block) throw new Error(`Failed to find the ${commitment} block: the chain has ${blocks.length} blocks`)
    return block
  }
  /** Blocks on top of the blockhash's own, up to a height; none if it is unknown there. */
  const ageAt = (blockhash: string, height: number): number => {
    const age = height - (heights.get(blockhash) ?? Number.NEGATIVE_INFINITY)
    return age < 0 ? Number.POSITIVE_INFINITY : age
  }

  for (let count = 0; count < blocksAtStart; count += 1) add()
  return {
    at,
    bySlot: (slot) => blocks[slot - first.slot],
    // The newest block is being made, so that its parent is what the age counts to.
    canLand: (blockhash) => ageAt(blockhash, at('processed').height) <= maxAge + 1,
    canSimulate: (blockhash, commitment) => ageAt(blockhash, at(commitment).height) <= maxSimulatedAge,
    isValid: (blockhash, commitment) => ageAt(blockhash, at(commitment).height) <= maxAge,
    add,
  }
}
