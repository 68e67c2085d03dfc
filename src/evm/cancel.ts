import type { Hex, Payment } from '../types.js'

/** The part of a viem wallet client that is used; it has an account with the chain's own coin. */
export type GasPayer = {
  // A method and not a property: viem's takes a wider transaction.
  sendTransaction(transaction: { readonly to: Hex; readonly data: Hex }): Promise<string>
}

/** `cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)` (EIP-3009). */
const cancelAuthorization = '5a049a70'

/** Sends a signed cancellation to a payment's token, at the cost of the gas payer; answers the transaction's hash. */
export async function sendCancellation(gasPayer: GasPayer, payment: Payment, signature: Hex): Promise<string> {
  return gasPayer.sendTransaction({ to: payment.asset.address as Hex, data: encodeCall(payment, signature) })
}

function encodeCall({ terms }: Payment, signature: Hex): Hex {
  const [r, s, v] = [signature.slice(2, 66), signature.slice(66, 130), signature.slice(130, 132)]
  const authorizer = terms.payer.slice(2).toLowerCase().padStart(64, '0')
  return `0x${cancelAuthorization}${authorizer}${terms.nonce.slice(2)}${v.padStart(64, '0')}${r}${s}`
}
