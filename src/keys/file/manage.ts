import { ConfigurationError } from '../../errors.js'
import { type OptionNames, refuseUnknown, requireOptions } from '../../lib/known-options.js'
import { bytesToHex } from '@noble/hashes/utils'
import { base58 } from '@scure/base'
import type { Random } from '../../lib/random.js'
import { joinBytes, wipe } from '../../lib/bytes.js'
import { publicKeyOf } from '../ed25519.js'
import { addressOfSecret, type Secret } from '../held-key.js'
import { maxKeys, parseKeyFile, writeKeyFile } from './key-file.js'
import { keyFileError } from './key-file-error.js'
import { createPrivateFile, isThere, readPrivateFile, replacePrivateFile } from './private-file.js'
import type { KeyAddress } from '../signers.js'
import { mnemonicNames, type MnemonicOptions, readMnemonic } from '../mnemonic.js'
import { type Password, readForeignPassword, readPassword } from './password.js'
import { randomBytes } from '../../lib/random.js'
import { type PrivateKeyInput, readSecret } from '../read-secret.js'
import { seal, unseal } from './seal.js'
import { readWeb3Keystore } from './web3-keystore.js'

/** An encrypted file and what opens it: only its owner has both. */
export type KeyFileAccess = {
  readonly path: string
  readonly password: Password
  /** @default crypto.getRandomValues */
  readonly random?: Random | undefined
}

const accessNames: OptionNames<KeyFileAccess> = { path: true, password: true, random: true }

/** Keys from elsewhere. */
export type KeySource =
  /** As `privateKey` takes it, so a Solana `id.json` too. */
  | { readonly privateKey: PrivateKeyInput }
  | ({ readonly mnemonic: string } & MnemonicOptions)
  /** The text of a Web3 Secret Storage file of version 3, and its own password. */
  | { readonly keystore: string; readonly keystorePassword: Password }

/**
 * Encrypts a key file anew under another password: the file is replaced as a whole. Stores that are unlocked stay so.
 *
 * @throws KeyStoreLockedError when the old password is wrong.
 * @throws ConfigurationError when the new one is too short or too long.
 */
export async function changePassword(access: KeyFileAccess & { readonly newPassword: Password }): Promise<void> {
  requireOptions('changePassword', access, { ...accessNames, newPassword: true })
  const next = await readPassword(access.newPassword)
  try {
    await rewrite(access, async (secrets) => ({ secrets, password: next }))
  } finally {
    wipe(next)
  }
}

/**
 * Adds keys to an encrypted file, which is made if there is none; answers their addresses. Each is encrypted anew, so
 * that how well it was kept before does not matter any more.
 *
 * @throws KeyStoreLockedError when a password is wrong.
 * @throws ConfigurationError when a key is none, or is in the file already.
 *
 * @example
 * ```ts
 * import { encryptedFile, importKeys } from 'stipend/keys'
 *
 * const [path, password] = ['/var/lib/agent/keys.json', async () => process.env.AGENT_PASSWORD ?? '']
 * await importKeys({ path, password, from: { privateKey: process.env.OLD_KEY ?? '' } })
 * const keyStore = encryptedFile({ path, password })
 * ```
 */
export async function importKeys(
  access: KeyFileAccess & { readonly from: KeySource | readonly KeySource[] },
): Promise<readonly KeyAddress[]> {
  requireOptions('importKeys', access, { ...accessNames, from: true })
  const added = await readSources([access.from].flat())
  try {
    if (added.length === 0) throw keyFileError('key')
    if (isThere(access.path))
      await rewrite(access, async (secrets, password) => ({ secrets: merge(secrets, added), password }))
    else await createWith(merge([], added), access)
    return added.map((secret) => ({ namespace: secret.namespace, address: addressOfSecret(secret) }))
  } finally {
    wipe(...added.map(({ bytes }) => bytes))
  }
}

/**
 * Answers one key of an encrypted file as text that `privateKey` and other wallets take: hex of an EVM key, base58 of
 * a Solana key with its public half. Who reads it can spend its money.
 *
 * @throws KeyStoreLockedError when the password is wrong.
 * @throws ConfigurationError when the file holds no key of the address.
 */
export async function exportKey(access: KeyFileAccess & { readonly address: string }): Promise<string> {
  requireOptions('exportKey', access, { ...accessNames, address: true })
  const password = await readPassword(access.password)
  let secrets: readonly Secret[] = []
  try {
    const file = parseKeyFile(readPrivateFile(access.path))
    secrets = await unseal(file, password)
    const secret = secrets[file.keys.findIndex(({ address }) => address === access.address)]
    if (!secret) throw keyFileError('key')
    return writeSecret(secret)
  } finally {
    wipe(password, ...secrets.map(({ bytes }) => bytes))
  }
}

function writeSecret({ namespace, bytes }: Secret): string {
  if (namespace === 'eip155') return `0x${bytesToHex(bytes)}`
  const whole = joinBytes(bytes, publicKeyOf(bytes))
  const text = base58.encode(whole)
  wipe(whole)
  return text
}

/** Reads them one by one: each may take half a gigabyte. */
async function readSources(sources: readonly KeySource[]): Promise<readonly Secret[]> {
  const read: Secret[] = []
  for (const source of sources) read.push(...(await readSource(source)))
  return read
}

async function readSource(from: KeySource): Promise<readonly Secret[]> {
  if (typeof from !== 'object' || from === null) {
    throw new ConfigurationError(
      'Failed to import keys: expected { privateKey }, { mnemonic } or { keystore, keystorePassword } in from',
    )
  }
  if ('privateKey' in from) {
    refuseUnknown('a key to import', from, { privateKey: true })
    return [readSecret(from.privateKey)]
  }
  if ('mnemonic' in from) {
    const { mnemonic, ...options } = from
    refuseUnknown('a mnemonic to import', options, mnemonicNames)
    return readMnemonic(mnemonic, options)
  }
  refuseUnknown('a keystore to import', from, { keystore: true, keystorePassword: true })
  const passwords = await readForeignPassword(from.keystorePassword)
  try {
    return [await readWeb3Keystore(from.keystore, passwords)]
  } finally {
    wipe(...passwords)
  }
}

function merge(secrets: readonly Secret[], added: readonly Secret[]): readonly Secret[] {
  const all = [...secrets, ...added]
  if (new Set(all.map(addressOfSecret)).size < all.length) throw keyFileError('known')
  if (all.length > maxKeys) throw keyFileError('full')
  return all
}

async function createWith(
  secrets: readonly Secret[],
  { path, password, random = randomBytes }: KeyFileAccess,
): Promise<void> {
  const bytes = await readPassword(password)
  try {
    createPrivateFile(path, writeKeyFile(await seal(secrets, bytes, random)))
  } finally {
    wipe(bytes)
  }
}

type Content = { readonly secrets: readonly Secret[]; readonly password: Uint8Array }

/** Decrypts a file, and writes what is made of its keys in its place. */
async function rewrite(
  { path, password, random = randomBytes }: KeyFileAccess,
  change: (secrets: readonly Secret[], password: Uint8Array) => Promise<Content>,
): Promise<void> {
  const old = await readPassword(password)
  try {
    await replacePrivateFile(path, async (text) => {
      const secrets = await unseal(parseKeyFile(text), old)
      try {
        const next = await change(secrets, old)
        return writeKeyFile(await seal(next.secrets, next.password, random))
      } finally {
        wipe(...secrets.map(({ bytes }) => bytes))
      }
    })
  } finally {
    wipe(old)
  }
}
