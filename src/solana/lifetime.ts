import * as z from 'zod/mini'
import { blockhashLife } from './blockhash.js'
import { type Final, type Question, readBlockTime, readFinal } from './history.js'
import { type Node, whyUnanswered } from './rpc.js'

/** What one node says of a message's life: up to which final block, and why the message may not be dead by then. */
export type Life = {
  /** Whatever could have had the message by then is in this block or before it. */
  readonly final: Final
  /** Nothing where it is dead. */
  readonly whyAlive?: string | undefined
}

/** The life of a blockhash, and the blocks until one is final. */
const lifeBlocks = blockhashLife + 32
/**
 * By the time of final blocks, which no process that is started anew forgets and no wall clock changes. A blockhash is
 * not valid either before its own block is final: only time tells that apart, where heights are not to be believed.
 */
const minLifeSeconds = 90

const slot = z.int().check(z.nonnegative())
const validity = z.object({ context: z.object({ slot }), value: z.boolean() })
const canStill = 'it can still be executed'

/**
 * Asks a node whether a message is dead: its blockhash is not valid at a final block, and that block is more than its
 * life above the height at which it was signed, and later than its life. No message of ours advances a durable nonce,
 * with which it would live on; what is signed is held against its shape first.
 *
 * @throws TypeError when the node does not even name a final block.
 */
export async function readLife(node: Node, question: Question): Promise<Life> {
  const final = await readFinal(node)
  if (final.height <= question.height + lifeBlocks) return { final, whyAlive: canStill }
  try {
    return await readDeath(node, question, final)
  } catch (error) {
    return { final, whyAlive: whyUnanswered(error) }
  }
}

async function readDeath(node: Node, question: Question, before: Final): Promise<Life> {
  const config = { commitment: 'finalized', minContextSlot: before.slot }
  const { context, value } = await node.ask('isBlockhashValid', [question.blockhash, config], validity)
  const final = await readFinal(node)
  // Behind one URL can be many nodes, and one that answers for a block that is not final may answer for another fork.
  const isFinal = before.slot <= context.slot && context.slot <= final.slot
  if (!isFinal) return { final, whyAlive: 'a node says of another block whether the blockhash is valid' }
  if (value) return { final, whyAlive: canStill }
  const isOld = await isOldAt(node, question, before)
  return { final, ...(!isOld && { whyAlive: 'it was signed too short a time ago' }) }
}

/** It was signed no later than our clock said or than the slot that was named then, of which one may be wrong. */
async function isOldAt(node: Node, { payment, slot: named }: Question, { slot: reached }: Final): Promise<boolean> {
  const [signed, final] = await Promise.all([readBlockTime(node, named), readBlockTime(node, reached)])
  return final >= Math.max(signed, Math.ceil(payment.createdAt / 1000)) + minLifeSeconds
}
