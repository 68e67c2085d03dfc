import { secp256k1 } from '@noble/curves/secp256k1'
import { hkdf } from '@noble/hashes/hkdf'
import { sha256 } from '@noble/hashes/sha2'
import { addressOf } from '../evm/address.js'
import { noble, type Secp256k1, signDigest } from '../evm/signature.js'
import { hashClaim, readClaim } from '../evm/sign-in.js'
import type { EvmSigner } from '../evm/signer.js'
import { type EvmTransaction, hashTransaction, serializeTransaction } from '../evm/transaction.js'
import { hashTypedData, type TypedData } from '../evm/typed-data.js'
import { isOwn, markOwn } from '../lib/own-signers.js'
import type { SignInClaim } from '../ports/sign-in.js'

/** Tells whether 32 bytes are a key of secp256k1: any number from 1 to below the order. */
export function isEvmKey(bytes: Uint8Array): boolean {
  return bytes.length === 32 && secp256k1.utils.isValidPrivateKey(bytes)
}

/** Answers the address of an EVM key. */
export function addressOfEvmKey(bytes: Uint8Array): EvmSigner['address'] {
  return addressOf(secp256k1.getPublicKey(bytes))
}

/** Derives 32 secret bytes for a purpose from a key (RFC 5869). */
export function deriveFrom(key: Uint8Array, purpose: string): Uint8Array {
  return hkdf(sha256, key, undefined, `stipend/${purpose}`, 32)
}

/** Makes what signs with an EVM key; `use` answers its bytes, or throws once they are overwritten. */
export function holdEvm(use: () => Uint8Array, curve: Secp256k1 = noble): EvmSigner {
  const address = addressOfEvmKey(use())
  const signer: EvmSigner = Object.freeze({
    namespace: 'eip155',
    address,
    throwsUnsigned: true,
    signTypedData: async (data: TypedData) => signDigest(hashTypedData(data), use(), curve),
    signIn: async (claim: SignInClaim) => {
      const read = readClaim(claim, address)
      if (!read) throw new TypeError('it is no sign-in of this address')
      return signDigest(hashClaim(read), use(), curve)
    },
    signTransaction: async (transaction: EvmTransaction) =>
      serializeTransaction(transaction, signDigest(hashTransaction(transaction), use(), curve)),
  })
  // What other code signs with the key is looked at each time.
  return curve === noble || isOwn(curve) ? markOwn(signer) : signer
}
