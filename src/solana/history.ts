import * as z from 'zod/mini'
import { sha256Hex } from '../lib/sha256.js'
import { isSignedBy } from './verify.js'
import type { Node } from './rpc.js'
import { readSigned } from './signed.js'
import type { Payment } from '../types.js'

/** What is looked for: a message of the payer's, and the blocks in which it can be. */
export type Question = {
  readonly payment: Payment
  /** The payer's token account. */
  readonly source: string
  readonly messageHash: string
  readonly memo: string
  readonly blockhash: string
  /** The greatest height that the nodes it was signed by named after they had named its blockhash. */
  readonly height: number
  /** The least slot that they named. */
  readonly slot: number
}

/** The newest block that is final to a node. */
export type Final = { readonly slot: number; readonly height: number }

/** A transaction of our message in a final block. */
export type FoundTransaction = { readonly signature: string; readonly isExecuted: boolean }

const pageSize = 1000
/** An account with more transactions than this since a payment was signed cannot be searched. */
const maxEntries = 20_000
/** Some nodes list fewer at once than they are asked for. */
const maxPages = 200
const maxLookups = 200
/** How far the wall clock may have been ahead when a payment was signed. */
const maxSkewSeconds = 120

const number = z.int().check(z.nonnegative())
const epoch = z.object({ absoluteSlot: number, blockHeight: number })
const page = z.array(
  z.object({
    signature: z.string().check(z.regex(/^[1-9A-HJ-NP-Za-km-z]{64,88}$/)),
    slot: number,
    memo: z.nullish(z.string()),
    blockTime: z.nullish(number),
    err: z.optional(z.unknown()),
    confirmationStatus: z.nullish(z.string()),
  }),
)
const found = z.nullable(
  z.object({
    slot: number,
    meta: z.object({ err: z.unknown() }),
    transaction: z.tuple([z.string().check(z.maxLength(2048)), z.literal('base64')]),
  }),
)

/** A transaction that names an account, as a list of them has it. */
export type Entry = {
  readonly signature: string
  readonly slot: number
  readonly memo?: string | null | undefined
  /** In Unix seconds. */
  readonly blockTime?: number | null | undefined
  readonly err?: unknown
  readonly confirmationStatus?: string | null | undefined
}

/** Reads the newest final block; its slot and its height are of one answer. */
export async function readFinal(node: Node): Promise<Final> {
  const { absoluteSlot, blockHeight } = await node.ask('getEpochInfo', [{ commitment: 'finalized' }], epoch)
  return { slot: absoluteSlot, height: blockHeight }
}

/** Reads the time of the newest final block, in Unix seconds. */
export async function readFinalTime(node: Node): Promise<number> {
  const { slot } = await readFinal(node)
  return readBlockTime(node, slot)
}

/**
 * Looks for a payment's message in the final history of the payer's token account, down to where it was signed.
 *
 * @throws TypeError when there is too much history to say.
 */
export async function findTransaction(
  node: Node,
  question: Question,
  final: Final,
): Promise<FoundTransaction | undefined> {
  let lookups = 0
  for await (const entries of readPages(node, question.source, final)) {
    for (const entry of entries.filter((one) => canBe(one, question))) {
      if (++lookups > maxLookups) throw new TypeError('the payer has too many transactions to look through')
      const ours = await lookUp(node, entry, question)
      if (ours) return ours
    }
    if (entries.some((entry) => isOlder(entry, question))) return undefined
  }
  return undefined
}

/**
 * Lists what named an account in final blocks, newest first, down to the first that is not new.
 *
 * @throws TypeError when there is too much of it.
 */
export async function readEntries(
  node: Node,
  account: string,
  { slot, isNew }: { readonly slot: number; readonly isNew: (entry: Entry) => boolean },
): Promise<readonly Entry[]> {
  const found: Entry[] = []
  for await (const entries of readPages(node, account, { slot })) {
    const fresh = entries.filter(isNew)
    found.push(...fresh)
    if (fresh.length < entries.length) break
  }
  return found
}

/** Tells whether a node has all blocks since a payment was signed, by the slot that was named then and by the time. */
export async function hasAllSince(node: Node, question: Question): Promise<boolean> {
  return isFirstBlockBefore(node, { slot: question.slot, time: earliestTime(question) })
}

/** Tells whether a node has all blocks since a slot, and since a time in Unix seconds. */
export async function isFirstBlockBefore(
  node: Node,
  { slot, time }: { readonly slot?: number; readonly time?: number },
): Promise<boolean> {
  const first = await node.ask('getFirstAvailableBlock', [], number)
  if (slot !== undefined && first > slot) return false
  return time === undefined || first === 0 || (await readBlockTime(node, first)) <= time
}

/** Reads the time of a block, in Unix seconds. */
export async function readBlockTime(node: Node, slot: number): Promise<number> {
  return node.ask('getBlockTime', [slot], number)
}

/** Reads page after page, until one is empty: one that is not full need not be the last. */
async function* readPages(
  node: Node,
  account: string,
  { slot }: Pick<Final, 'slot'>,
): AsyncGenerator<readonly Entry[]> {
  let last: Entry | undefined
  for (let pages = 0, count = 0; pages < maxPages && count < maxEntries; pages++) {
    const before = last && { before: last.signature }
    const config = { commitment: 'finalized', minContextSlot: slot, limit: pageSize, ...before }
    const entries = await node.ask('getSignaturesForAddress', [account, config], page)
    if (entries.length === 0) return
    if (!isNewestFirst([...(last ? [last] : []), ...entries]))
      throw new TypeError('a node lists transactions that are not in their order')
    yield entries
    last = entries.at(-1)
    count += entries.length
  }
  throw new TypeError('the account has too many transactions to look through')
}

function isNewestFirst(entries: readonly Entry[]): boolean {
  return entries.every(({ slot }, index) => slot <= (entries[index - 1]?.slot ?? slot))
}

/** Nodes that signed for us may have named a slot that is too late, and the wall clock may have been ahead: not both. */
function isOlder({ slot, blockTime }: Entry, question: Question): boolean {
  return slot < question.slot && typeof blockTime === 'number' && blockTime < earliestTime(question)
}

function earliestTime({ payment }: Question): number {
  return Math.floor(payment.createdAt / 1000) - maxSkewSeconds
}

/** A node names a transaction's memo where it knows it, which is nearly always: then only ours is looked up. */
function canBe(entry: Entry, question: Question): boolean {
  const { memo, confirmationStatus } = entry
  const isFinal = (confirmationStatus ?? 'finalized') === 'finalized'
  const isOtherMemo = typeof memo === 'string' && (question.memo === '' || !memo.includes(question.memo))
  return isFinal && !isOtherMemo && !isOlder(entry, question)
}

/** What the node calls a transaction of ours is one only if the bytes are our message, with our signature. */
async function lookUp(
  node: Node,
  { signature }: Entry,
  { messageHash, payment }: Question,
): Promise<FoundTransaction | undefined> {
  const config = { commitment: 'finalized', encoding: 'base64', maxSupportedTransactionVersion: 0 }
  const answer = await node.ask('getTransaction', [signature, config], found)
  if (!answer) throw new TypeError('a node lists a transaction that it does not have')
  const read = readSigned(answer.transaction[0])
  if (!read) throw new TypeError('a node shows a transaction that is none')
  const { signatures, message } = read
  if (sha256Hex(message) !== messageHash) return undefined
  const isOurs = signatures.some((one) => isSignedBy(message, one, payment.terms.payer))
  if (!isOurs) throw new TypeError('a node shows a transaction that is not signed')
  return { signature, isExecuted: answer.meta.err === null || answer.meta.err === undefined }
}
