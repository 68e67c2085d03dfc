import { ConfigurationError } from '../errors.js'
import type { EvmSigner } from '../evm/signer.js'
import type { Secp256k1 } from '../evm/signature.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import type { KeyStore } from '../ports/key-store.js'
import type { Network } from '../types.js'
import { deriveFrom, holdEvm } from './held-evm.js'
import { readEvmSecret } from './read-evm-secret.js'

/** Options of `privateKey` and `evmKey`. */
export type PrivateKeyOptions = {
  /** What signs with an EVM key, such as that of `stipend/fast`. @default JavaScript, which runs everywhere */
  readonly secp256k1?: Secp256k1 | undefined
}

/**
 * Creates a key store from one EVM key, as `privateKey` does, and brings nothing that only Solana's keys and payments on Tempo
 * need: for pages, which download all that they import.
 *
 * @param key - 64 hex digits with or without `0x`, or 32 bytes, which are copied.
 * @throws ConfigurationError when it is none of these; the message never repeats the key.
 *
 * @example
 * ```ts
 * import { evmKey } from 'stipend/keys'
 *
 * const keyStore = evmKey(process.env.AGENT_KEY)
 * console.log(keyStore.address)
 * ```
 */
export function evmKey(
  key: string | Uint8Array | undefined,
  options: PrivateKeyOptions = {},
): KeyStore<EvmSigner> & Pick<EvmSigner, 'namespace' | 'address'> {
  const curve = readCurve('evmKey', options)
  const secret = readEvmSecret(key)
  const signer = holdEvm(() => secret, curve)
  return Object.freeze({
    namespace: 'eip155',
    address: signer.address,
    getSigner: async (network: Network) => (network.startsWith('eip155:') ? signer : undefined),
    deriveSecret: async (purpose: string) => deriveFrom(secret, purpose),
  })
}

/** Reads what signs with an EVM key. */
export function readCurve(reader: string, options: PrivateKeyOptions): Secp256k1 | undefined {
  refuseUnknown(reader, options, { secp256k1: true } satisfies OptionNames<PrivateKeyOptions>)
  const { secp256k1 } = options
  if (secp256k1 === undefined || typeof secp256k1?.sign === 'function') return secp256k1
  throw new ConfigurationError('Failed to read secp256k1: it cannot sign', {
    details: ['It is what loadSecp256k1() of stipend/fast answers, once that is awaited.'],
  })
}
