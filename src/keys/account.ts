import { ConfigurationError } from '../errors.js'
import { cleanCause } from '../lib/clean-cause.js'
import { type TypedData, withDomainType } from '../evm/typed-data.js'
import { readClaim, writeMessage } from '../evm/sign-in.js'
import { parseAddress } from '../evm/address.js'
import type { TempoCharge } from '../evm/tempo/charge-transaction.js'
import type { SignInClaim } from '../ports/sign-in.js'
import type { Hex, Network } from '../types.js'
import { accountCharge } from './account-charge.js'
import type { SingleKeyStore } from './signers.js'
import type { EvmSigner } from '../evm/signer.js'

/** The part of a viem `LocalAccount` that is used. */
export type LocalAccount = {
  readonly address: Hex
  readonly type?: string | undefined
  // A method, and `never`: viem's is generic over the types of the data.
  signTypedData(data: never): Promise<Hex>
  /** Needed of a wallet that signs in. */
  signMessage?(request: never): Promise<Hex>
  /** Needed of a wallet that pays on Tempo. */
  signTransaction?(transaction: never, options: never): Promise<string>
  /** Of a smart account: where its contract is. */
  readonly client?: { readonly chain?: { readonly id: number } | undefined } | undefined
}

/** The part of a viem wallet client that is used; it has an account. */
export type WalletClient = {
  readonly account?: { readonly address: Hex; readonly type?: string | undefined } | undefined
  signTypedData(request: never): Promise<Hex>
  /** Needed of a wallet that signs in. */
  signMessage?(request: never): Promise<Hex>
}

/** The part of a signer of ethers v6 that is used; one that has to be asked for its address does not fit. */
export type EthersSigner = {
  readonly address: string
  signTypedData(domain: never, types: never, message: never): Promise<string>
  /** Needed of a wallet that signs in. */
  signMessage?(message: string): Promise<string>
}

/**
 * Creates a key store from a viem account, wherever that keeps its key. What a throw of it means is not known, so a
 * payment that it threw at counts as spent, unless a person rejected it (code 4001).
 *
 * A smart account of viem pays on the chain of its client alone, where a chain of the wallet's `chains` says what its
 * signatures are worth: deployed (ERC-1271), not yet (ERC-6492), or a key that acts by code (EIP-7702).
 *
 * @throws ConfigurationError when it has no EVM address, or is a smart account whose client has no chain.
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
  // In three parts is how ethers signs; what viem's accounts take is one.
  if (Object(source).signTypedData?.length >= 3) throw refuse('it is a signer of ethers: use ethersSigner(signer)')
  refuseNone(source)
  const signText = source.signMessage && ((message: string) => source.signMessage?.({ message } as never))
  const signTypedData: Sign = (data) => source.signTypedData(data as never)
  if (Object(source).type !== 'smart')
    return storeOf({ ...about(source), signTypedData, signText, signCharge: accountCharge(source) })
  // What it signs of a text is a contract's signature too, which no server is asked to take.
  return storeOf({ ...about(source), type: undefined, signTypedData, contractOn: networkOf(source) })
}

/** A contract's address is its own on one chain: on another it can be somebody else's. */
function networkOf(source: LocalAccount): Network {
  const { id } = Object(Object(Object(source).client).chain)
  if (Number.isSafeInteger(id) && id > 0) return `eip155:${id}`
  throw refuse('it is a smart account, whose client does not say on which chain')
}

/**
 * Creates a key store from a viem wallet client and its account: a browser's wallet, say, which asks its user. What the
 * user rejects is not spent.
 *
 * @throws ConfigurationError when the client has no account, or a smart one, which `account` takes.
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
  refuseNone(client)
  const { account: from } = client
  const signTypedData: Sign = (data) => client.signTypedData({ account: from, ...data } as never)
  const signText =
    client.signMessage && ((message: string) => client.signMessage?.({ account: from, message } as never))
  return storeOf({ ...about(client), address: from?.address, type: from?.type, signTypedData, signText })
}

/**
 * Creates a key store from a signer of ethers v6: a `Wallet`, or the signer of a browser's wallet. What the user rejects
 * is not spent.
 *
 * @throws ConfigurationError when it does not say its address.
 *
 * @example
 * ```ts
 * import { type EthersSigner, ethersSigner } from 'stipend/keys'
 *
 * declare const signer: EthersSigner // such as `await new BrowserProvider(window.ethereum).getSigner()`
 * const keyStore = ethersSigner(signer)
 * ```
 */
export function ethersSigner(signer: EthersSigner): SingleKeyStore {
  refuseNone(signer)
  // ethers takes the type of the domain from the domain, and refuses one that is given.
  const signTypedData: Sign = ({ domain, types, message }) =>
    signer.signTypedData(domain as never, types as never, message as never)
  const signText = signer.signMessage && ((message: string) => signer.signMessage?.(message))
  return storeOf({ ...about(signer), signTypedData, signText, takesDomainType: false })
}

type Sign = (data: TypedData) => Promise<unknown>

type SignText = (message: string) => Promise<unknown> | undefined

type Source = {
  readonly address: unknown
  readonly type: unknown
  readonly isAble: boolean
  readonly signTypedData: Sign
  readonly signText?: SignText | undefined
  readonly signCharge?: ((charge: TempoCharge) => Promise<Hex>) | undefined
  readonly takesDomainType?: boolean | undefined
  /** The only network that it pays on, as a contract; absent: it is a key's. */
  readonly contractOn?: Network | undefined
}

/** Whatever is handed over may be none of what its type says. */
function about(source: unknown): Pick<Source, 'address' | 'type' | 'isAble'> {
  const { address, type, signTypedData } = Object(source)
  return { address, type, isAble: typeof signTypedData === 'function' }
}

/** A signature of more than 65 bytes is a contract's, which nobody takes for that of a key. */
const contractSignature = /^0x[0-9a-fA-F]{132,}$/

function storeOf({
  address: claimed,
  type,
  isAble,
  signTypedData,
  signText,
  signCharge,
  takesDomainType = true,
  contractOn,
}: Source): SingleKeyStore {
  const address = parseAddress(String(claimed))
  if (!address) throw refuse('it has no EVM address')
  if (type === 'smart') throw refuse('it is the client of a smart account: use account(smartAccount)')
  if (!isAble) throw refuse('it signs no typed data')
  let isContract = false
  const signer: EvmSigner = Object.freeze({
    namespace: 'eip155',
    address,
    signTypedData: async (data: TypedData) => {
      try {
        const signature = await signTypedData(takesDomainType ? withDomainType(data) : data)
        if (!contractOn && typeof signature === 'string' && contractSignature.test(signature)) isContract = true
        return signature as Hex
      } catch (cause) {
        // viem's errors hold the URL of the node, with its key.
        throw cleanCause(cause)
      }
    },
    ...(contractOn && { isContract: true }),
    ...(signCharge && { signCharge }),
    ...(signText && { signIn: (claim: SignInClaim) => signInBy(signText, claim, address) }),
  })
  return Object.freeze({
    id: address,
    namespace: 'eip155',
    address,
    getSigner: async (network: Network) => {
      if (!network.startsWith('eip155:') || (contractOn ?? network) !== network) return undefined
      if (isContract) throw refuse('it signs as a contract does, and not with the 65 bytes that tokens take')
      return signer
    },
  })
}

/** The text is written here, of what is read of the claim. */
async function signInBy(signText: SignText, claim: SignInClaim, address: Hex): Promise<Hex> {
  const read = readClaim(claim, address)
  if (!read) throw new TypeError('it is no sign-in of this address')
  try {
    return (await signText(writeMessage(read))) as Hex
  } catch (cause) {
    throw cleanCause(cause)
  }
}

function refuseNone(source: unknown): void {
  if (typeof source !== 'object' || source === null) throw refuse('expected an object that signs typed data')
}

function refuse(reason: string): ConfigurationError {
  return new ConfigurationError(`Failed to read the account: ${reason}`)
}
