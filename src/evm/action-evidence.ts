import type { Payment } from '../types.js'
import type { Evidence, OutgoingTransfer } from '../ports/chain.js'
import { mainOf, readPlan } from './action-terms.js'
import type { Block, Rpc } from './blocks.js'

/**
 * Tells what became of an action, as of a final block: it is executed when the transaction that does what was asked is in
 * it and succeeded, and over when that failed, or can never succeed any more.
 */
export async function examineAction(client: Rpc, payment: Payment, final: Block): Promise<Evidence> {
  const { receipt, terms, amount } = payment
  const transaction = receipt?.transaction
  if (!transaction) return { type: 'open', reason: 'nobody noted the names of its transactions' }
  const found = await client.request({ method: 'eth_getTransactionReceipt', params: [transaction] })
  const { blockNumber, status } = Object(found)
  if (typeof blockNumber === 'string' && BigInt(blockNumber) <= final.number) {
    return status === '0x1' ? { type: 'executed', transaction, amount } : { type: 'expired' }
  }
  const plan = readPlan(payment)
  const params = [terms.payer, { blockHash: final.hash }]
  const count = BigInt(String(await client.request({ method: 'eth_getTransactionCount', params })))
  const isTaken = count > BigInt(terms.details?.['accountNonce'] ?? 0) + BigInt(mainOf(plan))
  // Nodes forget transactions, and what they do not know of may have been executed.
  if (isTaken)
    return { type: 'open', reason: 'its account nonce is used, but the node knows nothing of its transaction' }
  // Its contract refuses it from then on, and it was not executed before.
  if (plan.expires !== undefined && final.timestamp > plan.expires) return { type: 'expired' }
  return { type: 'open', reason: 'it can still be executed' }
}

/** Tells whether a transfer out of the account is one that an action's plan has, given that it is of its transactions. */
export function explainsTransfer(payment: Payment, { asset, amount }: OutgoingTransfer): boolean {
  return readPlan(payment).outflows.some(
    ({ token, amount: most }) => token.address.toLowerCase() === asset.toLowerCase() && amount <= most,
  )
}
