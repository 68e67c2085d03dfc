import { base58 } from '@scure/base'
import { ConfigurationError } from '../errors.js'
import type { Network } from '../types.js'
import { joinBytes } from '../lib/bytes.js'
import type { SingleKeyStore } from './signers.js'
import type { SolanaSigner } from '../solana/signer.js'
import { privateKey } from './private-key.js'
import { isWalletAddress } from '../solana/address.js'
import { readMessage } from '../solana/read-message.js'

/** The part of a `PublicKey` of `@solana/web3.js` that is used, or the address as text or bytes. */
export type PublicKeyLike = string | Uint8Array | { readonly toBytes: () => Uint8Array }

/** The part of a `VersionedTransaction` of `@solana/web3.js` that is used. */
export type SignedTransaction = { readonly signatures: readonly Uint8Array[] }

/** A key pair, or a wallet that signs messages as they are, or one that signs whole transactions. */
export type SolanaWallet<transaction extends SignedTransaction = SignedTransaction> =
  | { readonly publicKey: PublicKeyLike; readonly secretKey: Uint8Array }
  | { readonly publicKey: PublicKeyLike; readonly signMessage: (message: Uint8Array) => Promise<Uint8Array> }
  | SolanaTransactionWallet<transaction>

/** A wallet that signs whole transactions of its own library, as browsers' wallets do. */
export type SolanaTransactionWallet<transaction extends SignedTransaction = SignedTransaction> = {
  readonly publicKey: PublicKeyLike
  readonly signTransaction: (transaction: transaction) => Promise<transaction>
  /** Makes such a transaction from its bytes: `VersionedTransaction.deserialize`. */
  readonly deserialize: (bytes: Uint8Array) => transaction
}

/**
 * Creates a key store from a Solana key pair or wallet. A key pair is copied and signs in this process; a wallet is
 * asked each time, and a payment that it throws at counts as spent.
 *
 * @throws ConfigurationError when it has no address, or a key of another one.
 *
 * @example
 * ```ts
 * import { Keypair } from '@solana/web3.js'
 * import { solanaSigner } from 'stipend/keys'
 *
 * const keyStore = solanaSigner(Keypair.generate())
 * ```
 */
export function solanaSigner<transaction extends SignedTransaction>(wallet: SolanaWallet<transaction>): SingleKeyStore {
  if (typeof wallet !== 'object' || wallet === null || !('publicKey' in wallet)) {
    throw new ConfigurationError(
      'Failed to read the Solana signer: expected a key pair, or a wallet with publicKey and a way to sign',
    )
  }
  const address = readAddress(wallet.publicKey)
  if ('secretKey' in wallet) return pairStore(address, wallet.secretKey)
  const signer: SolanaSigner = Object.freeze({
    namespace: 'solana',
    address,
    signMessage: 'signMessage' in wallet ? (message) => wallet.signMessage(message) : signsWhole(address, wallet),
  })
  return Object.freeze({
    id: address,
    namespace: 'solana',
    address,
    getSigner: async (network: Network) => (network.startsWith('solana:') ? signer : undefined),
  })
}

function readAddress(publicKey: PublicKeyLike): string {
  const given = typeof publicKey === 'object' && 'toBytes' in publicKey ? publicKey.toBytes() : publicKey
  const address = typeof given === 'string' ? given : base58.encode(Uint8Array.from(given))
  if (isWalletAddress(address)) return address
  throw new ConfigurationError('Failed to read the Solana signer: it has no address that a key can sign for')
}

function pairStore(address: string, secretKey: Uint8Array): SingleKeyStore {
  const store = privateKey(secretKey)
  if (store.address === address) return store
  throw new ConfigurationError('Failed to read the Solana signer: its secret key is not of its public key')
}

/** Lets a wallet sign the transaction of a message, and takes its signature out of it; whether that fits is checked later. */
function signsWhole<transaction extends SignedTransaction>(
  address: string,
  { signTransaction, deserialize }: SolanaTransactionWallet<transaction>,
): SolanaSigner['signMessage'] {
  return async (message) => {
    const { signers, keys } = readMessage(message)
    const place = keys.slice(0, signers).indexOf(address)
    if (place < 0) throw new ConfigurationError('Failed to sign: the message asks no signature of this wallet')
    const unsigned = joinBytes(Uint8Array.of(signers), new Uint8Array(signers * 64), message)
    const signed = await signTransaction(deserialize(unsigned))
    return Uint8Array.from(signed.signatures[place] ?? [])
  }
}
