import { secp256k1 } from '@noble/curves/secp256k1'
import { hkdf } from '@noble/hashes/hkdf'
import { sha256 } from '@noble/hashes/sha2'
import { hexToBytes } from '@noble/hashes/utils'
import { ConfigurationError } from '../errors.js'
import { addressOf, hashTypedData, parseAddress, signDigest, type TypedData } from '../evm.js'
import { type EvmTransaction, hashTransaction, serializeTransaction } from '../evm-transaction.js'
import type { Hex, Network } from '../types.js'
import type { EvmSigner, KeyStore } from './key-store.js'

/** The part of a viem `LocalAccount` that is used. */
export type LocalAccount = {
  readonly address: Hex
  readonly signTypedData: (data: TypedData) => Promise<Hex>
}

/**
 * Creates a key store from one EVM private key.
 *
 * @param key - 64 hex digits with or without `0x` (as an environment variable holds them), 32 bytes, or a viem
 * `LocalAccount`. Bytes are copied, so that the caller can overwrite its own.
 * @throws ConfigurationError when it is none of these; the message never repeats the key.
 *
 * @example
 * ```ts
 * import { privateKey } from 'stipend/keys'
 *
 * const keyStore = privateKey(process.env.AGENT_KEY)
 * ```
 */
export function privateKey(key: string | Uint8Array | LocalAccount | undefined): KeyStore {
  if (isAccount(key)) return accountStore(key)
  const bytes = readKey(key)
  const signer: EvmSigner = Object.freeze({
    namespace: 'eip155',
    address: addressOf(secp256k1.getPublicKey(bytes)),
    throwsUnsigned: true,
    signTypedData: async (data: TypedData) => signDigest(hashTypedData(data), bytes),
    signTransaction: async (transaction: EvmTransaction) =>
      serializeTransaction(transaction, signDigest(hashTransaction(transaction), bytes)),
  })
  return Object.freeze({
    getSigner: async (network: Network) => (network.startsWith('eip155:') ? signer : undefined),
    deriveSecret: async (purpose: string) => hkdf(sha256, bytes, undefined, `stipend/${purpose}`, 32),
  })
}

function isAccount(key: unknown): key is LocalAccount {
  return typeof key === 'object' && key !== null && 'signTypedData' in key
}

function accountStore(account: LocalAccount): KeyStore {
  const address = parseAddress(account.address)
  if (!address) throw new ConfigurationError('Failed to read the account: it has no EVM address')
  const signer: EvmSigner = Object.freeze({
    namespace: 'eip155',
    address,
    signTypedData: (data: TypedData) => account.signTypedData(data),
  })
  return Object.freeze({
    id: address,
    getSigner: async (network: Network) => (network.startsWith('eip155:') ? signer : undefined),
  })
}

/** Reads a key without ever showing it to a parser whose errors repeat their input. */
function readKey(key: string | Uint8Array | undefined): Uint8Array {
  const bytes = typeof key === 'string' ? decodeHex(key.trim()) : key && Uint8Array.from(key)
  if (bytes?.length !== 32 || !secp256k1.utils.isValidPrivateKey(bytes)) {
    throw new ConfigurationError('Failed to read the private key: it is not a secp256k1 key', {
      details: [
        key === undefined ? 'It is undefined: is the environment variable set?' : 'Expected 64 hex digits or 32 bytes.',
      ],
    })
  }
  return bytes
}

function decodeHex(text: string): Uint8Array | undefined {
  const digits = /^(?:0x)?([0-9a-fA-F]{64})$/.exec(text)?.[1]
  return digits === undefined ? undefined : hexToBytes(digits)
}
