import { bytesToHex, hexToBytes } from '@noble/hashes/utils'
import { draw, type Random } from '../../lib/random.js'
import { joinBytes, ownBytes, wipe } from '../../lib/bytes.js'
import { addressOfSecret, isKey, type Secret } from '../held-key.js'
import { headerBytes, type KeyFile, type KeyFileHeader } from './key-file.js'
import { keyFileError } from './key-file-error.js'
import type { KeyAddress } from '../signers.js'
import { deriveByScrypt, writtenCost } from './scrypt.js'

/** Encrypts secrets under a password: scrypt, then AES-256-GCM over them with the header as additional data. */
export async function seal(secrets: readonly Secret[], password: Uint8Array, random: Random): Promise<KeyFile> {
  const header: KeyFileHeader = {
    format: 'stipend-keys',
    version: 1,
    kdf: { name: 'scrypt', ...writtenCost, salt: bytesToHex(draw(random, 32)) },
    cipher: { name: 'aes-256-gcm', iv: bytesToHex(draw(random, 12)) },
    keys: secrets.map(describe),
  }
  const plain = joinBytes(...secrets.map(({ bytes }) => bytes))
  const key = await importKey(header, password)
  const sealed = await crypto.subtle.encrypt(parametersOf(header), key, plain)
  wipe(plain)
  return { ...header, ciphertext: bytesToHex(new Uint8Array(sealed)) }
}

/**
 * Decrypts the secrets of a file; the caller overwrites them.
 *
 * @throws KeyStoreLockedError when the password is wrong or anything was changed, and does not say which.
 */
export async function unseal(file: KeyFile, password: Uint8Array): Promise<readonly Secret[]> {
  const key = await importKey(file, password)
  const opened = await crypto.subtle
    .decrypt(parametersOf(file), key, ownBytes(hexToBytes(file.ciphertext)))
    .catch(() => {
      throw keyFileError('password')
    })
  const plain = new Uint8Array(opened)
  const secrets = file.keys.map(({ namespace }, index) => ({
    namespace,
    bytes: ownBytes(plain.subarray(index * 32, index * 32 + 32)),
  }))
  const isWhole = plain.length === secrets.length * 32
  wipe(plain)
  if (isWhole && secrets.every((secret, index) => isOf(secret, file.keys[index]))) return secrets
  wipe(...secrets.map(({ bytes }) => bytes))
  throw keyFileError('mismatch')
}

/** Writes the public half of a secret. */
function describe(secret: Secret): KeyAddress {
  return { namespace: secret.namespace, address: addressOfSecret(secret) }
}

function isOf(secret: Secret, key: KeyAddress | undefined): boolean {
  return isKey(secret) && addressOfSecret(secret) === key?.address
}

async function importKey({ kdf }: KeyFileHeader, password: Uint8Array): Promise<CryptoKey> {
  const derived = await deriveByScrypt(password, hexToBytes(kdf.salt), kdf)
  try {
    return await crypto.subtle.importKey('raw', derived, 'AES-GCM', false, ['encrypt', 'decrypt'])
  } finally {
    wipe(derived)
  }
}

function parametersOf(header: KeyFileHeader): AesGcmParams {
  const { iv } = header.cipher
  return { name: 'AES-GCM', iv: ownBytes(hexToBytes(iv)), additionalData: headerBytes(header), tagLength: 128 }
}
