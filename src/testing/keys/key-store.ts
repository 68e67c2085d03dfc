import { type OptionNames, refuseUnknown } from '../../lib/known-options.js'
import { secp256k1 } from '@noble/curves/secp256k1'
import { hexToBytes } from '@noble/hashes/utils'
import type { TempoCharge } from '../../evm/tempo/charge-transaction.js'
import type { TypedData } from '../../evm/typed-data.js'
import { addressOf } from '../../evm/address.js'
import type { KeyStore } from '../../ports/key-store.js'
import type { EvmSigner } from '../../evm/signer.js'
import type { SolanaSigner } from '../../solana/signer.js'
import { privateKey } from '../../keys/private-key.js'
import type { Hex } from '../../types.js'

/** Options of `testKeyStore`. */
export type TestKeyStoreOptions = {
  /**
   * The private key, 64 hex digits after `0x`.
   *
   * @default the first development key of Hardhat and Anvil, which everybody knows
   */
  readonly key?: Hex | undefined
}

/** A key store for tests, which remembers what it was asked to sign. */
export type TestKeyStore = KeyStore<EvmSigner | SolanaSigner> & {
  readonly address: Hex
  /** All typed data it has signed, in order; it grows as more is signed. */
  readonly signed: readonly TypedData[]
  /** All transfers of Tempo it has signed, likewise. */
  readonly signedCharges: readonly TempoCharge[]
}

/**
 * Creates a key store over a key that everybody knows: never send it money. The same key derives the same secrets,
 * so that named purchases have the same nonces in every run.
 *
 * @throws ConfigurationError when `key` is not a key.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet } from 'stipend'
 * import { testKeyStore } from 'stipend/testing'
 *
 * const keyStore = testKeyStore()
 * const wallet = createAgentWallet({ keyStore, policy: [allowHosts(['api.example.com'])] })
 * await wallet.fetch('https://api.example.com/report')
 * console.log(keyStore.signed.length)
 * ```
 */
export function testKeyStore(options: TestKeyStoreOptions = {}): TestKeyStore {
  refuseUnknown('testKeyStore', options, { key: true } satisfies OptionNames<TestKeyStoreOptions>)
  const { key = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80' } = options
  const store = privateKey(key)
  const address = addressOf(secp256k1.getPublicKey(hexToBytes(key.slice(2))))
  const signed: TypedData[] = []
  const signedCharges: TempoCharge[] = []
  return Object.freeze({
    ...store,
    address,
    signed,
    signedCharges,
    getSigner: async (network) => {
      const signer = await store.getSigner(network)
      return signer?.namespace === 'eip155' ? watch(signer, { signed, signedCharges }) : signer
    },
  } satisfies TestKeyStore)
}

type Signed = { readonly signed: TypedData[]; readonly signedCharges: TempoCharge[] }

function watch(signer: EvmSigner, { signed, signedCharges }: Signed): EvmSigner {
  return Object.freeze({
    ...signer,
    signTypedData: async (data: TypedData) => {
      const signature = await signer.signTypedData(data)
      signed.push(data)
      return signature
    },
    ...(signer.signCharge && {
      signCharge: async (charge: TempoCharge) => {
        const signature = (await signer.signCharge?.(charge)) ?? '0x'
        signedCharges.push(charge)
        return signature
      },
    }),
  })
}
