import { encodeCall, functions, splitSignature } from './abi.js'
import type { Hex, Payment } from '../types.js'

/** The part of a viem wallet client that is used; it has an account with the chain's own coin. */
export type GasPayer = {
  // A method and not a property: viem's takes a wider transaction.
  sendTransaction(transaction: { readonly to: Hex; readonly data: Hex }): Promise<string>
}

/** Sends a signed cancellation to a payment's token, at the cost of the gas payer; answers the transaction's hash. */
export async function sendCancellation(gasPayer: GasPayer, payment: Payment, signature: Hex): Promise<string> {
  const { asset, terms } = payment
  const { r, s, v } = splitSignature(signature)
  const data = encodeCall(functions.cancelAuthorization, terms.payer, terms.nonce, v, r, s)
  return gasPayer.sendTransaction({ to: asset.address as Hex, data })
}
