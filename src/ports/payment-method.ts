import type { AssetInput } from './asset-input.js'
import type { Chain } from './chain.js'
import type { KeyStore } from './key-store.js'
import type { Protocol } from './protocol.js'
import type { Scheme } from './scheme.js'
import type { SignInMethod } from './sign-in.js'

/** A way to pay with all that it takes, for a wallet to have besides its own. */
export type PaymentMethod = {
  /** Tried after those of the wallet. */
  readonly protocols: readonly Protocol[]
  readonly schemes: readonly Scheme[]
  /** Who pays on its networks, and on no other. */
  readonly keyStore: KeyStore
  readonly assets: readonly AssetInput[]
  readonly chains?: readonly Chain[] | undefined
  readonly signIn?: readonly SignInMethod[] | undefined
}
