import type { Signer } from '../ports/key-store.js'
import type { SignInClaim } from '../ports/sign-in.js'
import type { Hex } from '../types.js'
import type { TempoCharge } from './tempo/charge-transaction.js'
import type { EvmTransaction } from './transaction.js'
import type { TypedData } from './typed-data.js'

/** An EVM address and the one way it signs; a viem `LocalAccount` with its namespace named. */
export type EvmSigner = Signer & {
  readonly namespace: 'eip155'
  readonly address: Hex
  readonly signTypedData: (data: TypedData) => Promise<Hex>
  /** Signs the message that is written of a claim, and no other text (EIP-191); only a wallet that signs in needs it. */
  readonly signIn?: ((claim: SignInClaim) => Promise<Hex>) | undefined
  /** Signs a transfer whose gas its sender pays, and answers it serialized; only `wallet.transfer` needs it. */
  readonly signTransaction?: ((transaction: EvmTransaction) => Promise<Hex>) | undefined
  /** Signs one transfer of a token of Tempo, and answers the 65 bytes; only `chargeTempo` of `stipend/tempo` needs it. */
  readonly signCharge?: ((charge: TempoCharge) => Promise<Hex>) | undefined
}

/** Tells whether a signer is one of EVM chains. */
export function isEvmSigner(signer: Signer | undefined): signer is EvmSigner {
  return signer?.namespace === 'eip155'
}
