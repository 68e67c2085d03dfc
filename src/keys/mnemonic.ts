import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import { HDKey } from '@scure/bip32'
import { entropyToMnemonic, mnemonicToSeedSync, validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english'
import { ConfigurationError } from '../errors.js'
import { draw, type Random } from '../lib/random.js'
import { ownBytes, wipe } from '../lib/bytes.js'
import { holdKey, type Secret, storeOf } from './held-key.js'
import type { EvmSigner } from '../evm/signer.js'
import type { KeyStore } from '../ports/key-store.js'
import type { SolanaSigner } from '../solana/signer.js'
import type { KeyAddress } from './signers.js'
import { randomBytes } from '../lib/random.js'
import { deriveSeed } from './slip10.js'

/** Options of `mnemonic`. */
export type MnemonicOptions = {
  /** Which account of the phrase, counted from 0. @default 0 */
  readonly index?: number | undefined
  /** BIP-39's own, often called the 25th word; another one is another wallet. @default '' */
  readonly passphrase?: string | undefined
  /** @default m/44'/60'/0'/0/index */
  readonly evmPath?: string | undefined
  /** Every step is hardened. @default m/44'/501'/index'/0' */
  readonly solanaPath?: string | undefined
}

/** What can be said of a mnemonic. */
export const mnemonicNames: OptionNames<MnemonicOptions> = {
  index: true,
  passphrase: true,
  evmPath: true,
  solanaPath: true,
}

/** The store of one EVM key and one Solana key, and where money for them is sent. */
export type MnemonicKeyStore = KeyStore<EvmSigner | SolanaSigner> & { readonly addresses: readonly KeyAddress[] }

/**
 * Creates a key store from an English BIP-39 phrase: an EVM key (BIP-44) and a Solana key (SLIP-0010), as the common
 * wallets derive them.
 *
 * @throws ConfigurationError when a word, the checksum or a path is wrong; the message never repeats the phrase.
 *
 * @example
 * ```ts
 * import { mnemonic } from 'stipend/keys'
 *
 * const keyStore = mnemonic(process.env.AGENT_PHRASE, { index: 1 })
 * for (const { namespace, address } of keyStore.addresses) console.log(namespace, address)
 * ```
 */
export function mnemonic(phrase: string | undefined, options: MnemonicOptions = {}): MnemonicKeyStore {
  refuseUnknown('mnemonic', options, mnemonicNames)
  const secrets = readMnemonic(phrase, options)
  const keys = secrets.map((secret) => holdKey(secret))
  wipe(...secrets.map(({ bytes }) => bytes))
  const addresses = keys.map(({ signer: { namespace, address } }) => Object.freeze({ namespace, address }))
  return Object.freeze({ addresses: Object.freeze(addresses), ...storeOf(keys) })
}

/** Derives the secrets of a phrase, first the EVM key, then the Solana one. The caller overwrites them. */
export function readMnemonic(phrase: string | undefined, options: MnemonicOptions = {}): readonly Secret[] {
  const { index = 0, passphrase = '' } = options
  if (!Number.isInteger(index) || index < 0 || index >= 2 ** 31) throw refuse('index is not a whole number from 0')
  const { evmPath = `m/44'/60'/0'/0/${index}`, solanaPath = `m/44'/501'/${index}'/0'` } = options
  const steps = readHardenedPath(solanaPath)
  if (!/^m(\/\d{1,10}'?)+$/.test(evmPath)) throw refuse('evmPath is not a path')
  const words = typeof phrase === 'string' ? phrase.normalize('NFKD').trim().toLowerCase().split(/\s+/).join(' ') : ''
  if (!validateMnemonic(words, wordlist)) throw refuse('it is not an English BIP-39 phrase, or its checksum is wrong')
  const seed = mnemonicToSeedSync(words, passphrase)
  try {
    return [
      { namespace: 'eip155', bytes: deriveEvm(seed, evmPath) },
      { namespace: 'solana', bytes: deriveSeed(seed, steps) },
    ]
  } finally {
    wipe(seed)
  }
}

/** Options of `generateMnemonic`. */
export type GenerateMnemonicOptions = {
  /** @default 24 */
  readonly words?: 12 | 24 | undefined
  /** @default crypto.getRandomValues */
  readonly random?: Random | undefined
}

/**
 * Generates a fresh phrase. It is the money: who reads it can spend it, and who loses it cannot.
 *
 * @throws ConfigurationError when the generator answers zeros.
 *
 * @example
 * ```ts
 * import { generateMnemonic, mnemonic } from 'stipend/keys'
 *
 * const keyStore = mnemonic(generateMnemonic())
 * ```
 */
export function generateMnemonic(options: GenerateMnemonicOptions = {}): string {
  refuseUnknown('generateMnemonic', options, { words: true, random: true } satisfies OptionNames<typeof options>)
  const { words = 24, random = randomBytes } = options
  const entropy = draw(random, words === 12 ? 16 : 32)
  const phrase = entropyToMnemonic(entropy, wordlist)
  wipe(entropy)
  return phrase
}

/**
 * Creates a store of a fresh EVM key and a fresh Solana key that end with the process, for tests and throw-away agents.
 * To keep them, use `encryptedFile` with `create`, or the phrase of `generateMnemonic`.
 *
 * @throws ConfigurationError when the generator answers zeros.
 */
export function generate(options: Pick<GenerateMnemonicOptions, 'random'> = {}): MnemonicKeyStore {
  refuseUnknown('generate', options, { random: true } satisfies OptionNames<typeof options>)
  return mnemonic(generateMnemonic(options))
}

function deriveEvm(seed: Uint8Array, path: string): Uint8Array {
  const master = HDKey.fromMasterSeed(seed)
  const child = derive(master, path)
  const key = child.privateKey
  if (!key) throw refuse('evmPath leads to no key')
  const own = ownBytes(key)
  child.wipePrivateData()
  master.wipePrivateData()
  return own
}

function derive(master: HDKey, path: string): HDKey {
  try {
    return master.derive(path)
  } catch {
    throw refuse('evmPath leads to no key')
  }
}

function readHardenedPath(path: string): readonly number[] {
  const steps = /^m((?:\/\d{1,10}')+)$/.exec(path)?.[1]?.match(/\d+/g)?.map(Number)
  if (steps?.every((step) => step < 2 ** 31)) return steps
  throw refuse("solanaPath is not a path of hardened steps, such as m/44'/501'/0'/0'")
}

function refuse(reason: string): ConfigurationError {
  return new ConfigurationError(`Failed to read the mnemonic: ${reason}`)
}
