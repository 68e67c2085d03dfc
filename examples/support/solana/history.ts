import type { Landed } from './bank.ts'
import type { Blocks, Commitment } from './blocks.ts'
import { RpcError } from './errors.ts'
import { memoOf } from './message.ts'

/** What a node knows of the transactions in its blocks. */
export type History = {
  readonly add: (landed: Landed) => void
  /** Finds what is in a block of a commitment, or further down. */
  readonly find: (signature: string, commitment: Commitment) => Landed | undefined
  /** Writes the status of a transaction; old ones are found only by those who ask for all of history. */
  readonly status: (signature: string, reach: 'recent' | 'all') => unknown
  /** Lists the transactions that name an address, newest first. */
  readonly list: (address: string, page: Page) => readonly unknown[]
  /** Forgets every transaction, as nodes do after days; those of the last blocks keep their status. */
  readonly prune: () => void
  /** The first slot of which it still knows. */
  readonly firstSlot: () => number
  readonly count: () => number
}

/** A part of a list of transactions. */
export type Page = {
  readonly commitment: Commitment
  readonly limit?: number | undefined
  readonly before?: string | undefined
  readonly until?: string | undefined
}

/** Blocks whose transactions a node has at hand without its history. */
const recentBlocks = 300
const maxPage = 1000

/** Creates the memory of a node. */
export function createHistory(blocks: Blocks): History {
  const all: Landed[] = []
  const bySignature = new Map<string, Landed>()
  let pruned = 0
  let firstSlot = 0

  const isIn = (landed: Landed, commitment: Commitment): boolean => landed.block.slot <= blocks.at(commitment).slot
  const isRecent = ({ block }: Landed): boolean => block.height > blocks.at('processed').height - recentBlocks
  const kept = (): readonly Landed[] => all.slice(pruned)
  const isKept = (landed: Landed): boolean => all.indexOf(landed) >= pruned
  const level = (landed: Landed): Commitment => {
    if (isIn(landed, 'finalized')) return 'finalized'
    return isIn(landed, 'confirmed') ? 'confirmed' : 'processed'
  }
  return {
    add(landed) {
      all.push(landed)
      bySignature.set(landed.signature, landed)
    },
    find(signature, commitment) {
      const landed = bySignature.get(signature)
      return landed && isKept(landed) && isIn(landed, commitment) ? landed : undefined
    },
    status(signature, reach) {
      const landed = bySignature.get(signature)
      if (!landed || !(isRecent(landed) || (reach === 'all' && isKept(landed)))) return null
      return describeStatus(landed, level(landed), blocks.at('processed').slot)
    },
    list(address, page) {
      const listed = kept().filter((landed) => names(landed, address) && isIn(landed, page.commitment))
      return cut(listed.toReversed(), page).map((landed) => summarize(landed, level(landed)))
    },
    prune() {
      pruned = all.length
      firstSlot = blocks.at('processed').slot
    },
    firstSlot: () => firstSlot,
    count: () => all.length,
  }
}

/** Writes how something ended as statuses have it. */
export function describeEnd(error: unknown): unknown {
  return error === null ? { Ok: null } : { Err: error }
}

function describeStatus({ block, outcome }: Landed, level: Commitment, slot: number): unknown {
  return {
    slot: block.slot,
    confirmations: level === 'finalized' ? null : slot - block.slot,
    err: outcome.error,
    status: describeEnd(outcome.error),
    confirmationStatus: level,
  }
}

function names({ message }: Landed, address: string): boolean {
  return message.keys.some((key) => key === address)
}

function cut(newestFirst: readonly Landed[], { before, until, limit = maxPage }: Page): readonly Landed[] {
  if (!(limit >= 1 && limit <= maxPage)) throw new RpcError(-32602, `Invalid limit; max ${maxPage}`)
  const place = (signature: string | undefined): number =>
    newestFirst.findIndex((landed) => landed.signature === signature)
  const start = before === undefined ? 0 : place(before) + 1
  // An unknown `before` is a place that this node does not know: nothing is before it.
  if (before !== undefined && start === 0) return []
  const end = place(until)
  return newestFirst.slice(start, end < start ? undefined : end).slice(0, limit)
}

function summarize({ signature, block, outcome, message }: Landed, level: Commitment): unknown {
  return {
    signature,
    slot: block.slot,
    err: outcome.error,
    memo: memoOf(message),
    blockTime: block.time,
    confirmationStatus: level,
  }
}
