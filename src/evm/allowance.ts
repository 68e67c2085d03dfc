import { formatUnits } from '../lib/format-amount.js'
import type { Asset, Offer } from '../types.js'
import { encodeCall, functions, readHex } from './abi.js'
import { askOne, type Nodes } from './ask-one.js'
import type { Rpc } from './blocks.js'
import { permit2 } from './permit2.js'

/** Says why Permit2 cannot move what an offer asks: for want of the payer's allowance, which only its owner gives. */
export async function refuseAllowance(nodes: Nodes, offer: Offer, payer: string): Promise<string | undefined> {
  const { asset, amount, scheme, extra } = offer
  if (scheme !== 'upto' && extra['assetTransferMethod'] !== 'permit2') return undefined
  const allowance = await askOne(nodes, (client) => readAllowance(client, asset, payer))
  if (allowance >= amount) return undefined
  const given = formatUnits(allowance, asset)
  return `Permit2 may move ${given} of the payer's, and ${formatUnits(amount, asset)} is asked: its owner would have to approve ${permit2}`
}

/** Reads how much of a payer's token Permit2 may move. */
export async function readAllowance(client: Rpc, { address: to }: Asset, payer: string): Promise<bigint> {
  const data = encodeCall(functions.allowance, payer, permit2)
  return BigInt(readHex(await client.request({ method: 'eth_call', params: [{ to, data }, 'latest'] }), 32))
}
