import { encodeQuantity, readHex } from './abi.js'
import type { Payment } from '../types.js'

/** The part of a viem client, or of any EIP-1193 provider, that is used. */
export type Rpc = {
  // A method and not a property: viem's takes only the methods it knows, and the ones used here are among them.
  request(call: { readonly method: string; readonly params?: unknown }): Promise<unknown>
}

/** A block, as far as it is read; its time in Unix seconds. */
export type Block = { readonly number: bigint; readonly hash: string; readonly timestamp: number }

/** The most blocks that common nodes search at once. */
export const maxSearch = 5000n
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

/** Some blocks, both ends inclusive. */
export type Range = { readonly first: bigint; readonly last: bigint }

/**
 * Lists where a payment's logs can be: since it was recorded, and else before that. What was signed anew can have been
 * executed by what was signed first.
 */
export async function* rangesOf(client: Rpc, { createdAt }: Payment, final: Block): AsyncGenerator<Range> {
  const { number: start } = await blockBefore(client, final, Math.floor(createdAt / 1000) - 600)
  const reach = maxSearch * maxSearches
  for (let first = start; first <= final.number && first < start + reach; first += maxSearch) {
    const last = first + maxSearch - 1n
    yield { first, last: last < final.number ? last : final.number }
  }
  for (let last = start - 1n; last >= 0n && last >= start - reach; last -= maxSearch) {
    yield { first: last < maxSearch ? 0n : last - maxSearch + 1n, last }
  }
}
