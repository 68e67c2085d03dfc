import { bytesToHex } from '@noble/hashes/utils'
import { deepFreeze } from '../lib/freeze.js'
import type { ContractSigning, Scheme } from '../ports/scheme.js'
import type { Hex, Payment } from '../types.js'
import { maxContractSignature } from './contract-payer.js'
import { isSignedBy, parseSignature } from './signature.js'
import type { EvmSigner } from './signer.js'
import { hashTypedData, type TypedData } from './typed-data.js'

/** The stand-in of a signature of 65 bytes. */
export const placeholder: Hex = `0x${'0'.repeat(130)}`

const contractPlaceholder: Hex = `0x${'0'.repeat(maxContractSignature * 2)}`

/** How recorded payments are signed, by keys and by contracts. */
export type Signing = Pick<Scheme<EvmSigner>, 'sign' | 'check'> & { readonly contract: ContractSigning }

/** Signs, and checks, what one function builds of the recorded payment. */
export function signingOf(dataOf: (payment: Payment) => TypedData): Signing {
  return {
    sign: async (payment, signer) => {
      const signature: unknown = await signer.signTypedData(deepFreeze(dataOf(payment)))
      // Each byte of a contract's signature is for the contract to read, also where it looks like that of a key.
      if (signer.isContract) return String(signature)
      return parseSignature(signature) ?? String(signature)
    },
    check: checkOf((payment) => hashTypedData(dataOf(payment))),
    contract: {
      digest: (payment) => `0x${bytesToHex(hashTypedData(dataOf(payment)))}`,
      placeholder: contractPlaceholder,
    },
  }
}

/** Checks that a key's signature is over what a recorded payment hashes to. */
export function checkOf(hashOf: (payment: Payment) => Uint8Array): Signing['check'] {
  return (payment, signature) => {
    const parsed = parseSignature(signature)
    if (parsed === undefined) return 'the signer answered with no 65-byte signature'
    const isOurs = isSignedBy(hashOf(payment), parsed, payment.terms.payer as Hex)
    return isOurs ? undefined : 'the signature is not of this payment by this payer'
  }
}
