import { decodeHeader, encodeHeader } from '../server/wire.js'
import { type Dialect, network, token, transaction } from './dialect.js'

const facilitatorAddress = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

/** x402's price by use: what is signed is the most that can be taken. */
export const uptoDialect: Dialect = {
  name: 'upto',
  ask: (url, { amount, payTo, seconds }) => {
    const extra = { name: 'USDC', version: '2', assetTransferMethod: 'permit2', facilitatorAddress }
    const offer = {
      scheme: 'upto',
      network,
      amount: amount.toString(),
      asset: token,
      payTo,
      maxTimeoutSeconds: seconds,
      extra,
    }
    const message = { x402Version: 2, error: 'Payment required', resource: { url }, accepts: [offer] }
    return new Response('{}', { status: 402, headers: { 'PAYMENT-REQUIRED': encodeHeader(message) } })
  },
  read: ({ 'payment-signature': written = null }) => {
    const permit = Object(Object(Object(decodeHeader(written)).payload).permit2Authorization)
    if (permit.nonce === undefined) return undefined
    return {
      nonce: String(permit.nonce),
      amount: BigInt(String(Object(permit.permitted).amount)),
      payTo: String(Object(permit.witness).to),
      validBefore: Number(permit.deadline),
    }
  },
  receipt: (claimed) => {
    const message = { success: true, transaction, network, amount: claimed.toString() }
    return { 'PAYMENT-RESPONSE': encodeHeader(message) }
  },
}
