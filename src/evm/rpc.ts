import { decodeAddress, encodeCall, encodeQuantity, encodeWord, events, functions, readHex } from './abi.js'
import type { Payment } from '../types.js'

/** The part of a viem client, or of any EIP-1193 provider, that is used. */
export type Rpc = {
  // A method and not a property: viem's takes only the methods it knows, and the ones used here are among them.
  request(call: { readonly method: string; readonly params?: unknown }): Promise<unknown>
}

/** A block, as far as it is read; its time in Unix seconds. */
export type Block = { readonly number: bigint; readonly hash: string; readonly timestamp: number }

/** A log of a nonce's use or cancellation. */
export type Log = { readonly transactionHash: string; readonly isCancellation: boolean }

/** The most blocks that common nodes search at once. */
export const maxSearch = 5000n
/** A node that answers with endless logs is not read. */
const maxLogs = 10_000
/** A node that claims endless blocks is not asked endlessly. */
export const maxSearches = 200n

/** Reads a block by number or tag. */
export async function readBlock(client: Rpc, block: bigint | 'finalized'): Promise<Block> {
  const name = typeof block === 'bigint' ? encodeQuantity(block) : block
  const found = await client.request({ method: 'eth_getBlockByNumber', params: [name, false] })
  const { number, hash, timestamp } = Object(found)
  return { number: BigInt(number), hash: readHex(hash, 32), timestamp: Number(BigInt(timestamp)) }
}

/** Reads the final block of a node, or answers nothing when the node is of another chain. */
export async function readFinal(client: Rpc, chainId: bigint): Promise<Block | undefined> {
  const answered = await client.request({ method: 'eth_chainId' })
  return BigInt(String(answered)) === chainId ? readBlock(client, 'finalized') : undefined
}

/** Tells whether the token contract has used up a payment's nonce, as of one block. */
export async function readNonce(client: Rpc, { asset, terms }: Payment, blockHash: string): Promise<boolean> {
  const data = encodeCall(functions.authorizationState, terms.payer, terms.nonce)
  const answer = await client.request({ method: 'eth_call', params: [{ to: asset.address, data }, { blockHash }] })
  const word = BigInt(readHex(answer, 32))
  if (word > 1n) throw new TypeError('the token answered with no truth value')
  return word === 1n
}

/**
 * Finds the logs of a payment's nonce: since it was signed, and else before that. What was signed anew can have been
 * executed by what was signed first.
 */
export async function findLogs(client: Rpc, payment: Payment, final: Block): Promise<readonly Log[]> {
  const { number: first } = await blockBefore(client, final, Math.floor(payment.createdAt / 1000) - 600)
  const reach = maxSearch * maxSearches
  for (let from = first; from <= final.number && from < first + reach; from += maxSearch) {
    const logs = await findLogsIn(client, payment, from, min(from + maxSearch - 1n, final.number))
    if (logs.length > 0) return logs
  }
  for (let to = first - 1n; to >= 0n && to >= first - reach; to -= maxSearch) {
    const logs = await findLogsIn(client, payment, to < maxSearch ? 0n : to - maxSearch + 1n, to)
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

function min(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}

/** Walks back in growing steps to a block that is older than an instant. */
async function blockBefore(client: Rpc, final: Block, timestamp: number): Promise<Block> {
  let block = final
  for (let step = 64n; block.timestamp > timestamp && block.number > 0n; step *= 4n) {
    block = await readBlock(client, block.number > step ? block.number - step : 0n)
  }
  return block
}

/** Finds the first block of an instant, in Unix seconds, or later. */
export async function firstBlockAt(client: Rpc, final: Block, timestamp: number): Promise<bigint> {
  // Several blocks can have one time.
  let { number: low } = await blockBefore(client, final, timestamp - 1)
  let high = final.number
  while (low < high) {
    const middle = (low + high) / 2n
    const block = await readBlock(client, middle)
    if (block.timestamp >= timestamp) high = middle
    else low = middle + 1n
  }
  return low
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
    const topics = [[events.transfer, events.used], payer]
    const logs = await client.request({
      method: 'eth_getLogs',
      params: [{ address, topics, fromBlock: encodeQuantity(from), toBlock: encodeQuantity(to) }],
    })
    if (!Array.isArray(logs) || logs.length > maxLogs) throw new TypeError('the node answered with something else')
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
  const [event, account, word = ''] = topics
  if (!asked.address.includes(asset) || account !== asked.payer) return []
  const place = { transaction: readHex(transactionHash, 32).toLowerCase(), asset, index: Number(BigInt(logIndex)) }
  if (event === events.used) return [{ ...place, nonce: readHex(word, 32) }]
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
function readTopics(log: unknown): {
  readonly asset: string
  readonly topics: readonly string[]
  readonly data: unknown
} {
  const { address, topics, data } = Object(log)
  const asset = String(address).toLowerCase()
  return { asset, topics: Array.isArray(topics) ? topics.map((topic) => String(topic).toLowerCase()) : [], data }
}
