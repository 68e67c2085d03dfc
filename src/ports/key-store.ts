import type { Network } from '../types.js'

/** An address and, under a name that the schemes of its namespace know, the one way it signs. */
export type Signer = {
  /** The CAIP-2 namespace of the networks it signs for, such as `eip155`. */
  readonly namespace: string
  readonly address: string
  /**
   * Whether a throw proves that the key was not used, or which throws do. Only signers inside this process can say so of all;
   * what a throw of any other means is not known.
   *
   * @default false
   */
  readonly throwsUnsigned?: boolean | ((error: unknown) => boolean) | undefined
  /**
   * Whether its address is that of a contract, deployed or not yet: what it signs is worth what the contract says of it on
   * chain, and not what its bytes say.
   *
   * @default false
   */
  readonly isContract?: boolean | undefined
  /**
   * Whether its address is a name that its owner gives it by the option `account`, and that another wallet can have too.
   *
   * @default false
   */
  readonly isNamed?: boolean | undefined
}

/** Holds keys and hands out a signer for a network; never the bytes of a key. */
export type KeyStore<signer extends Signer = Signer> = {
  /** Answers `undefined` when it has no key for the network. */
  readonly getSigner: (network: Network) => Promise<signer | undefined>
  /**
   * Tells the sessions, and at first the purchases, of stores that share a ledger and cannot derive secrets: the address
   * serves well.
   */
  readonly id?: string | undefined
  /**
   * Derives 32 bytes from the key for one purpose. Nonces are made from it, so that the same purchase has the same
   * nonce even after the ledger is lost. Where a store cannot, the wallet uses bytes that the ledger keeps. A ledger
   * remembers which it was for each address, and every later store of the same key goes on with that.
   */
  readonly deriveSecret?: ((purpose: string) => Promise<Uint8Array>) | undefined
}
