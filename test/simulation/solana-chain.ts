import { sha256 } from '@noble/hashes/sha2'
import { utf8ToBytes } from '@noble/hashes/utils'
import { base58, base64 } from '@scure/base'
import { createPace } from './pace.ts'
import { answer } from './solana-node.ts'
import { blockhashOf, readTransfer, type TokenTransfer } from './solana-message.ts'

/** A payment in a block. */
export type Landed = TokenTransfer & {
  readonly slot: number
  /** Unix milliseconds. */
  readonly at: number
  readonly signature: string
  /** The transaction with all its signatures, in base64. */
  readonly bytes: string
}

/** A chain with one token, whose blocks come every 400 ms unless it is slow; the latest 32 are not final. */
export type SolanaChain = {
  readonly landed: readonly Landed[]
  /** Puts a message into a block, as validators would: while its blockhash is young, and once. */
  readonly execute: (transaction: string) => boolean
  /** Whether a message could still be put into a block. */
  readonly takes: (message: TokenTransfer) => boolean
  /** Until when a wallet counts a message, by the time of its blockhash: in Unix milliseconds. */
  readonly countsUntil: (message: TokenTransfer) => number
  readonly reorganise: () => void
  readonly isFinal: (landed: Landed) => boolean
  /** Answers a call of a node as it was at an instant in Unix milliseconds. */
  readonly ask: (method: string, params: readonly unknown[], at: number) => unknown
  /** From now on a block takes so many times as long. */
  readonly slow: (times: number) => void
}

/** What a node knows at one instant. */
export type SolanaState = {
  readonly landed: readonly Landed[]
  readonly head: number
  readonly final: number
  readonly timeOf: (slot: number) => number
  readonly slotOf: (blockhash: string) => number | undefined
}

const slotMs = 400
const finalSlots = 32
/** How long a wallet counts a message for, however long it lives. */
const validMs = 720_000
/** For how many blocks a blockhash can be used. */
const life = 150

/** Creates a chain, at a clock in Unix milliseconds. */
export function createSolanaChain(clock: () => number): SolanaChain {
  const pace = createPace(Date.UTC(2026, 0, 1), slotMs)
  const landed: Landed[] = []
  const slots = new Map<string, number>()
  const head = (): number => pace.heightAt(clock())
  const takes = ({ blockhash, hash }: TokenTransfer): boolean => {
    const slot = slots.get(blockhash)
    return slot !== undefined && head() - slot <= life && !landed.some((one) => one.hash === hash)
  }
  return {
    landed,
    takes,
    countsUntil: ({ blockhash }) => pace.timeOf(slots.get(blockhash) ?? 0) + validMs,
    execute: (encoded) => {
      const bytes = base64.decode(encoded)
      const transfer = readTransfer(bytes)
      if (!takes(transfer)) return false
      const slot = head()
      // Whoever pays the fee signs first, which names the transaction.
      const seed = utf8ToBytes(`${transfer.hash} ${slot} ${landed.length}`)
      bytes.set([...sha256(seed), ...sha256(sha256(seed))], 1)
      const signature = base58.encode(bytes.slice(1, 65))
      landed.push({ ...transfer, slot, at: clock(), signature, bytes: base64.encode(bytes) })
      return true
    },
    isFinal: ({ slot }) => slot <= head() - finalSlots,
    reorganise: () => {
      const kept = landed.filter(({ slot }) => slot <= head() - finalSlots)
      landed.splice(0, landed.length, ...kept)
    },
    ask: (method, params, at) => {
      const known = pace.heightAt(at)
      if (method === 'getLatestBlockhash') slots.set(blockhashOf(known - 1), known - 1)
      return answer(method, params, {
        landed: landed.filter(({ slot }) => slot <= known),
        head: known,
        final: known - finalSlots,
        timeOf: (slot) => Math.floor(pace.timeOf(slot) / 1000),
        slotOf: (blockhash) => slots.get(blockhash),
      })
    },
    slow: (times) => pace.set(slotMs * times, clock()),
  }
}
