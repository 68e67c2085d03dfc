import type { Evidence, OutgoingTransfer } from '../../ports/chain.js'
import type { Payment } from '../../types.js'
import { encodeQuantity, encodeWord, events, readHex } from '../abi.js'
import { type Block, firstBlockAt, type Range, type Rpc } from '../blocks.js'
import { readLogs, readTopics } from '../rpc.js'
import { findTransactions } from './charge-calls.js'
import { findHeld } from './receive-policy.js'

/** The chain takes an expiring nonce for half a minute, and since T11 for five; twice that finds whatever it took. */
const maxLifeSeconds = 600
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
  return examineBlocks(client, payment, { first, last })
}

/** That no log tells of a transfer is no proof: what was executed is in the blocks of that time, and if none has it, it is over. */
async function examineBlocks(client: Rpc, payment: Payment, range: Range): Promise<Evidence> {
  const transactions = await findTransactions(client, payment, range)
  if (!transactions) return { type: 'open', reason: 'a node no longer has all blocks of that time' }
  for (const transaction of transactions) {
    const receipt = await client.request({ method: 'eth_getTransactionReceipt', params: [transaction] })
    const { status } = Object(receipt)
    if (status === '0x1') return { type: 'executed', transaction, amount: payment.amount }
    if (status !== '0x0') return { type: 'open', reason: 'a node no longer has the receipt of its transaction' }
  }
  const [failed] = transactions
  if (failed === undefined || payment.terms.details?.['feePayer'] === 'server') return { type: 'expired' }
  // A fee that has left is not to be freed with the rest.
  const note = `not paid: its transaction ${failed} failed, and only the fee of the chain left`
  return { type: 'open', reason: 'its transaction failed, but its fee has left', note }
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
