import { decodeAddress, encodeCall, encodeQuantity, encodeWord, events, functions, readHex } from './abi.js'
import type { Payment } from '../types.js'
import { type Block, maxSearch, rangesOf, type Rpc } from './blocks.js'

/** A log of a nonce's use or cancellation. */
export type Log = { readonly transactionHash: string; readonly isCancellation: boolean }

/** A node that answers with endless logs is not read. */
const maxLogs = 10_000

/** Tells whether the token contract has used up a payment's nonce, as of one block. */
export async function readNonce(client: Rpc, { asset, terms }: Payment, blockHash: string): Promise<boolean> {
  const data = encodeCall(functions.authorizationState, terms.payer, terms.nonce)
  const answer = await client.request({ method: 'eth_call', params: [{ to: asset.address, data }, { blockHash }] })
  const word = BigInt(readHex(answer, 32))
  if (word > 1n) throw new TypeError('the token answered with no truth value')
  return word === 1n
}

/** Finds the logs of a payment's nonce. */
export async function findLogs(client: Rpc, payment: Payment, final: Block): Promise<readonly Log[]> {
  for await (const { first, last } of rangesOf(client, payment, final)) {
    const logs = await findLogsIn(client, payment, first, last)
    if (logs.length > 0) return logs
  }
  return []
}

async function findLogsIn(client: Rpc, payment: Payment, first: bigint, last: bigint): Promise<readonly Log[]> {
  const { asset, terms } = payment
  const topics = [[events.used, events.canceled], encodeWord(terms.payer), terms.nonce]
  const range = { fromBlock: encodeQuantity(first), toBlock: encodeQuantity(last) }
  const logs = await client.request({ method: 'eth_getLogs', params: [{ address: asset.address, topics, ...range }] })
  return Array.isArray(logs) ? logs.filter((log) => isOfNonce(log, payment)).map(readLog) : []
}

/** Reads logs, of which a node can answer only so many. */
export async function readLogs(client: Rpc, filter: Readonly<Record<string, unknown>>): Promise<readonly unknown[]> {
  const logs = await client.request({ method: 'eth_getLogs', params: [filter] })
  if (!Array.isArray(logs) || logs.length > maxLogs) throw new TypeError('the node answered with something else')
  return logs
}

/** What a log says of an account: money of a token that left it, or a nonce of it that was used up. */
export type Movement = {
  readonly transaction: string
  readonly asset: string
  /** The log's place in its block. */
  readonly index: number
  readonly to?: string | undefined
  readonly amount?: bigint | undefined
  readonly nonce?: string | undefined
}

/** Lists what some tokens' logs say of an account, between two blocks, both inclusive. */
export async function findMovements(
  client: Rpc,
  { account, assets }: { readonly account: string; readonly assets: readonly { readonly address: string }[] },
  { first, last }: { readonly first: bigint; readonly last: bigint },
): Promise<readonly Movement[]> {
  const found: Movement[] = []
  const address = assets.map((asset) => asset.address.toLowerCase())
  const payer = encodeWord(account)
  for (let from = first; from <= last; from += maxSearch) {
    const to = from + maxSearch - 1n < last ? from + maxSearch - 1n : last
    const topics = [[events.transfer, events.used, events.transferWithMemo], payer]
    const range = { fromBlock: encodeQuantity(from), toBlock: encodeQuantity(to) }
    const logs = await readLogs(client, { address, topics, ...range })
    found.push(...logs.flatMap((log: unknown) => readMovement(log, { address, payer })))
  }
  return found
}

function readMovement(
  log: unknown,
  asked: { readonly address: readonly string[]; readonly payer: string },
): readonly Movement[] {
  const { transactionHash, logIndex } = Object(log)
  const { asset, topics, data } = readTopics(log)
  const [event, account, word = '', memo] = topics
  if (!asked.address.includes(asset) || account !== asked.payer) return []
  const place = { transaction: readHex(transactionHash, 32).toLowerCase(), asset, index: Number(BigInt(logIndex)) }
  if (event === events.used) return [{ ...place, nonce: readHex(word, 32) }]
  // The memo names the payment, of which another log tells what moved.
  if (event === events.transferWithMemo) return [{ ...place, nonce: readHex(memo, 32) }]
  if (event !== events.transfer) return []
  return [{ ...place, to: decodeAddress(word), amount: BigInt(readHex(data, 32)) }]
}

/** Some nodes answer more than they were asked for. */
function isOfNonce(log: unknown, payment: Payment): boolean {
  const { asset, topics } = readTopics(log)
  const [event, payer, nonce] = topics
  return (
    asset === payment.asset.address.toLowerCase() &&
    (event === events.used || event === events.canceled) &&
    payer === encodeWord(payment.terms.payer) &&
    nonce === payment.terms.nonce.toLowerCase()
  )
}

function readLog(log: unknown): Log {
  const isCancellation = readTopics(log).topics[0] === events.canceled
  return { transactionHash: readHex(Object(log).transactionHash, 32), isCancellation }
}

/** Reads the payer's transfers of the payment's token in one transaction that succeeded. */
export async function transfersIn(
  client: Rpc,
  payment: Payment,
  transaction: string,
): Promise<readonly { readonly to: string; readonly value: bigint }[]> {
  const { status, logs } = Object(await client.request({ method: 'eth_getTransactionReceipt', params: [transaction] }))
  if (status !== '0x1' || !Array.isArray(logs)) return []
  return logs.flatMap((log: unknown) => {
    const { asset, topics, data } = readTopics(log)
    const [event, from, to] = topics
    const isOurs =
      asset === payment.asset.address.toLowerCase() &&
      event === events.transfer &&
      from === encodeWord(payment.terms.payer)
    return isOurs && to ? [{ to: decodeAddress(to), value: BigInt(readHex(data, 32)) }] : []
  })
}

/** Reads whose log it is and what it says, in lower case. */
export function readTopics(log: unknown): {
  readonly asset: string
  readonly topics: readonly string[]
  readonly data: unknown
  readonly transaction: unknown
} {
  const { address, topics, data, transactionHash: transaction } = Object(log)
  const words = Array.isArray(topics) ? topics.map((topic) => String(topic).toLowerCase()) : []
  return { asset: String(address).toLowerCase(), topics: words, data, transaction }
}
