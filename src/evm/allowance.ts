import { formatUnits } from '../lib/format-amount.js'
import type { Hex, Offer } from '../types.js'
import { encodeCall, functions, readHex } from './abi.js'
import { askOne, type Nodes } from './ask-one.js'
import { permit2 } from './permit2.js'

/** Says why Permit2 cannot move what an offer asks: for want of the payer's allowance, which only its owner gives. */
export async function refuseAllowance(nodes: Nodes, offer: Offer, payer: string): Promise<string | undefined> {
  const { asset, amount, scheme, extra } = offer
  if (scheme !== 'upto' && extra['assetTransferMethod'] !== 'permit2') return undefined
  const data = encodeCall(functions.allowance, payer, permit2)
  const allowance = await askOne(nodes, async (client) =>
    BigInt(
      readHex(await client.request({ method: 'eth_call', params: [{ to: asset.address as Hex, data }, 'latest'] }), 32),
    ),
  )
  if (allowance >= amount) return undefined
  const given = formatUnits(allowance, asset)
  return `Permit2 may move ${given} of the payer's, and ${formatUnits(amount, asset)} is asked: its owner would have to approve ${permit2}`
}
