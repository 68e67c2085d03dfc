import type { Scheme } from '../ports/scheme.js'
import type { Hex, Offer, Payment } from '../types.js'
import { encodeCall, functions, readHex } from './abi.js'
import { readAllowance } from './allowance.js'
import { askOne, type Nodes } from './ask-one.js'
import { deadlineOf, type Field, isPermit, permit2, typesOf } from './permit2.js'
import type { EvmSigner } from './signer.js'
import type { TypedData } from './typed-data.js'
import { placeholder, type Signing, signingOf } from './typed-signing.js'

/** The fields of what is signed for a token, so that a spender may move some of it (EIP-2612). */
export const allowancePermitFields: readonly Field[] = [
  ['address', 'owner'],
  ['address', 'spender'],
  ['uint256', 'value'],
  ['uint256', 'nonce'],
  ['uint256', 'deadline'],
]

/**
 * Finds with which nonce a token would take a permit of the payer's, where a server pays for the gas of it and Permit2 may not
 * move so much yet; nothing where none is needed, or the token knows none.
 */
export async function findAllowancePermit(
  nodes: Nodes,
  offer: Offer,
  payer: string,
): Promise<Offer['allowancePermit']> {
  const { asset, amount, scheme, extra, gasSponsoring } = offer
  const isByPermit2 = scheme === 'upto' || extra['assetTransferMethod'] === 'permit2'
  if (!isByPermit2 || !asset.eip712 || !gasSponsoring?.includes('eip2612')) return undefined
  return askOne(nodes, async (client) => {
    if ((await readAllowance(client, asset, payer)) >= amount) return undefined
    const call = { to: asset.address, data: encodeCall(functions.nonces, payer) }
    const nonce = BigInt(readHex(await client.request({ method: 'eth_call', params: [call, 'latest'] }), 32))
    return { nonce: nonce.toString() }
  })
}

/** What the terms of a payment keep of the permit beside it. */
export function permitDetails({ allowancePermit }: Offer): Readonly<Record<string, string>> {
  return allowancePermit ? { permitNonce: allowancePermit.nonce } : {}
}

/** Tells whether a permit is signed beside a payment. */
function hasPermit(payment: Payment): boolean {
  return isPermit(payment) && payment.terms.details?.['permitNonce'] !== undefined
}

/** What is signed beside a payment: that Permit2 may move exactly its amount, and only as long as the payment lives. */
function allowancePermitData(payment: Payment): TypedData {
  const { asset, amount, terms } = payment
  if (!asset.eip712) throw new TypeError(`${asset.symbol} has no EIP-712 domain`)
  return {
    domain: {
      name: asset.eip712.name,
      version: asset.eip712.version,
      chainId: Number(asset.network.slice('eip155:'.length)),
      verifyingContract: asset.address as Hex,
    },
    types: typesOf({ Permit: allowancePermitFields }),
    primaryType: 'Permit',
    message: {
      owner: terms.payer,
      spender: permit2,
      value: amount,
      nonce: BigInt(terms.details?.['permitNonce'] ?? ''),
      deadline: deadlineOf(payment),
    },
  }
}

const permitSigning = signingOf(allowancePermitData)
const signatureLength = placeholder.length

/**
 * Signs what a scheme signs and, where the terms say so, the permit before it. Both signatures stand one behind the other, and
 * each is of exactly this payment.
 */
export function withAllowancePermit(own: Signing): Signing & Pick<Scheme<EvmSigner>, 'extensions'> {
  return {
    ...own,
    sign: async (payment, signer) => {
      if (!hasPermit(payment)) return own.sign(payment, signer)
      // By itself a permit moves nothing: where the payment is not signed then, nothing that does was.
      const permit = await permitSigning.sign(payment, signer)
      return `${await own.sign(payment, signer)}${permit.slice(2)}`
    },
    check: (payment, signature) => {
      if (!hasPermit(payment)) return own.check(payment, signature)
      return (
        own.check(payment, paymentSignature(payment, signature)) ?? permitSigning.check(payment, permitIn(signature))
      )
    },
    extensions: (payment, signature) => {
      if (!hasPermit(payment)) return undefined
      const { asset, amount, terms } = payment
      return {
        eip2612GasSponsoring: {
          from: terms.payer,
          asset: asset.address,
          spender: permit2,
          amount: amount.toString(),
          nonce: terms.details?.['permitNonce'],
          deadline: deadlineOf(payment).toString(),
          signature: permitIn(signature),
          version: '1',
        },
      }
    },
  }
}

/** Takes the signature of the payment out of both. */
export function paymentSignature(payment: Payment, signature: string): string {
  return hasPermit(payment) ? signature.slice(0, signatureLength) : signature
}

/** A stand-in of one signature stands for both. */
function permitIn(signature: string): string {
  return signature === placeholder ? placeholder : `0x${signature.slice(signatureLength)}`
}
