import { ed25519 } from '@noble/curves/ed25519'
import { findBuiltin } from '../lib/node-builtin.js'
import { joinBytes, ownBytes, wipe } from '../lib/bytes.js'

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
