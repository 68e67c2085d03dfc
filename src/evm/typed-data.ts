import { invert, mod } from '@noble/curves/abstract/modular'
import { secp256k1 } from '@noble/curves/secp256k1'
import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils'
import type { Hex } from '../types.js'

/** EIP-712 typed data, as viem's accounts take it. */
export type TypedData = {
  readonly domain: TypedDataDomain
  readonly types: Readonly<Record<string, readonly TypedDataField[]>>
  readonly primaryType: string
  readonly message: Readonly<Record<string, unknown>>
}

type TypedDataField = { readonly name: string; readonly type: string }

type TypedDataDomain = {
  readonly name: string
  readonly version: string
  readonly chainId: number
  readonly verifyingContract: Hex
}

/** Writes an EVM address with its EIP-55 checksum, or answers `undefined` when it is none or its checksum is wrong. */
export function parseAddress(text: string): Hex | undefined {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return undefined
  const address = checksum(text.slice(2).toLowerCase())
  const isMixedCase = /[a-f]/.test(text.slice(2)) && /[A-F]/.test(text)
  return isMixedCase && address !== text ? undefined : address
}

/** Derives the address of a secp256k1 public key. */
export function addressOf(publicKey: Uint8Array): Hex {
  const point = secp256k1.ProjectivePoint.fromHex(publicKey).toRawBytes(false)
  return checksum(bytesToHex(keccak_256(point.subarray(1)).subarray(12)))
}

function checksum(lowerCase: string): Hex {
  const hash = keccak_256(utf8ToBytes(lowerCase))
  const characters = [...lowerCase].map((character, index) => {
    const byte = hash[index >> 1] ?? 0
    return (index % 2 === 0 ? byte >> 4 : byte & 15) > 7 ? character.toUpperCase() : character
  })
  return `0x${characters.join('')}`
}

const domainFields: readonly TypedDataField[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]

/** Hashes typed data to the 32 bytes that are signed (EIP-712). */
export function hashTypedData(data: TypedData): Uint8Array {
  const types = { ...data.types, EIP712Domain: domainFields }
  return keccak_256(
    concat([
      Uint8Array.of(0x19, 0x01),
      hashStruct('EIP712Domain', data.domain, types),
      hashStruct(data.primaryType, data.message, types),
    ]),
  )
}

type Types = TypedData['types']

function hashStruct(name: string, value: Readonly<Record<string, unknown>>, types: Types): Uint8Array {
  const fields = fieldsOf(name, types)
  return keccak_256(
    concat([
      keccak_256(utf8ToBytes(encodeType(name, types))),
      ...fields.map((field) => encodeValue(field, value[field.name], types)),
    ]),
  )
}

function fieldsOf(name: string, types: Types): readonly TypedDataField[] {
  const fields = Object.hasOwn(types, name) ? types[name] : undefined
  if (!fields) throw new TypeError(`typed data names a type that it does not define: ${name}`)
  return fields
}

/** Writes a struct's type string: itself, then the structs it refers to in alphabetical order. */
function encodeType(name: string, types: Types): string {
  const referred = [...references(name, types)].filter((other) => other !== name).toSorted()
  return [name, ...referred]
    .map((struct) => `${struct}(${fieldsOf(struct, types).map((field) => `${field.type} ${field.name}`)})`)
    .join('')
}

function references(name: string, types: Types, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(name)) return seen
  seen.add(name)
  for (const field of fieldsOf(name, types)) if (Object.hasOwn(types, field.type)) references(field.type, types, seen)
  return seen
}

function encodeValue(field: TypedDataField, value: unknown, types: Types): Uint8Array {
  if (Object.hasOwn(types, field.type)) return hashStruct(field.type, value as Record<string, unknown>, types)
  if (field.type === 'string' && typeof value === 'string') return keccak_256(utf8ToBytes(value))
  if (field.type === 'bytes32' && isHex(value, 32)) return hexToBytes(value.slice(2))
  if (field.type === 'address' && isHex(value, 20)) return leftPad(hexToBytes(value.slice(2)))
  if (/^uint\d*$/.test(field.type) && (typeof value === 'bigint' || Number.isSafeInteger(value))) {
    return uint(BigInt(value as bigint | number), Number(field.type.slice(4) || 256))
  }
  throw new TypeError(`typed data has no usable ${field.type} at ${field.name}`)
}

function isHex(value: unknown, bytes: number): value is Hex {
  return typeof value === 'string' && value.length === 2 + bytes * 2 && /^0x[0-9a-fA-F]+$/.test(value)
}

function uint(value: bigint, bits: number): Uint8Array {
  if (value < 0n || value >> BigInt(bits)) throw new TypeError(`typed data has a number beyond uint${bits}`)
  return hexToBytes(value.toString(16).padStart(64, '0'))
}

function leftPad(bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(32)
  word.set(bytes, 32 - bytes.length)
  return word
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}

/** Signs a digest with a secp256k1 key (RFC 6979, low s), as 65 bytes `r ‖ s ‖ v` with v 27 or 28. */
export function signDigest(digest: Uint8Array, key: Uint8Array): Hex {
  const signature = secp256k1.sign(digest, key, { lowS: true })
  return `0x${signature.toCompactHex()}${(27 + signature.recovery).toString(16)}`
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
const mostPayers = 16

/**
 * Tells whether a signature over a digest recovers to an address: what `ecrecover` would answer. A payer's key stays
 * the same, so after the first time it costs a third of a recovery.
 */
export function isSignedBy(digest: Uint8Array, signature: Hex, address: Hex): boolean {
  const payer = payers.get(address)
  if (payer) return recoversTo(payer, digest, signature)
  const point = recoverPoint(digest, signature)
  if (!point || addressOf(point.toRawBytes(false)) !== address) return false
  if (payers.size >= mostPayers) payers.clear()
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
