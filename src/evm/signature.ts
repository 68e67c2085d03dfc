import { invert, mod } from '@noble/curves/abstract/modular'
import { secp256k1 } from '@noble/curves/secp256k1'
import { bytesToHex } from '@noble/hashes/utils'
import { isHex } from './abi.js'
import { addressOf } from './address.js'
import type { Hex } from '../types.js'

/** Makes ECDSA signatures on secp256k1. */
export type Secp256k1 = {
  /**
   * Signs a digest of 32 bytes with a key of 32 bytes (RFC 6979, s in the lower half): r and s in 64 bytes, and which of
   * the points with that r was meant, 0 or 1. The key is the caller's, and is not kept.
   */
  readonly sign: (digest: Uint8Array, key: Uint8Array) => { readonly compact: Uint8Array; readonly recovery: number }
}

/** The default: JavaScript that runs everywhere, of @noble/curves. */
export const noble: Secp256k1 = Object.freeze({
  sign: (digest: Uint8Array, key: Uint8Array) => {
    const signature = secp256k1.sign(digest, key, { lowS: true })
    return { compact: signature.toCompactRawBytes(), recovery: signature.recovery }
  },
})

/** Signs a digest with a secp256k1 key, as 65 bytes `r ‖ s ‖ v` with v 27 or 28. */
export function signDigest(digest: Uint8Array, key: Uint8Array, { sign }: Secp256k1 = noble): Hex {
  const { compact, recovery } = sign(digest, key)
  return `0x${bytesToHex(compact)}${(27 + recovery).toString(16)}`
}

/**
 * Writes a signature as the token contracts take it: 65 bytes, s in the lower half, v 27 or 28.
 * Answers `undefined` for anything else.
 */
export function parseSignature(signature: unknown): Hex | undefined {
  if (!isHex(signature, 65)) return undefined
  const v = Number.parseInt(signature.slice(130), 16)
  const recovery = v >= 27 ? v - 27 : v
  if (recovery !== 0 && recovery !== 1) return undefined
  if (!isCanonical(signature.slice(2, 130))) return undefined
  return `0x${signature.slice(2, 130).toLowerCase()}${(27 + recovery).toString(16)}`
}

/** Tells whether r and s are numbers that a signature can have, s in the lower half. */
function isCanonical(compact: string): boolean {
  try {
    return !secp256k1.Signature.fromCompact(compact).hasHighS()
  } catch {
    return false
  }
}

/** Recovers the address whose key made a signature over a digest, or `undefined` when there is none. */
export function recoverAddress(digest: Uint8Array, signature: Hex): Hex | undefined {
  const point = recoverPoint(digest, signature)
  return point && addressOf(point.toRawBytes(false))
}

type Point = InstanceType<typeof secp256k1.ProjectivePoint>

function recoverPoint(digest: Uint8Array, signature: Hex): Point | undefined {
  try {
    return secp256k1.Signature.fromCompact(signature.slice(2, 130))
      .addRecoveryBit(recoveryOf(signature))
      .recoverPublicKey(digest)
  } catch {
    return undefined
  }
}

function recoveryOf(signature: Hex): number {
  return Number.parseInt(signature.slice(130), 16) - 27
}

/** The public keys of the payers seen last, each with a table of its multiples. */
const payers = new Map<Hex, Point>()
const maxPayers = 16

/**
 * Tells whether a signature over a digest recovers to an address: what `ecrecover` would answer. A payer's key stays
 * the same, so after the first time it costs a third of a recovery.
 */
export function isSignedBy(digest: Uint8Array, signature: Hex, address: Hex): boolean {
  const payer = payers.get(address)
  if (payer) return recoversTo(payer, digest, signature)
  const point = recoverPoint(digest, signature)
  if (!point || addressOf(point.toRawBytes(false)) !== address) return false
  if (payers.size >= maxPayers) payers.clear()
  payers.set(address, secp256k1.utils.precompute(4, point))
  return true
}

/** ECDSA verification, and that the signature's v names the point it was made with. */
function recoversTo(payer: Point, digest: Uint8Array, signature: Hex): boolean {
  const { n } = secp256k1.CURVE
  const { r, s } = secp256k1.Signature.fromCompact(signature.slice(2, 130))
  const inverse = invert(s, n)
  const hash = BigInt(`0x${bytesToHex(digest)}`)
  const base = secp256k1.ProjectivePoint.BASE.multiplyUnsafe(mod(hash * inverse, n))
  const point = base.add(payer.multiplyUnsafe(mod(r * inverse, n)))
  if (point.equals(secp256k1.ProjectivePoint.ZERO)) return false
  const { x, y } = point.toAffine()
  return x === r && Number(y & 1n) === recoveryOf(signature)
}
