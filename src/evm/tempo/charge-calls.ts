import type { Hex, Payment } from '../../types.js'
import { encodeQuantity, isHex } from '../abi.js'
import type { Range, Rpc } from '../blocks.js'
import { transferData, transferWithMemo } from './charge-transaction.js'

/** A node that claims endless blocks in that time is not asked endlessly. */
const maxBlocks = 5000n
/** How many blocks are asked for at once. */
const maxParallel = 32n

type Call = { readonly to: string; readonly data: string }

/**
 * Finds the transactions in some blocks that make exactly a payment's transfer, by what the blocks themselves hold: a node's
 * logs can lag behind its blocks, and are forgotten first. Answers nothing where a node does not tell all of each block.
 */
export async function findTransactions(
  client: Rpc,
  payment: Payment,
  { first, last }: Range,
): Promise<readonly Hex[] | undefined> {
  if (last - first > maxBlocks) return undefined
  const found: Hex[] = []
  for (let from = first; from <= last; from += maxParallel) {
    const count = last - from + 1n < maxParallel ? last - from + 1n : maxParallel
    const numbers = Array.from({ length: Number(count) }, (_, index) => from + BigInt(index))
    const heard = await Promise.all(numbers.map((number) => findInBlock(client, payment, number)))
    for (const hashes of heard) {
      if (!hashes) return undefined
      found.push(...hashes)
    }
  }
  return found
}

async function findInBlock(client: Rpc, payment: Payment, asked: bigint): Promise<readonly Hex[] | undefined> {
  const { asset, amount, payTo, terms } = payment
  const block = await client.request({ method: 'eth_getBlockByNumber', params: [encodeQuantity(asked), true] })
  const { number, transactions } = Object(block)
  if (number !== encodeQuantity(asked) || !Array.isArray(transactions)) return undefined
  const data = transferData({ payee: payTo, amount, memo: terms.details?.['memo'] ?? '' }).toLowerCase()
  const found: Hex[] = []
  for (const transaction of transactions as readonly unknown[]) {
    const { hash } = Object(transaction)
    const calls = readCalls(transaction, terms.payer)
    if (!calls || !isHex(hash, 32)) return undefined
    if (calls.some((call) => call.to === asset.address.toLowerCase() && call.data === data)) found.push(hash)
  }
  return found
}

/** Lists the memos of an account's own transfers in a transaction, also where it failed and left no log of them. */
export function memosIn(transaction: unknown, account: string): readonly string[] {
  const calls = readCalls(transaction, account) ?? []
  return calls.flatMap(({ data }) =>
    data.startsWith(transferWithMemo) && isHex(data, 100) ? [`0x${data.slice(-64)}`] : [],
  )
}

/** Reads what a transaction of Tempo's own type calls for an account; nothing where a node does not tell. */
function readCalls(transaction: unknown, account: string): readonly Call[] | undefined {
  const { from, type, calls } = Object(transaction)
  if (!isHex(from, 20)) return undefined
  if (from.toLowerCase() !== account.toLowerCase()) return []
  // What is signed as one type cannot be sent as another.
  if (!Array.isArray(calls)) return typeof type === 'string' && type !== '0x76' ? [] : undefined
  const read = calls.map((call: unknown) => {
    const { to, input, data } = Object(call)
    return { to: String(to).toLowerCase(), data: String(input ?? data).toLowerCase() }
  })
  return read.every(({ data }) => data.startsWith('0x')) ? read : undefined
}
