import { keccak_256 } from '@noble/hashes/sha3'
import { hexToBytes } from '@noble/hashes/utils'
import * as z from 'zod/mini'
import { ConfigurationError, KeyStoreLockedError } from '../../errors.js'
import { equalBytes, joinBytes, ownBytes, wipe } from '../../lib/bytes.js'
import { addressOfSecret, isKey, type Secret } from '../held-key.js'
import { isCheapEnough, deriveByScrypt } from './scrypt.js'

const maxIterations = 10_000_000

const hex = (least: number, most = least): z.ZodMiniString =>
  z.string().check(z.regex(new RegExp(`^(?:[0-9a-fA-F]{2}){${least},${most}}$`)))

const kdf = () =>
  z.union([
    z.object({
      kdf: z.literal('scrypt'),
      kdfparams: z.object({ dklen: z.literal(32), n: z.int(), r: z.int(), p: z.int(), salt: hex(8, 64) }),
    }),
    z.object({
      kdf: z.literal('pbkdf2'),
      kdfparams: z.object({
        dklen: z.literal(32),
        c: z.int(),
        prf: z.literal('hmac-sha256'),
        salt: hex(8, 64),
      }),
    }),
  ])

const schema = () =>
  z.object({
    version: z.literal(3),
    address: z.optional(z.string().check(z.regex(/^(0x)?[0-9a-fA-F]{40}$/))),
    crypto: z.intersection(
      z.object({
        cipher: z.literal('aes-128-ctr'),
        cipherparams: z.object({ iv: hex(16) }),
        ciphertext: hex(32),
        mac: hex(32),
      }),
      kdf(),
    ),
  })

type Keystore = z.infer<ReturnType<typeof schema>>

/**
 * Decrypts a Web3 Secret Storage file of version 3 (geth, MetaMask's exports and others), scrypt or PBKDF2. A weak
 * derivation is taken, because what is imported is encrypted anew; one that is too costly is not tried. The first of
 * the passwords that fits is the file's.
 *
 * @throws ConfigurationError when the text is no such file.
 * @throws KeyStoreLockedError when the password is wrong, or the file was changed.
 */
export async function readWeb3Keystore(text: string, passwords: readonly Uint8Array[]): Promise<Secret> {
  const { address, crypto: sealed } = parse(text)
  // One after another: each may take half a gigabyte.
  for (const password of passwords) {
    const secret = await open({ address, sealed }, password)
    if (secret) return secret
  }
  throw locked()
}

/** Answers nothing where the password is not the file's. */
async function open(
  { address, sealed }: { readonly address: string | undefined; readonly sealed: Keystore['crypto'] },
  password: Uint8Array,
): Promise<Secret | undefined> {
  const derived = await derive(sealed, password)
  try {
    const ciphertext = ownBytes(hexToBytes(sealed.ciphertext))
    const mac = keccak_256(joinBytes(derived.subarray(16), ciphertext))
    if (!equalBytes(mac, hexToBytes(sealed.mac))) return undefined
    const secret: Secret = { namespace: 'eip155', bytes: await decrypt(sealed, derived, ciphertext) }
    // The MAC covers neither the IV nor the address: a changed IV is found by the address, where there is one.
    if (isKey(secret) && isSame(addressOfSecret(secret), address)) return secret
    wipe(secret.bytes)
    throw locked()
  } finally {
    wipe(derived)
  }
}

function parse(text: string): Keystore {
  try {
    if (text.length > 65_536) throw new RangeError('too long')
    const { Crypto, ...rest } = JSON.parse(text) as Readonly<Record<string, unknown>>
    return schema().parse(Crypto === undefined ? rest : { ...rest, crypto: Crypto })
  } catch {
    throw new ConfigurationError('Failed to read the keystore: it is no Web3 Secret Storage of version 3')
  }
}

async function derive(sealed: Keystore['crypto'], password: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const salt = ownBytes(hexToBytes(sealed.kdfparams.salt))
  if (sealed.kdf === 'scrypt') {
    if (!isCheapEnough(sealed.kdfparams)) throw costly()
    return deriveByScrypt(password, salt, sealed.kdfparams)
  }
  const { c: iterations } = sealed.kdfparams
  if (iterations < 1 || iterations > maxIterations) throw costly()
  const key = await crypto.subtle.importKey('raw', ownBytes(password), 'PBKDF2', false, ['deriveBits'])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 256))
}

async function decrypt(
  { cipherparams }: Keystore['crypto'],
  derived: Uint8Array,
  ciphertext: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const raw = ownBytes(derived.subarray(0, 16))
  const key = await crypto.subtle.importKey('raw', raw, 'AES-CTR', false, ['decrypt'])
  wipe(raw)
  const counter = ownBytes(hexToBytes(cipherparams.iv))
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CTR', counter, length: 128 }, key, ciphertext))
}

function isSame(address: string, claimed: string | undefined): boolean {
  return claimed === undefined || address.slice(2).toLowerCase() === claimed.replace(/^0x/, '').toLowerCase()
}

function costly(): ConfigurationError {
  return new ConfigurationError('Failed to read the keystore: its key derivation is too costly, or no cost at all')
}

function locked(): KeyStoreLockedError {
  return new KeyStoreLockedError('the password of the keystore is wrong, or the keystore was changed')
}
