import type { TypedData } from '../evm/typed-data.js'
import type { EvmTransaction } from '../evm/transaction.js'
import type { Hex, Network } from '../types.js'

/** An EVM address and the one way it signs; a viem `LocalAccount` with its namespace named. */
export type EvmSigner = {
  readonly namespace: 'eip155'
  readonly address: Hex
  /**
   * Whether a throw proves that the key was not used. Only signers inside this process can say so;
   * what a throw of any other means is not known.
   *
   * @default false
   */
  readonly throwsUnsigned?: boolean | undefined
  readonly signTypedData: (data: TypedData) => Promise<Hex>
  /** Signs a transfer whose gas its sender pays, and answers it serialized; only `wallet.transfer` needs it. */
  readonly signTransaction?: ((transaction: EvmTransaction) => Promise<Hex>) | undefined
}

/** A Solana address and the one way it signs. */
export type SolanaSigner = {
  readonly namespace: 'solana'
  readonly address: string
  readonly throwsUnsigned?: boolean | undefined
  readonly signMessage: (message: Uint8Array) => Promise<Uint8Array>
}

/** An address and the one signing method of its namespace. */
export type Signer = EvmSigner | SolanaSigner

/** Holds keys and hands out a signer for a network; never the bytes of a key. */
export type KeyStore = {
  /** Answers `undefined` when it has no key for the network. */
  readonly getSigner: (network: Network) => Promise<Signer | undefined>
  /** Tells its purchases from those of other stores that share a ledger; needed where it cannot derive secrets. */
  readonly id?: string | undefined
  /**
   * Derives 32 bytes from the key for one purpose. Nonces are made from it, so that the same purchase has the same
   * nonce even after the ledger is lost. Where a store cannot, the wallet uses bytes that the ledger keeps.
   */
  readonly deriveSecret?: ((purpose: string) => Promise<Uint8Array>) | undefined
}

/** A family of networks and an address that a key has on all of them. */
export type KeyAddress = Pick<Signer, 'namespace' | 'address'>

/** The store of one key, which says what it is a key of. */
export type SingleKeyStore = KeyStore & KeyAddress
