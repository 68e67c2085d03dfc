import type { Dialect } from './dialect.js'
import { askCharge, readPayload, writeReceipt } from './mpp-dialect.js'
import { readFields } from './permit-grant.js'

const pathUsd = '0x20C0000000000000000000000000000000000000'
/** TIP-20's `transferWithMemo(address,uint256,bytes32)`, and its arguments. */
const transfer = /95777d59(?:0{24})([0-9a-f]{40})([0-9a-f]{64})[0-9a-f]{64}/

/** MPP's charge on Tempo, whose fee the server pays: what is signed is a whole transaction, and another one is another payment. */
export const tempoDialect: Dialect = {
  name: 'tempo',
  ask: (_url, terms, at) => {
    const methodDetails = { chainId: 42_431, feePayer: true }
    return askCharge({ method: 'tempo', currency: pathUsd, methodDetails }, terms, at)
  },
  read: (headers) => {
    const { signature } = readPayload(headers)
    const serialized = String(signature).toLowerCase()
    const [, payTo, amount] = transfer.exec(serialized) ?? []
    if (payTo === undefined || amount === undefined) return undefined
    // Behind its calls come the key of its nonce, that nonce, and when its time is over: 0 for never.
    const validBefore = Number(`0x${readFields(serialized, serialized.slice(2, 4))[6] || '0'}`)
    return {
      nonce: serialized,
      amount: BigInt(`0x${amount}`),
      payTo: `0x${payTo}`,
      validBefore: validBefore || Number.POSITIVE_INFINITY,
    }
  },
  receipt: (_claimed, now) => writeReceipt('tempo', now),
}
