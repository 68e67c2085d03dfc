import { keccak_256 } from '@noble/hashes/sha3'
import { hexToBytes } from '@noble/hashes/utils'
import type { Hex } from '../../types.js'
import { encodeCall } from '../abi.js'
import { encodeBytes, encodeList, encodeNumber } from '../transaction.js'

/** TIP-20's `transferWithMemo(address,uint256,bytes32)`. */
export const transferWithMemo = '0x95777d59'
/** The key of nonces that the chain takes once and forgets when their time is over (TIP-1009). */
const expiringNonces = (1n << 256n) - 1n

/** One transfer of a token of Tempo, by a transaction of its type `0x76`: all that varies in it. */
export type TempoCharge = {
  readonly chainId: number
  readonly token: Hex
  readonly payee: Hex
  /** Atomic units. */
  readonly amount: bigint
  /** 32 bytes. */
  readonly memo: Hex
  /** Unix seconds; only blocks before that can have it. */
  readonly validBefore: number
  readonly gas: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  /** Whether somebody else pays the fee; else the sender pays it in the token itself. */
  readonly isSponsored: boolean
}

/** Writes what of a charge its sender signs: where somebody else pays the fee, who that is and in which token is left open. */
export function encodeCharge(charge: TempoCharge): Hex {
  return `0x76${encodeList(fieldsOf(charge, charge.isSponsored ? '00' : '80'))}`
}

/** Hashes a charge to the 32 bytes that its sender signs. */
export function hashCharge(charge: TempoCharge): Uint8Array {
  return keccak_256(hexToBytes(encodeCharge(charge).slice(2)))
}

/**
 * Writes a charge with its sender's signature (65 bytes `r ‖ s ‖ v`). Where somebody else pays the fee, what is written is
 * for them to complete (`0x78`): the sender's address stands where their signature will.
 */
export function serializeCharge(charge: TempoCharge, signature: Hex, sender: Hex): Hex {
  const feePayer = charge.isSponsored ? encodeHex(sender) : '80'
  const fields = [...fieldsOf(charge, feePayer), encodeHex(signature)]
  return `0x${charge.isSponsored ? '78' : '76'}${encodeList(fields)}`
}

/** Writes a charge as viem's accounts take it. */
export function tempoTransaction(charge: TempoCharge): Readonly<Record<string, unknown>> {
  const { chainId, token, gas, maxFeePerGas, maxPriorityFeePerGas, validBefore } = charge
  return {
    type: 'tempo',
    chainId,
    calls: [{ to: token, data: transferData(charge) }],
    gas,
    maxFeePerGas,
    maxPriorityFeePerGas,
    nonceKey: expiringNonces,
    validBefore,
    ...(charge.isSponsored ? { feePayer: true } : { feeToken: token }),
  }
}

/** Writes the call of a token that a charge makes. */
export function transferData({
  payee,
  amount,
  memo,
}: Readonly<Record<'payee' | 'memo', string>> & Pick<TempoCharge, 'amount'>): Hex {
  return encodeCall(transferWithMemo, payee, amount, memo)
}

function fieldsOf(charge: TempoCharge, feePayer: string): readonly string[] {
  const { chainId, token, gas, maxFeePerGas, maxPriorityFeePerGas, validBefore } = charge
  const call = encodeList([encodeHex(token), '80', encodeHex(transferData(charge))])
  return [
    ...[BigInt(chainId), maxPriorityFeePerGas, maxFeePerGas, gas].map(encodeNumber),
    encodeList([call]),
    'c0',
    ...[expiringNonces, 0n, BigInt(validBefore), 0n].map(encodeNumber),
    charge.isSponsored ? '80' : encodeHex(token),
    feePayer,
    'c0',
  ]
}

function encodeHex(hex: Hex): string {
  return encodeBytes(hex.slice(2).toLowerCase())
}
