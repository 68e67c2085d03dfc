import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex } from '@noble/hashes/utils'
import { base64 } from '@scure/base'
import * as z from 'zod/mini'
import { isSignedBy } from './verify.js'
import { readTransaction } from './read-message.js'
import type { Node } from './rpc.js'
import type { Payment } from '../types.js'

/** What is looked for: a message of the payer's, and the blocks in which it can be. */
export type Question = {
  readonly payment: Payment
  /** The payer's token account. */
  readonly source: string
  readonly messageHash: string
  readonly memo: string
  /** The height of a block that is no older than its blockhash. */
  readonly height: number
  /** A slot that is no later than its blockhash. */
  readonly slot: number
}

/** The newest block that is final to a node. */
export type Final = { readonly slot: number; readonly height: number }

/** A transaction of our message in a final block. */
export type FoundTransaction = { readonly signature: string; readonly isExecuted: boolean }

const pageSize = 1000
/** An account with more transactions than this since a payment was signed cannot be searched. */
const mostPages = 20
const mostLookups = 200

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
  return node.ask('getBlockTime', [slot], number)
}

/**
 * Looks for a payment's message in the final history of the payer's token account, down to the slot in which it was
 * signed.
 *
 * @throws TypeError when there is too much history to say.
 */
export async function findTransaction(
  node: Node,
  question: Question,
  final: Final,
): Promise<FoundTransaction | undefined> {
  let before: string | undefined
  let lookups = 0
  for (let pages = 0; pages < mostPages; pages++) {
    const entries = await readPage(node, question.source, { slot: final.slot, before })
    for (const entry of entries.filter((one) => canBe(one, question))) {
      if (++lookups > mostLookups) throw new TypeError('the payer has too many transactions to look through')
      const ours = await lookUp(node, entry, question)
      if (ours) return ours
    }
    const last = entries.at(-1)
    if (!last || entries.length < pageSize || last.slot < question.slot) return undefined
    before = last.signature
  }
  throw new TypeError('the payer has too many transactions to look through')
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
  for (let pages = 0; pages < mostPages; pages++) {
    const entries = await readPage(node, account, { slot, before: found.at(-1)?.signature })
    const fresh = entries.filter(isNew)
    found.push(...fresh)
    if (entries.length < pageSize || fresh.length < entries.length) return found
  }
  throw new TypeError('the account has too many transactions to look through')
}

/** Tells whether a node has all blocks since a slot, or a time in Unix seconds. */
export async function isFirstBlockBefore(
  node: Node,
  { slot, time }: { readonly slot?: number; readonly time?: number },
): Promise<boolean> {
  const first = await node.ask('getFirstAvailableBlock', [], number)
  if (slot !== undefined) return first <= slot
  return first === 0 || (await node.ask('getBlockTime', [first], number)) <= (time ?? 0)
}

async function readPage(
  node: Node,
  account: string,
  { slot, before }: { readonly slot: number; readonly before: string | undefined },
): Promise<readonly Entry[]> {
  const config = { commitment: 'finalized', minContextSlot: slot, limit: pageSize, ...(before && { before }) }
  return node.ask('getSignaturesForAddress', [account, config], page)
}

/** A node names a transaction's memo where it knows it, which is nearly always: then only ours is looked up. */
function canBe({ slot, memo, confirmationStatus }: Entry, question: Question): boolean {
  const isFinal = (confirmationStatus ?? 'finalized') === 'finalized'
  const isOtherMemo = typeof memo === 'string' && (question.memo === '' || !memo.includes(question.memo))
  return isFinal && slot >= question.slot && !isOtherMemo
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
  const { signatures, message } = readTransaction(base64.decode(answer.transaction[0]))
  if (bytesToHex(sha256(message)) !== messageHash) return undefined
  const isOurs = signatures.some((one) => isSignedBy(message, one, payment.terms.payer))
  if (!isOurs) throw new TypeError('a node shows a transaction that is not signed')
  return { signature, isExecuted: answer.meta.err === null || answer.meta.err === undefined }
}
