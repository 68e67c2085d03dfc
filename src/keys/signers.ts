import type { EvmSigner } from '../evm/signer.js'
import type { KeyStore } from '../ports/key-store.js'
import type { SolanaSigner } from '../solana/signer.js'

/** A signer of a family that the stores here hold keys of. */
export type KnownSigner = EvmSigner | SolanaSigner

/** A family of networks and an address that a key has on all of them. */
export type KeyAddress = Pick<EvmSigner | SolanaSigner, 'namespace' | 'address'>

/** The store of one key, which says what it is a key of. */
export type SingleKeyStore = KeyStore<EvmSigner | SolanaSigner> & KeyAddress
