import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils'
import { splitSignature } from './abi.js'
import type { Hex } from '../types.js'

/** An EIP-1559 transaction without an access list, as viem's accounts take it. */
export type EvmTransaction = {
  readonly type: 'eip1559'
  readonly chainId: number
  readonly nonce: number
  readonly maxPriorityFeePerGas: bigint
  readonly maxFeePerGas: bigint
  readonly gas: bigint
  readonly to: Hex
  readonly value: bigint
  readonly data: Hex
}

/** Hashes a transaction to the 32 bytes that are signed (EIP-1559). */
export function hashTransaction(transaction: EvmTransaction): Uint8Array {
  return keccak_256(hexToBytes(`02${encodeList(fieldsOf(transaction))}`))
}

/** Writes a transaction with its signature (65 bytes `r ‖ s ‖ v`, v 27 or 28), as nodes take it. */
export function serializeTransaction(transaction: EvmTransaction, signature: Hex): Hex {
  const { r, s, v } = splitSignature(signature)
  const signed = [...fieldsOf(transaction), ...[BigInt(v) - 27n, BigInt(r), BigInt(s)].map(encodeNumber)]
  return `0x02${encodeList(signed)}`
}

/** Hashes what `serializeTransaction` wrote to the transaction's own name. */
export function transactionHash(serialized: Hex): Hex {
  return `0x${bytesToHex(keccak_256(hexToBytes(serialized.slice(2))))}`
}

/**
 * Takes the signature out of a transaction that a signer wrote, or answers `undefined` when it is not, to the byte,
 * the transaction that it was asked to sign.
 */
export function signatureIn(serialized: string, transaction: EvmTransaction): Hex | undefined {
  // Two words of 32 bytes with their prefixes end it, unless one begins with a zero byte and is shorter.
  for (const [lengthOfR, lengthOfS] of lengths) {
    const end = serialized.slice(-2 * (lengthOfR + lengthOfS + 2) - 2)
    const v = end.slice(0, 2) === '80' ? 27 : 28
    const r = end.slice(4, 4 + 2 * lengthOfR).padStart(64, '0')
    const s = end.slice(6 + 2 * lengthOfR).padStart(64, '0')
    const signature: Hex = `0x${r}${s}${v.toString(16)}`
    if (
      /^0x[0-9a-f]{130}$/.test(signature) &&
      serializeTransaction(transaction, signature) === serialized.toLowerCase()
    )
      return signature
  }
  return undefined
}

/** The lengths that r and s can have, the usual ones first. */
const lengths = [32, 31, 30, 29].flatMap((r) => [32, 31, 30, 29].map((s) => [r, s] as const))

function fieldsOf(transaction: EvmTransaction): readonly string[] {
  const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas, to, value, data } = transaction
  const numbers = [BigInt(chainId), BigInt(nonce), maxPriorityFeePerGas, maxFeePerGas, gas].map(encodeNumber)
  return [...numbers, encodeBytes(to.slice(2).toLowerCase()), encodeNumber(value), encodeBytes(data.slice(2)), 'c0']
}

/** Encodes a number in RLP, in hex digits. */
export function encodeNumber(value: bigint): string {
  const digits = value === 0n ? '' : value.toString(16)
  return encodeBytes(digits.length % 2 === 0 ? digits : `0${digits}`)
}

/** Encodes bytes in RLP, from and to hex digits. */
export function encodeBytes(hex: string): string {
  return hex.length === 2 && Number.parseInt(hex, 16) < 0x80 ? hex : `${encodeLength(hex.length / 2, 0x80)}${hex}`
}

/** Encodes a list of what is encoded already in RLP, in hex digits. */
export function encodeList(items: readonly string[]): string {
  const hex = items.join('')
  return `${encodeLength(hex.length / 2, 0xc0)}${hex}`
}

function encodeLength(length: number, offset: number): string {
  if (length <= 55) return (offset + length).toString(16).padStart(2, '0')
  const digits = length.toString(16)
  const size = digits.length % 2 === 0 ? digits : `0${digits}`
  return `${(offset + 55 + size.length / 2).toString(16)}${size}`
}
