import type { Bank, Landed } from './bank.ts'
import type { Blocks } from './blocks.ts'
import type { History } from './history.ts'
import type { Signed } from './message.ts'

/** The parts of the chain that answers are made of. */
export type Node = {
  readonly blocks: Blocks
  readonly bank: Bank
  readonly history: History
  /** Puts a transaction into the newest block, or drops it. */
  readonly land: (signed: Signed) => Landed | undefined
}

/** Answers one method. */
export type Method = (node: Node, params: readonly unknown[]) => unknown

/** What a call may say after what it is about; each method reads the part it knows. */
export type Config = {
  readonly commitment?: unknown
  readonly preflightCommitment?: unknown
  readonly encoding?: unknown
  readonly skipPreflight?: unknown
  readonly sigVerify?: unknown
  readonly replaceRecentBlockhash?: unknown
  readonly innerInstructions?: unknown
  readonly searchTransactionHistory?: unknown
  readonly maxSupportedTransactionVersion?: unknown
  readonly limit?: number | undefined
  readonly before?: string | undefined
  readonly until?: string | undefined
  readonly dataSlice?: { readonly offset: number; readonly length: number } | undefined
}
