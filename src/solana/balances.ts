import * as z from 'zod/mini'
import { decodeBytes } from '../lib/base64.js'
import { tokenAccountOf, tokenProgramOf } from './address.js'
import { firstAnswer } from './first-answer.js'
import type { Node } from './rpc.js'
import type { Asset } from '../types.js'

const amountOffset = 64
const amountBytes = 8

const accounts = z.object({
  value: z.array(
    z.nullable(
      z.object({
        lamports: z.int().check(z.nonnegative()),
        owner: z.string(),
        data: z.tuple([z.string(), z.literal('base64')]),
      }),
    ),
  ),
})

/**
 * Reads what an address holds of some assets, of the first node that answers.
 *
 * @throws TypeError when none does.
 */
export async function readBalances(
  nodes: readonly Node[],
  address: string,
  assets: readonly Asset[],
): Promise<readonly bigint[]> {
  return firstAnswer(nodes, (node) => readOf(node, address, assets))
}

async function readOf(node: Node, address: string, assets: readonly Asset[]): Promise<readonly bigint[]> {
  const addresses = assets.map((asset) => (asset.transfer === 'native' ? address : tokenAccountOf(address, asset)))
  const dataSlice = { offset: amountOffset, length: amountBytes }
  const config = { encoding: 'base64', commitment: 'confirmed', dataSlice }
  const { value } = await node.ask('getMultipleAccounts', [addresses, config], accounts)
  if (value.length !== assets.length) throw new TypeError('a node answered for other accounts')
  return assets.map((asset, index) => {
    const account = value[index]
    if (asset.transfer === 'native') return BigInt(account?.lamports ?? 0)
    // Without an account there is nothing; under another program it is no account of the token.
    if (!account || account.owner !== tokenProgramOf(asset)) return 0n
    const bytes = decodeBytes(account.data[0])
    if (bytes?.length !== amountBytes) throw new TypeError('a node answered with something else')
    return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  })
}
