import type { Payment } from '../types.js'
import type { Evidence, OutgoingTransfer } from '../ports/chain.js'
import { callsOf, mainOf, readPlan } from './action-terms.js'
import type { Block, Rpc } from './blocks.js'

/** Each of its calls is a transaction of its own: those before the one that does what was asked may have moved something. */
const others = { type: 'open', reason: 'an earlier call of it may have moved something' } as const

/**
 * Tells what became of an action, as of a final block: it is executed when the transaction that does what was asked is in
 * it and succeeded, and over when that failed, or can never succeed any more.
 */
export async function examineAction(client: Rpc, payment: Payment, final: Block): Promise<Evidence> {
  const { receipt, terms, amount } = payment
  const transaction = receipt?.transaction
  const plan = readPlan(payment)
  const main = transaction === undefined ? undefined : await readOutcome(client, transaction, final)
  if (main === 'executed' && transaction !== undefined) return { type: 'executed', transaction, amount }
  const over = plan.calls.length > 1 ? others : ({ type: 'expired' } as const)
  if (main !== undefined) return over
  const first = BigInt(terms.details?.['accountNonce'] ?? 0)
  const nonce = first + BigInt(mainOf(plan))
  const params = [terms.payer, { blockHash: final.hash }]
  const count = BigInt(String(await client.request({ method: 'eth_getTransactionCount', params })))
  if (count > nonce) {
    const later = receipt?.transactions?.slice(callsOf(plan).length) ?? []
    if (await isAnyInPlace(client, later, { nonce, payer: terms.payer, final })) return over
    // Nodes forget transactions, and what they do not know of may have been executed.
    return { type: 'open', reason: 'its account nonce is used, but the node knows nothing of its transaction' }
  }
  if (count > first + BigInt(plan.approvals.length)) return others
  // Its contract refuses it from then on, and it was not executed before.
  if (plan.expires !== undefined && final.timestamp > plan.expires) return { type: 'expired' }
  return { type: 'open', reason: 'it can still be executed', canExecute: true }
}

/** Says how a transaction ended in a block that is final by now; nothing where it has not. */
async function readOutcome(client: Rpc, transaction: string, final: Block): Promise<'executed' | 'failed' | undefined> {
  const found = await client.request({ method: 'eth_getTransactionReceipt', params: [transaction] })
  const { blockNumber, status } = Object(found)
  if (typeof blockNumber !== 'string' || BigInt(blockNumber) > final.number) return undefined
  return status === '0x1' ? 'executed' : 'failed'
}

type Place = { readonly nonce: bigint; readonly payer: string; readonly final: Block }

/** What was executed with its account nonce keeps it from ever being executed. */
async function isAnyInPlace(
  client: Rpc,
  transactions: readonly string[],
  { nonce, payer, final }: Place,
): Promise<boolean> {
  for (const transaction of transactions) {
    const found = await client.request({ method: 'eth_getTransactionByHash', params: [transaction] })
    const { nonce: own, from } = Object(found)
    const isPlace =
      typeof own === 'string' && BigInt(own) === nonce && String(from).toLowerCase() === payer.toLowerCase()
    if (isPlace && (await readOutcome(client, transaction, final)) !== undefined) return true
  }
  return false
}

/** Tells whether a transfer out of the account is one that an action's plan has, given that it is of its transactions. */
export function explainsTransfer(payment: Payment, { asset, amount }: OutgoingTransfer): boolean {
  const plan = readPlan(payment)
  // What came back has left all the same; of anything else that its owner says was not paid, nothing has.
  if (payment.resolution?.as === 'not-paid' && plan.action !== 'bridge') return false
  return plan.outflows.some(
    ({ token: { address, rounding = 0n }, amount: most }) =>
      address.toLowerCase() === asset.toLowerCase() && amount <= most + rounding,
  )
}
