import type { Evidence, OutgoingTransfer } from '../../ports/chain.js'
import type { Payment } from '../../types.js'
import { encodeQuantity, encodeWord, events, readHex } from '../abi.js'
import { type Block, firstBlockAt, type Range, type Rpc } from '../blocks.js'
import { readLogs, readTopics } from '../rpc.js'
import { findHeld } from './receive-policy.js'

/** The chain takes an expiring nonce for half a minute, and since T11 for five; twice that finds whatever it took. */
const maxLifeSeconds = 600
/** A node that claims endless blocks in that time is not asked endlessly. */
const maxBlocks = 5000n
/** The contract that takes fees. */
const feeManager = '0xfeec000000000000000000000000000000000000'

/** Tells whether a payment is a transfer of a token of Tempo, whatever else its token could move by. */
export function isCharge({ terms }: Pick<Payment, 'terms'>): boolean {
  return terms.method === 'tip20'
}

/** The memo by which a transfer is known to be that of a payment. */
export function chargeMemo({ terms }: Payment): string {
  return terms.details?.['memo'] ?? ''
}

/**
 * Tells what became of a transfer on Tempo, as of a final block. Whoever pays the fee names the transaction: ours is the one
 * whose log has the memo of the payment. It can only be in blocks of the time before its end.
 */
export async function examineCharge(client: Rpc, payment: Payment, final: Block): Promise<Evidence> {
  const { validBefore } = payment.terms
  const isOver = final.timestamp >= validBefore
  const first = await firstBlockAt(client, final, validBefore - maxLifeSeconds)
  const last = isOver ? await firstBlockAt(client, final, validBefore) : final.number
  const transaction = await findTransfer(client, payment, { first, last })
  if (transaction !== undefined) return { type: 'executed', transaction, amount: payment.amount }
  const held = await findHeldTransfer(client, payment, { first, last })
  if (held !== undefined) return { type: 'executed', transaction: held, amount: payment.amount }
  // No block executes it from its end on, and later blocks are never earlier.
  if (!isOver) return { type: 'open', reason: 'it can still be executed' }
  if (await hasLogsOf(client, { first, last })) return { type: 'expired' }
  return { type: 'open', reason: 'a node no longer has the logs of that time' }
}

/**
 * Tells whether a node still has what happened in some blocks. Nodes forget logs by their age, and then answer with none:
 * one that knows what became of the first transaction of these blocks knows the logs of all of them.
 */
async function hasLogsOf(client: Rpc, { first, last }: Range): Promise<boolean> {
  if (last - first > maxBlocks) return false
  for (let number = first; number <= last; number += 1n) {
    const block = await client.request({ method: 'eth_getBlockByNumber', params: [encodeQuantity(number), false] })
    const { transactions } = Object(block)
    if (!Array.isArray(transactions)) return false
    if (transactions.length === 0) continue
    const receipt = await client.request({ method: 'eth_getTransactionReceipt', params: [transactions[0]] })
    return typeof Object(receipt).blockHash === 'string'
  }
  return true
}

async function findTransfer(client: Rpc, payment: Payment, { first, last }: Range): Promise<string | undefined> {
  const { asset, amount, payTo, terms } = payment
  const topics = [events.transferWithMemo, encodeWord(terms.payer), encodeWord(payTo), chargeMemo(payment)]
  const range = { fromBlock: encodeQuantity(first), toBlock: encodeQuantity(last) }
  const logs = await readLogs(client, { address: asset.address, topics, ...range })
  // Some nodes answer more than they were asked for.
  const ours = logs
    .map(readTopics)
    .find(
      (log) =>
        log.asset === asset.address.toLowerCase() &&
        log.topics.join() === topics.join() &&
        BigInt(readHex(log.data, 32)) === amount,
    )
  return ours && readHex(ours.transaction, 32)
}

/** What its payee's own policy does not take has left all the same, and can be its payee's to claim. */
async function findHeldTransfer(client: Rpc, payment: Payment, range: Range): Promise<string | undefined> {
  const { asset, amount, terms } = payment
  const held = (await findHeld(client, asset.address, range)).find(
    (one) =>
      one.token === asset.address.toLowerCase() &&
      one.from === terms.payer.toLowerCase() &&
      one.memo === chargeMemo(payment) &&
      one.amount === amount,
  )
  return held && readHex(held.transaction, 32)
}

/** Tells whether a transfer is the chain's fee of a payment whose server does not pay it; nothing where it is not. */
export function isFeeOf(payment: Payment, { to, amount, asset }: OutgoingTransfer): true | undefined {
  const { feePayer, gas = '0', maxFeePerGas = '0' } = payment.terms.details ?? {}
  if (!isCharge(payment) || feePayer !== 'payer' || to.toLowerCase() !== feeManager) return undefined
  const isOfToken = asset.toLowerCase() === payment.asset.address.toLowerCase()
  return isOfToken && amount * 1_000_000_000_000n <= BigInt(gas) * BigInt(maxFeePerGas) ? true : undefined
}
