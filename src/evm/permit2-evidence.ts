import type { Evidence } from '../ports/chain.js'
import type { EarlierTerms, Hex, Payment } from '../types.js'
import { decodeAddress, encodeCall, encodeQuantity, encodeWord, events, functions, readHex } from './abi.js'
import { permit2 } from './permit2.js'
import { directNonce, namedNonces, readTransaction, type Transaction } from './permit2-calls.js'
import { type Block, type Range, rangesOf, type Rpc } from './blocks.js'
import { readLogs, readTopics } from './rpc.js'

/** No more of an account's transactions are read for one payment. */
const maxReads = 300

/**
 * Tells what became of a payment by Permit2, as of a final block. Permit2 notes used nonces in a bitmap and logs no use:
 * which transaction it was has to be found among those that moved the payer's tokens.
 */
export async function examinePermit(client: Rpc, payment: Payment, final: Block): Promise<Evidence> {
  if (await isUsed(client, payment, final.hash)) return explain(client, payment, final)
  // Permit2 takes it up to the second before, and later blocks are never earlier.
  if (final.timestamp >= payment.terms.validBefore) return { type: 'expired' }
  return { type: 'open', reason: 'it can still be executed' }
}

async function isUsed(client: Rpc, { terms }: Payment, blockHash: string): Promise<boolean> {
  const nonce = BigInt(terms.nonce)
  const data = encodeCall(functions.nonceBitmap, terms.payer, nonce >> 8n)
  const answer = await client.request({ method: 'eth_call', params: [{ to: permit2, data }, { blockHash }] })
  return isSet(BigInt(readHex(answer, 32)), nonce)
}

function isSet(word: bigint, nonce: bigint): boolean {
  return ((word >> (nonce & 255n)) & 1n) === 1n
}

type Transfer = { readonly transaction: string; readonly to: string; readonly value: bigint }

/** What logs say of the payer: tokens that left, and transactions in which its owner made this nonce unusable. */
type Found = { readonly transfers: readonly Transfer[]; readonly invalidations: readonly string[] }

/** A used nonce is a transfer, or its owner made it unusable. A transfer is in a transaction that names the nonce. */
async function explain(client: Rpc, payment: Payment, final: Block): Promise<Evidence> {
  const read = createReader(client)
  const all: Found[] = []
  for await (const range of rangesOf(client, payment, final)) {
    const found = await findIn(client, payment, range)
    for (const transfer of found.transfers.filter((one) => fits(one, payment))) {
      const evidence = evidenceOf(transfer, await read(transfer.transaction), payment)
      if (evidence) return evidence
    }
    all.push(found)
  }
  return explainOtherwise(all, payment, read)
}

/** For how much a part of a transaction was executed, only its whole can tell: nothing but one call to the proxy. */
function evidenceOf({ transaction, value }: Transfer, read: Transaction, payment: Payment): Evidence | undefined {
  const { payer, nonce, isMaximum } = payment.terms
  if (!namedNonces(read, payer).includes(lower(nonce))) return undefined
  if (!isMaximum || directNonce(read, payer) === lower(nonce)) return { type: 'executed', transaction, amount: value }
  return { type: 'open', reason: 'it was executed among others, which does not show for how much' }
}

/** What was signed once has all its logs here: then its owner's word that it is void can be believed. */
async function explainOtherwise(all: readonly Found[], payment: Payment, read: Reader): Promise<Evidence> {
  const transfers = all.flatMap((found) => found.transfers)
  const [invalidation] = all.flatMap((found) => found.invalidations)
  if (invalidation !== undefined && payment.presentations === 1) {
    const rivals = await Promise.all(
      transfers
        .filter((one) => fits(one, payment))
        .map(async ({ transaction }) => directNonce(await read(transaction), payment.terms.payer)),
    )
    if (rivals.every((nonce) => nonce !== undefined)) return { type: 'cancelled', transaction: invalidation }
    return { type: 'open', reason: 'its nonce was made unusable, maybe after it was executed' }
  }
  for (const { transaction } of transfers) {
    const nonces = namedNonces(await read(transaction), payment.terms.payer)
    if (nonces.includes(lower(payment.terms.nonce))) return { type: 'diverted', transaction }
  }
  return { type: 'open', reason: 'its nonce is used, but no transaction that names it is found' }
}

function lower(hex: Hex): Hex {
  return hex.toLowerCase() as Hex
}

function fits({ to, value }: Transfer, { payTo, amount, terms, earlier = [] }: Payment): boolean {
  const isExactly = (one: EarlierTerms): boolean => to === one.payTo.toLowerCase() && value === one.amount
  if (terms.isMaximum) return to === payTo.toLowerCase() && value <= amount
  return isExactly({ payTo, amount }) || earlier.some(isExactly)
}

async function findIn(client: Rpc, { asset, terms }: Payment, { first, last }: Range): Promise<Found> {
  const payer = encodeWord(terms.payer)
  const token = asset.address.toLowerCase()
  const logs = await readLogs(client, {
    address: [token, permit2.toLowerCase()],
    topics: [[events.transfer, events.invalidated], payer],
    fromBlock: encodeQuantity(first),
    toBlock: encodeQuantity(last),
  })
  const own = logs.map(readTopics).filter(({ topics }) => topics[1] === payer)
  return {
    transfers: own.flatMap(({ asset: at, topics: [event, , to], data, transaction }) =>
      at === token && event === events.transfer && to
        ? [{ transaction: readHex(transaction, 32), to: decodeAddress(to), value: BigInt(readHex(data, 32)) }]
        : [],
    ),
    invalidations: own.flatMap(({ asset: at, topics: [event], data, transaction }) =>
      at === permit2.toLowerCase() && event === events.invalidated && invalidates(readHex(data, 64), terms.nonce)
        ? [readHex(transaction, 32)]
        : [],
    ),
  }
}

function invalidates(data: string, nonce: string): boolean {
  const [word, mask] = [BigInt(data.slice(0, 66)), BigInt(`0x${data.slice(66)}`)]
  return word === BigInt(nonce) >> 8n && isSet(mask, BigInt(nonce))
}

type Reader = (transaction: string) => Promise<Transaction>

/** Reads each transaction once, and not endlessly many. */
function createReader(client: Rpc): Reader {
  const known = new Map<string, Promise<Transaction>>()
  return (transaction) => {
    const kept = known.get(transaction)
    if (kept) return kept
    if (known.size >= maxReads) throw new RangeError('the payer has too many transfers to look through')
    const answer = client.request({ method: 'eth_getTransactionByHash', params: [transaction] }).then(readTransaction)
    known.set(transaction, answer)
    return answer
  }
}
