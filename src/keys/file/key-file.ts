import * as z from 'zod/mini'
import { isCheapEnough, isStrongEnough, type ScryptCost } from './scrypt.js'
import { keyFileError } from './key-file-error.js'
import type { KeyAddress } from '../signers.js'

/** What a file says before it is decrypted: nothing secret, and all of it authenticated with the keys. */
export type KeyFileHeader = {
  readonly format: 'stipend-keys'
  readonly version: 1
  readonly kdf: { readonly name: 'scrypt'; readonly salt: string } & ScryptCost
  readonly cipher: { readonly name: 'aes-256-gcm'; readonly iv: string }
  /** In the order of their secrets, 32 bytes each. */
  readonly keys: readonly KeyAddress[]
}

/** A file as it is written: the header, and the secrets encrypted. */
export type KeyFile = KeyFileHeader & { readonly ciphertext: string }

export const maxKeys = 64

const address = {
  eip155: /^0x[0-9a-fA-F]{40}$/,
  solana: /^[1-9A-HJ-NP-Za-km-z]{32,44}$/,
}

const hex = (bytes: number): z.ZodMiniString => z.string().check(z.regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`)))
const key = <const namespace extends KeyAddress['namespace']>(namespace: namespace) =>
  z.strictObject({
    namespace: z.literal(namespace),
    address: z.string().check(z.regex(address[namespace])),
  })

const schema = () =>
  z.strictObject({
    format: z.literal('stipend-keys'),
    version: z.literal(1),
    kdf: z.strictObject({ name: z.literal('scrypt'), n: z.int(), r: z.int(), p: z.int(), salt: hex(32) }),
    cipher: z.strictObject({ name: z.literal('aes-256-gcm'), iv: hex(12) }),
    keys: z.array(z.union([key('eip155'), key('solana')])).check(z.minLength(1), z.maxLength(maxKeys)),
    ciphertext: z.string().check(z.regex(/^(?:[0-9a-f]{2}){48,4096}$/)),
  })

/**
 * Reads a file's text to the letter: another spelling of the same data is refused, as a changed byte is.
 *
 * @throws ConfigurationError when it is none, or when its key derivation is too weak, or too costly to be tried.
 */
export function parseKeyFile(text: string): KeyFile {
  const file = parse(text)
  if (!file || writeKeyFile(file) !== text) throw keyFileError('malformed')
  if (!isCheapEnough(file.kdf)) throw keyFileError('costly')
  if (!isStrongEnough(file.kdf)) throw keyFileError('weak')
  return file
}

function parse(text: string): KeyFile | undefined {
  try {
    return schema().parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Writes a file as the one text that is read again. */
export function writeKeyFile(file: KeyFile): string {
  const { ciphertext } = file
  return `${JSON.stringify({ ...pickHeader(file), ciphertext }, null, 2)}\n`
}

/** The bytes of the header that the encryption authenticates. */
export function headerBytes(header: KeyFileHeader): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(pickHeader(header)))
}

/** One order of names, whatever order a header came in. */
function pickHeader({ format, version, kdf, cipher, keys }: KeyFileHeader): KeyFileHeader {
  const { name, n, r, p, salt } = kdf
  return {
    format,
    version,
    kdf: { name, n, r, p, salt },
    cipher: { name: cipher.name, iv: cipher.iv },
    keys: keys.map((one) => ({ namespace: one.namespace, address: one.address })),
  }
}
