import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils'
import { bech32, utils } from '@scure/base'
import { signDigest } from '../../evm/signature.js'
import { joinBytes } from '../../lib/bytes.js'

/** A Lightning wallet, by what payers use of one. */
export type GauntletLightning = {
  readonly payInvoice: (request: { readonly invoice: string }) => Promise<{ readonly preimage: string }>
  readonly lookupInvoice: (request: {
    readonly payment_hash: string
  }) => Promise<{ readonly state?: string | undefined; readonly preimage?: string | undefined }>
}

/** What an invoice asks. */
export type InvoiceTerms = {
  readonly amountMsat: bigint
  /** 32 bytes. */
  readonly preimage: Uint8Array
  /** Whose invoice it is: 32 bytes. */
  readonly key: Uint8Array
  /** Unix seconds. */
  readonly createdAt: number
  readonly seconds: number
}

/** Writes an invoice of regtest (BOLT 11), signed by its payee's node. */
export function writeInvoice({ amountMsat, preimage, key, createdAt, seconds }: InvoiceTerms): string {
  const prefix = `lnbcrt${amountMsat * 10n}p`
  const words = [
    ...numberWords(createdAt, 7),
    ...tag(1, bech32.toWords(sha256(preimage))),
    ...tag(16, bech32.toWords(new Uint8Array(32).fill(7))),
    ...tag(13, bech32.toWords(utf8ToBytes('a report'))),
    ...tag(6, numberWords(seconds, 7)),
  ]
  const digest = sha256(joinBytes(utf8ToBytes(prefix), Uint8Array.from(utils.convertRadix2(words, 5, 8, true))))
  const signature = hexToBytes(signDigest(digest, key).slice(2))
  // Its last byte says which of the keys that could have made it: 0 or 1.
  signature.set([(signature[64] ?? 27) - 27], 64)
  return bech32.encode(prefix, [...words, ...bech32.toWords(signature)], false)
}

function tag(type: number, words: readonly number[]): readonly number[] {
  return [type, Math.floor(words.length / 32), words.length % 32, ...words]
}

function numberWords(value: number, length: number): readonly number[] {
  return Array.from({ length }, (_, index) => Math.floor(value / 32 ** (length - 1 - index)) % 32)
}

/** Names what is paid by a preimage. */
export function hashOf(preimage: Uint8Array): string {
  return bytesToHex(sha256(preimage))
}
