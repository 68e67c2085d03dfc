import { encodeCall, encodeCallWithBytes, functions, isHex, splitSignature } from './abi.js'
import type { Hex, Payment } from '../types.js'

/** The part of a viem wallet client that is used; it has an account with the chain's own coin. */
export type GasPayer = {
  // A method and not a property: viem's takes a wider transaction.
  sendTransaction(transaction: { readonly to: Hex; readonly data: Hex }): Promise<string>
}

/** Sends a signed cancellation to a payment's token, at the cost of the gas payer; answers the transaction's hash. */
export async function sendCancellation(gasPayer: GasPayer, payment: Payment, signature: Hex): Promise<string> {
  const { asset, terms } = payment
  return gasPayer.sendTransaction({ to: asset.address as Hex, data: cancellationCall(terms, signature) })
}

/** Signatures of keys are taken in three parts, and those of contracts in one. */
function cancellationCall({ payer, nonce }: Payment['terms'], signature: Hex): Hex {
  if (!isHex(signature, 65)) return encodeCallWithBytes(functions.cancelWithContract, [payer, nonce], signature)
  const { r, s, v } = splitSignature(signature)
  return encodeCall(functions.cancelAuthorization, payer, nonce, v, r, s)
}
