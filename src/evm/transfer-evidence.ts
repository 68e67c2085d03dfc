import type { Payment } from '../types.js'
import type { Evidence } from '../ports/chain.js'
import type { Block, Rpc } from './blocks.js'
import { transfersIn } from './rpc.js'

/**
 * Tells what became of a transfer that its payer sent as a transaction, as of a final block. It is over when its
 * transaction failed there: that another took its account nonce is no proof, since nodes forget transactions.
 */
export async function examineTransaction(client: Rpc, payment: Payment, final: Block): Promise<Evidence> {
  const { receipt, terms } = payment
  const hash = receipt?.transaction
  if (!hash) return { type: 'open', reason: 'nobody noted the name of its transaction' }
  const found = await client.request({ method: 'eth_getTransactionReceipt', params: [hash] })
  const { blockNumber, status } = Object(found)
  if (typeof blockNumber === 'string' && BigInt(blockNumber) <= final.number) {
    if (status === '0x0') return { type: 'expired' }
    return (await hasMoved(client, payment, hash))
      ? { type: 'executed', transaction: hash, amount: payment.amount }
      : { type: 'diverted', transaction: hash }
  }
  const count = await client.request({
    method: 'eth_getTransactionCount',
    params: [terms.payer, { blockHash: final.hash }],
  })
  const isTaken = BigInt(String(count)) > BigInt(terms.details?.['accountNonce'] ?? 0)
  // Nodes forget transactions, and what they do not know of may have been executed.
  if (isTaken)
    return { type: 'open', reason: 'its account nonce is used, but the node knows nothing of its transaction' }
  return { type: 'open', reason: 'it can still be executed', canExecute: true }
}

async function hasMoved(client: Rpc, payment: Payment, hash: string): Promise<boolean> {
  const { asset, amount, payTo, terms } = payment
  const payee = payTo.toLowerCase()
  if (asset.transfer !== 'native') {
    const transfers = await transfersIn(client, payment, hash)
    return transfers.some(({ to, value }) => to === payee && value === amount)
  }
  const { from, to, value } = Object(await client.request({ method: 'eth_getTransactionByHash', params: [hash] }))
  const isOurs = String(from).toLowerCase() === terms.payer.toLowerCase() && String(to).toLowerCase() === payee
  return isOurs && BigInt(String(value)) === amount
}
