import type { Payment } from '../types.js'

/** The part of a viem client, or of any EIP-1193 provider, that is used. */
export type Rpc = {
  readonly request: (call: { readonly method: string; readonly params?: unknown }) => Promise<unknown>
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
const widestSearch = 5000n

/** Reads a block by number or tag. */
export async function readBlock(client: Rpc, block: bigint | 'finalized'): Promise<Block> {
  const name = typeof block === 'bigint' ? toHex(block) : block
  const found = await client.request({ method: 'eth_getBlockByNumber', params: [name, false] })
  const { number, hash, timestamp } = Object(found)
  return { number: BigInt(number), hash: readHex(hash, 32), timestamp: Number(BigInt(timestamp)) }
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
  const first = await blockBefore(client, final, Math.floor(payment.createdAt / 1000) - 600)
  for (let from = first.number; from <= final.number; from += widestSearch) {
    const to = from + widestSearch - 1n < final.number ? from + widestSearch - 1n : final.number
    const topics = [[used, canceled], `0x${toWord(terms.payer)}`, terms.nonce]
    const logs = await client.request({
      method: 'eth_getLogs',
      params: [{ address: asset.address, topics, fromBlock: toHex(from), toBlock: toHex(to) }],
    })
    if (Array.isArray(logs) && logs.length > 0) return logs.map(readLog)
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

function readLog(log: unknown): Log {
  const { transactionHash, topics } = Object(log)
  return { transactionHash: readHex(transactionHash, 32), isCancellation: Reflect.get(Object(topics), 0) === canceled }
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
    const [event, from, to] = Array.isArray(topics) ? topics.map(String) : []
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
