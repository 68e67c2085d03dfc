import { account, type LocalAccount } from './account.js'
import { wipe } from '../lib/bytes.js'
import { type PrivateKeyOptions, readCurve } from './evm-key.js'
import { holdKey, storeOf } from './held-key.js'
import type { KnownSigner, SingleKeyStore } from './signers.js'
import { type PrivateKeyInput, readSecret } from './read-secret.js'

/**
 * Creates a key store from one private key, and says in `namespace` and `address` what it took it for.
 *
 * @param key - An EVM key: 64 hex digits with or without `0x` (as an environment variable holds them), 32 bytes, or a
 * viem `LocalAccount`. Or a Solana key with its public half: base58, the JSON array of the CLI's `id.json`, or 64 bytes.
 * Bytes are copied, so that the caller can overwrite its own.
 * @throws ConfigurationError when it is none of these, or could be of either family; the message never repeats the key.
 *
 * @example
 * ```ts
 * import { privateKey } from 'stipend/keys'
 *
 * const keyStore = privateKey(process.env.AGENT_KEY)
 * console.log(keyStore.namespace, keyStore.address)
 * ```
 */
export function privateKey(
  key: PrivateKeyInput | LocalAccount | undefined,
  options: PrivateKeyOptions = {},
): SingleKeyStore {
  const curve = readCurve('privateKey', options)
  if (isAccount(key)) return account(key)
  const secret = readSecret(key)
  const held = holdKey(secret, curve)
  wipe(secret.bytes)
  return Object.freeze({ ...describe(held.signer), ...storeOf([held]) })
}

function describe({ namespace, address }: KnownSigner): Pick<SingleKeyStore, 'namespace' | 'address'> {
  return { namespace, address }
}

function isAccount(key: unknown): key is LocalAccount {
  return typeof key === 'object' && key !== null && 'signTypedData' in key
}
