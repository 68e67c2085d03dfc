import { ConfigurationError } from '../errors.js'
import type { TypedData } from '../evm/typed-data.js'
import { parseAddress } from '../evm/address.js'
import type { Hex, Network } from '../types.js'
import type { SingleKeyStore } from './signers.js'
import type { EvmSigner } from '../evm/signer.js'

/** The part of a viem `LocalAccount` that is used. */
export type LocalAccount = {
  readonly address: Hex
  // A method, and `never`: viem's is generic over the types of the data.
  signTypedData(data: never): Promise<Hex>
}

/** The part of a viem wallet client that is used; it has an account. */
export type WalletClient = {
  readonly account?: { readonly address: Hex } | undefined
  signTypedData(request: never): Promise<Hex>
}

/**
 * Creates a key store from a viem account, wherever that keeps its key. What a throw of it means is not known, so a
 * payment that it threw at counts as spent.
 *
 * @throws ConfigurationError when it has no EVM address.
 *
 * @example
 * ```ts
 * import { account } from 'stipend/keys'
 * import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
 *
 * const keyStore = account(privateKeyToAccount(generatePrivateKey()))
 * ```
 */
export function account(source: LocalAccount): SingleKeyStore {
  return storeOf(source.address, (data) => source.signTypedData(data as never))
}

/**
 * Creates a key store from a viem wallet client and its account: a browser's wallet, say, which asks its user.
 *
 * @throws ConfigurationError when the client has no account.
 *
 * @example
 * ```ts
 * import { walletClient } from 'stipend/keys'
 * import { createWalletClient, http } from 'viem'
 *
 * const client = createWalletClient({ account: '0x036CbD53842c5426634e7929541eC2318f3dCF7e', transport: http() })
 * const keyStore = walletClient(client)
 * ```
 */
export function walletClient(client: WalletClient): SingleKeyStore {
  const { account: from } = client
  return storeOf(from?.address, (data) => client.signTypedData({ account: from, ...data } as never))
}

function storeOf(claimed: Hex | undefined, signTypedData: EvmSigner['signTypedData']): SingleKeyStore {
  const address = parseAddress(String(claimed))
  if (!address) throw new ConfigurationError('Failed to read the account: it has no EVM address')
  const signer: EvmSigner = Object.freeze({
    namespace: 'eip155',
    address,
    signTypedData: (data: TypedData) => signTypedData(data),
  })
  return Object.freeze({
    id: address,
    namespace: 'eip155',
    address,
    getSigner: async (network: Network) => (network.startsWith('eip155:') ? signer : undefined),
  })
}
