import type { TypedData } from '../evm.js'
import type { KeyStore } from '../keys/key-store.js'
import { privateKey } from '../keys/private-key.js'
import type { Hex } from '../types.js'

/** A key store for tests, which shows what its key has signed. */
export type TestKeyStore = KeyStore & {
  readonly address: Hex
  /** One entry a signature. */
  readonly signed: readonly TypedData[]
}

/** The first of the keys that development chains give money to; everybody knows it. */
const developmentKey = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const developmentAddress = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'

/** Creates a key store over a well-known development key: never give it money. */
export function testKeyStore(): TestKeyStore {
  const store = privateKey(developmentKey)
  const signed: TypedData[] = []
  return Object.freeze({
    ...store,
    address: developmentAddress,
    signed,
    getSigner: async (network) => {
      const signer = await store.getSigner(network)
      if (signer?.namespace !== 'eip155') return undefined
      return Object.freeze({
        ...signer,
        signTypedData: (data: TypedData) => {
          signed.push(data)
          return signer.signTypedData(data)
        },
      })
    },
  } satisfies TestKeyStore)
}
