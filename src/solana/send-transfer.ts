import { base58 } from '@scure/base'
import * as z from 'zod/mini'
import { transferSolana, type TransferSolanaOptions } from './transfer.js'
import { firstAnswer } from './first-answer.js'
import type { Node } from './rpc.js'
import { readSigned } from './signed.js'
import type { Payload, Payment } from '../types.js'
import type { Transfers } from '../ports/chain.js'

const known = z.object({ value: z.tuple([z.nullable(z.object({}))]) })

/** Moves money on Solana: a token or SOL, in a transaction that the payer sends and pays the fee of. */
export function createTransfers(options: TransferSolanaOptions): Transfers {
  const { nodes } = options
  return Object.freeze({
    scheme: transferSolana(options),
    prepare: async () => ({ scheme: 'transfer', extra: {} }),
    name: ({ transaction }: Payload) => nameOf(String(transaction)),
    send: async (_payment: Payment, { transaction }: Payload) => send(nodes, String(transaction)),
  } satisfies Transfers)
}

/** Who pays the fee signs first, and names the transaction so. */
function nameOf(transaction: string): string {
  const [signature = new Uint8Array()] = readSigned(transaction)?.signatures ?? []
  return base58.encode(signature)
}

/** Asks one node after another to take it. A node that has it already has not failed to. */
async function send(nodes: readonly Node[], transaction: string): Promise<string> {
  const name = nameOf(transaction)
  const params = [transaction, { encoding: 'base64', preflightCommitment: 'confirmed' }]
  return firstAnswer(nodes, async (node) => {
    await node.ask('sendTransaction', params, z.string()).catch(async (error: unknown) => {
      if (!(await isKnown(node, name))) throw error
    })
    return name
  })
}

async function isKnown(node: Node, name: string): Promise<boolean> {
  const answer = await node.ask('getSignatureStatuses', [[name]], known).catch(() => undefined)
  return answer !== undefined && answer.value[0] !== null
}
