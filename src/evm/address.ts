import { secp256k1 } from '@noble/curves/secp256k1'
import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import { memoize } from '../lib/memo.js'
import type { Hex } from '../types.js'

/** Writes an EVM address with its EIP-55 checksum, or answers `undefined` when it is none or its checksum is wrong. */
export function parseAddress(text: string): Hex | undefined {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return undefined
  const address = checksumOf(text.slice(2).toLowerCase())
  const isMixedCase = /[a-f]/.test(text.slice(2)) && /[A-F]/.test(text)
  return isMixedCase && address !== text ? undefined : address
}

/** Derives the address of a secp256k1 public key. */
export function addressOf(publicKey: Uint8Array): Hex {
  const point = secp256k1.ProjectivePoint.fromHex(publicKey).toRawBytes(false)
  return checksum(bytesToHex(keccak_256(point.subarray(1)).subarray(12)))
}

/** A wallet meets few addresses, each in every payment. */
const checksumOf = memoize(checksum, { max: 1024, maxLength: 40 })

function checksum(lowerCase: string): Hex {
  const hash = keccak_256(utf8ToBytes(lowerCase))
  const characters = [...lowerCase].map((character, index) => {
    const byte = hash[index >> 1] ?? 0
    return (index % 2 === 0 ? byte >> 4 : byte & 15) > 7 ? character.toUpperCase() : character
  })
  return `0x${characters.join('')}`
}
