import { ed25519 } from '@noble/curves/ed25519'
import { base58 } from '@scure/base'
import { findBuiltin } from './builtin.js'
import { joinBytes, ownBytes, wipe } from './bytes.js'

/** What stands before a seed in PKCS #8 (RFC 8410). */
const header = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]

/** Derives the public key of a 32-byte seed (RFC 8032), which is what Solana's addresses are. */
export function publicKeyOf(seed: Uint8Array): Uint8Array<ArrayBuffer> {
  return ownBytes(ed25519.getPublicKey(seed))
}

/** Signs with a seed, ten times as fast where there is Node's own implementation; the bytes are the same either way. */
export function createSign(seed: Uint8Array): (message: Uint8Array) => Uint8Array<ArrayBuffer> {
  const crypto = findBuiltin('node:crypto')
  if (!crypto) return (message) => ownBytes(ed25519.sign(message, seed))
  const encoded = joinBytes(Uint8Array.from(header), seed)
  const key = crypto.createPrivateKey({ key: Buffer.from(encoded.buffer), format: 'der', type: 'pkcs8' })
  wipe(encoded)
  return (message) => ownBytes(crypto.sign(null, message, key))
}

/** Tells whether a signature over a message is by the key of an address, as strictly as Solana does (RFC 8032). */
export function isSignedBy(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false })
  } catch {
    return false
  }
}

/** Reads a Solana address that a key can sign for: base58 of 32 bytes that are a point of the curve. */
export function parsePublicKey(address: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(address)) return undefined
  const bytes = ownBytes(base58.decode(address))
  return bytes.length === 32 && isPoint(bytes) ? bytes : undefined
}

function isPoint(bytes: Uint8Array): boolean {
  try {
    return !ed25519.ExtendedPoint.fromHex(bytes).isSmallOrder()
  } catch {
    return false
  }
}
