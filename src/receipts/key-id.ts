import { p256 } from '@noble/curves/p256'
import { secp256k1 } from '@noble/curves/secp256k1'
import { base58 } from '@scure/base'
import { decodeBase64, decodeBytes } from '../lib/base64.js'

/** The kinds of keys that are known. */
export type Algorithm = 'ed25519' | 'p256' | 'secp256k1'

/** A public key, and its name as `did:key`: the same key has one name, however it is spelled. */
export type Key = { readonly algorithm: Algorithm; readonly bytes: Uint8Array; readonly id: string }

/** How `did:key` marks what kind of key follows (multicodec). */
const marks: Readonly<Record<Algorithm, readonly [number, number]>> = {
  ed25519: [0xed, 0x01],
  secp256k1: [0xe7, 0x01],
  p256: [0x80, 0x24],
}

const curves: Readonly<Record<string, Algorithm>> = { Ed25519: 'ed25519', 'P-256': 'p256', secp256k1: 'secp256k1' }

/** Reads the key that a `kid` spells out; of one that names a key elsewhere, nothing. */
export function readKey(kid: unknown): Key | undefined {
  if (typeof kid !== 'string' || kid.length > 1024) return undefined
  const [did = ''] = kid.split('#')
  try {
    if (did.startsWith('did:key:z')) return readMulticodec(base58.decode(did.slice('did:key:z'.length)))
    if (did.startsWith('did:jwk:')) return readJwk(JSON.parse(decodeBase64(did.slice('did:jwk:'.length)) ?? ''))
  } catch {}
  return undefined
}

function readMulticodec(bytes: Uint8Array): Key | undefined {
  const found = (Object.keys(marks) as Algorithm[]).find((one) => marks[one].every((byte, at) => bytes[at] === byte))
  return found && createKey(found, bytes.slice(2))
}

function readJwk(jwk: unknown): Key | undefined {
  const { crv, x, y } = Object(jwk)
  const algorithm = Object.hasOwn(curves, String(crv)) ? curves[String(crv)] : undefined
  const [first, second] = [decodeUrlSafe(String(x)), decodeUrlSafe(String(y ?? ''))]
  if (!algorithm || first?.length !== 32) return undefined
  if (algorithm === 'ed25519') return createKey(algorithm, first)
  return second?.length === 32 ? createKey(algorithm, Uint8Array.of(4, ...first, ...second)) : undefined
}

function createKey(algorithm: Algorithm, bytes: Uint8Array): Key | undefined {
  const own = algorithm === 'ed25519' ? bytes : compress(algorithm, bytes)
  if (algorithm === 'ed25519' && own.length !== 32) return undefined
  return { algorithm, bytes: own, id: `did:key:z${base58.encode(Uint8Array.of(...marks[algorithm], ...own))}` }
}

/** @throws Error when the bytes are no point of the curve. */
function compress(algorithm: 'p256' | 'secp256k1', bytes: Uint8Array): Uint8Array {
  const curve = algorithm === 'p256' ? p256 : secp256k1
  return curve.ProjectivePoint.fromHex(bytes).toRawBytes(true)
}

/** Decodes unpadded URL-safe base64 to bytes. */
export function decodeUrlSafe(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined
  const standard = text.replaceAll('-', '+').replaceAll('_', '/')
  return decodeBytes(standard.padEnd(Math.ceil(standard.length / 4) * 4, '='))
}
