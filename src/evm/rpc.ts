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

/** `authorizationState(address,bytes32)` (EIP-3009). */
const authorizationState = '0xe94a0102'
/** `AuthorizationUsed(address,bytes32)`, `AuthorizationCanceled(address,bytes32)` and `Transfer(address,address,uint256)`. */
const used = '0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5'
const canceled = '0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81'
const transfer = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
/** The most blocks that common nodes search at once. */
export const widestSearch = 5000n
/** A node that answers with endless logs is not read. */
const mostLogs = 10_000
/** A node that claims endless blocks is not asked endlessly. */
export const mostSearches = 200n

/** Reads a block by number or tag. */
export async function readBlock(client: Rpc, block: bigint | 'finalized'): Promise<Block> {
  const name = typeof block === 'bigint' ? toHex(block) : block
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
  const data = `${authorizationState}${toWord(terms.payer)}${terms.nonce.slice(2)}`
  const answer = await client.request({ method: 'eth_call', params: [{ to: asset.address, data }, { blockHash }] })
  const word = BigInt(readHex(answer, 32))
  if (word > 1n) throw new TypeError('the token answered with no truth value')
  return word === 1n
}

/** Finds the logs of a payment's nonce, between the blocks in which it can have been executed. */
export async function findLogs(client: Rpc, payment: Payment, final: Block): Promise<readonly Log[]> {
  const { asset, terms } = payment
  const { number: first } = await blockBefore(client, final, Math.floor(payment.createdAt / 1000) - 600)
  const last = final.number < first + widestSearch * mostSearches ? final.number : first + widestSearch * mostSearches
  for (let from = first; from <= last; from += widestSearch) {
    const to = from + widestSearch - 1n < last ? from + widestSearch - 1n : last
    const topics = [[used, canceled], `0x${toWord(terms.payer)}`, terms.nonce]
    const logs = await client.request({
      method: 'eth_getLogs',
      params: [{ address: asset.address, topics, fromBlock: toHex(from), toBlock: toHex(to) }],
    })
    const ours = Array.isArray(logs) ? logs.filter((log) => isOfNonce(log, payment)) : []
    if (ours.length > 0) return ours.map(readLog)
  }
  return []
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
  const payer = `0x${toWord(account)}`
  for (let from = first; from <= last; from += widestSearch) {
    const to = from + widestSearch - 1n < last ? from + widestSearch - 1n : last
    const topics = [[transfer, used], payer]
    const logs = await client.request({
      method: 'eth_getLogs',
      params: [{ address, topics, fromBlock: toHex(from), toBlock: toHex(to) }],
    })
    if (!Array.isArray(logs) || logs.length > mostLogs) throw new TypeError('the node answered with something else')
    found.push(...logs.flatMap((log: unknown) => readMovement(log, { address, payer })))
  }
  return found
}

function readMovement(
  log: unknown,
  asked: { readonly address: readonly string[]; readonly payer: string },
): readonly Movement[] {
  const { address, topics, data, transactionHash, logIndex } = Object(log)
  const [event, account, word = ''] = Array.isArray(topics) ? topics.map((topic) => String(topic).toLowerCase()) : []
  const asset = String(address).toLowerCase()
  if (!asked.address.includes(asset) || account !== asked.payer) return []
  const index = Number(BigInt(logIndex))
  const place = { transaction: readHex(transactionHash, 32).toLowerCase(), asset, index }
  if (event === used) return [{ ...place, nonce: readHex(word, 32) }]
  if (event !== transfer) return []
  return [{ ...place, to: `0x${readHex(word, 32).slice(-40)}`, amount: BigInt(readHex(data, 32)) }]
}

/** Some nodes answer more than they were asked for. */
function isOfNonce(log: unknown, { asset, terms }: Payment): boolean {
  const { address, topics } = Object(log)
  const [event, payer, nonce] = Array.isArray(topics) ? topics.map((topic) => String(topic).toLowerCase()) : []
  return (
    String(address).toLowerCase() === asset.address.toLowerCase() &&
    (event === used || event === canceled) &&
    payer === `0x${toWord(terms.payer)}` &&
    nonce === terms.nonce.toLowerCase()
  )
}

function readLog(log: unknown): Log {
  const { transactionHash, topics } = Object(log)
  const event = String(Reflect.get(Object(topics), 0)).toLowerCase()
  return { transactionHash: readHex(transactionHash, 32), isCancellation: event === canceled }
}

/** Reads the payer's transfers of the payment's token in one transaction that succeeded. */
export async function transfersIn(
  client: Rpc,
  { asset, terms }: Payment,
  transaction: string,
): Promise<readonly { readonly to: string; readonly value: bigint }[]> {
  const { status, logs } = Object(await client.request({ method: 'eth_getTransactionReceipt', params: [transaction] }))
  if (status !== '0x1' || !Array.isArray(logs)) return []
  return logs.flatMap((log: unknown) => {
    const { address, topics, data } = Object(log)
    const [event, from, to] = Array.isArray(topics) ? topics.map((topic) => String(topic).toLowerCase()) : []
    const isOurs =
      String(address).toLowerCase() === asset.address.toLowerCase() &&
      event === transfer &&
      from === `0x${toWord(terms.payer)}`
    return isOurs && to ? [{ to: `0x${to.slice(-40)}`, value: BigInt(readHex(data, 32)) }] : []
  })
}

function toHex(number: bigint): string {
  return `0x${number.toString(16)}`
}

function toWord(address: string): string {
  return address.slice(2).toLowerCase().padStart(64, '0')
}

function readHex(value: unknown, bytes: number): string {
  if (typeof value === 'string' && value.length === 2 + bytes * 2 && /^0x[0-9a-f]+$/i.test(value)) return value
  throw new TypeError('the node answered with something else')
}
