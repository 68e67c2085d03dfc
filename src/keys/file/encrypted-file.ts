import { type OptionNames, requireOptions } from '../../lib/known-options.js'
import type { TypedData } from '../../evm/typed-data.js'
import type { Random } from '../../lib/random.js'
import type { TempoCharge } from '../../evm/tempo/charge-transaction.js'
import type { EvmTransaction } from '../../evm/transaction.js'
import { askToSignIn } from '../../evm/sign-in.js'
import type { SignInClaim } from '../../ports/sign-in.js'
import type { Hex, Network } from '../../types.js'
import { keyFileError } from './key-file-error.js'
import type { KeyStore } from '../../ports/key-store.js'
import type { KeyAddress, KnownSigner } from '../signers.js'
import type { SolanaSigner } from '../../solana/signer.js'
import type { EvmSigner } from '../../evm/signer.js'
import type { Password } from './password.js'
import { createVault, type Vault } from './vault.js'

/** Options of `encryptedFile`. */
export type EncryptedFileOptions = {
  readonly path: string
  /**
   * Unlocks the file when a key is first needed: 8 to 1024 characters, or bytes. One that is given as it is serves
   * once, and is forgotten; a function is asked again whenever `unlock()` is called without a password.
   *
   * @default none: `unlock(password)` has to be called
   */
  readonly password?: Password | undefined
  /**
   * Makes a file with a fresh EVM key and a fresh Solana key where there is none.
   *
   * @default false
   */
  readonly create?: boolean | undefined
  /**
   * The addresses of the keys to sign with, at most one of a family.
   *
   * @default the first key of each family
   */
  readonly use?: readonly string[] | undefined
  /** Locks itself when no key was used for so long. @default never */
  readonly idleSeconds?: number | undefined
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined
  /** @default crypto.getRandomValues */
  readonly random?: Random | undefined
}

const optionNames: OptionNames<EncryptedFileOptions> = {
  path: true,
  password: true,
  create: true,
  use: true,
  idleSeconds: true,
  clock: true,
  random: true,
}

/** The store of the keys of an encrypted file. */
export type EncryptedFileKeyStore = KeyStore<EvmSigner | SolanaSigner> & {
  /** Answers the addresses that it signs for, as the file names them; they are proven when it is unlocked. */
  readonly addresses: () => Promise<readonly KeyAddress[]>
  /**
   * Overwrites the keys in memory; signing fails from now on. What was being signed is signed. Copies that the
   * arithmetic made stay in freed memory until it is used again: only a worker's process takes them with it.
   */
  readonly lock: () => void
  /**
   * Decrypts the keys. A wrong password leaves it locked, even if it was not.
   *
   * @throws KeyStoreLockedError when the password is wrong, or the file was changed.
   */
  readonly unlock: (password?: Password) => Promise<void>
}

/**
 * Creates a key store from a file that is encrypted under a password (scrypt, AES-256-GCM), which only its owner can
 * read. It is opened when a key is first needed, and its keys are in memory until it is locked.
 *
 * @throws ConfigurationError at its first use, when the file is missing, is not private, or is not a key file of this package.
 *
 * @example
 * ```ts
 * import { encryptedFile } from 'stipend/keys'
 *
 * const keyStore = encryptedFile({
 *   path: '/var/lib/agent/keys.json',
 *   password: async () => process.env.AGENT_PASSWORD ?? '',
 *   create: true,
 *   idleSeconds: 3600,
 * })
 * for (const { namespace, address } of await keyStore.addresses()) console.log(namespace, address)
 * ```
 */
export function encryptedFile(options: EncryptedFileOptions): EncryptedFileKeyStore {
  requireOptions('encryptedFile', options, optionNames)
  const vault = createVault(options)
  const addresses = async (): Promise<readonly KeyAddress[]> => select(await vault.header(), options.use)
  return Object.freeze({
    addresses,
    getSigner: async (network: Network) => {
      const found = (await addresses()).find(({ namespace }) => network.startsWith(`${namespace}:`))
      if (!found) return undefined
      await vault.open()
      return guard(vault.key(found.address).signer, vault)
    },
    deriveSecret: async (purpose: string) => {
      const [first] = await addresses()
      await vault.open()
      // Keys are only ever added at the end, so that the first stays the first.
      return vault.key(first?.address ?? '').derive(purpose)
    },
    lock: vault.lock,
    unlock: vault.unlock,
  })
}

/** Keeps the keys to sign with, in the order of the file. */
function select(keys: readonly KeyAddress[], use: readonly string[] | undefined): readonly KeyAddress[] {
  if (use?.some((address) => !keys.some((key) => key.address === address))) throw keyFileError('key')
  const wanted = use ? keys.filter(({ address }) => use.includes(address)) : keys
  return wanted.filter(({ namespace }, index) => index === wanted.findIndex((key) => key.namespace === namespace))
}

/** A signer that asks for its key each time, and so signs only while the file is unlocked. */
function guard({ namespace, address }: KnownSigner, vault: Vault): KnownSigner {
  if (namespace === 'eip155') return guardEvm(address, () => vault.key(address).signer as EvmSigner)
  const signMessage = async (message: Uint8Array) => (vault.key(address).signer as SolanaSigner).signMessage(message)
  return Object.freeze({ namespace, address, throwsUnsigned: true, signMessage })
}

function guardEvm(address: Hex, key: () => EvmSigner): EvmSigner {
  return Object.freeze({
    namespace: 'eip155',
    address,
    throwsUnsigned: true,
    signTypedData: async (data: TypedData) => key().signTypedData(data),
    signIn: async (claim: SignInClaim) => askToSignIn(claim, key()),
    signTransaction: async (transaction: EvmTransaction) => signTransaction(key(), transaction),
    signCharge: async (charge: TempoCharge) => signCharge(key(), charge),
  })
}

async function signTransaction(signer: EvmSigner, transaction: EvmTransaction): Promise<Hex> {
  if (!signer.signTransaction) throw new TypeError('the key signs no transactions')
  return signer.signTransaction(transaction)
}

async function signCharge(signer: EvmSigner, charge: TempoCharge): Promise<Hex> {
  if (!signer.signCharge) throw new TypeError('the key signs no transfers of Tempo')
  return signer.signCharge(charge)
}
