import { secp256k1 } from '@noble/curves/secp256k1'
import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import { bech32, utils } from '@scure/base'
import { joinBytes } from '../lib/bytes.js'
import type { Hex } from '../types.js'
import { type LightningNetwork, networkOfPrefix } from './networks.js'

/** What an invoice (BOLT 11) asks, read from its own bytes, and whose signature it has. */
export type Invoice = {
  readonly network: LightningNetwork
  /** Absent where the payer is to choose it. */
  readonly amountMsat: bigint | undefined
  readonly paymentHash: Hex
  /** The public key of the node that is paid, compressed, in hex. */
  readonly payee: string
  /** Unix seconds. */
  readonly createdAt: number
  /** Unix seconds from which on nobody should pay it. */
  readonly expiresAt: number
}

/** Ours, well above what wallets write: an invoice is kept with its payment. */
const maxLength = 3000
const defaultExpirySeconds = 3600
const timestampWords = 7
const signatureWords = 104
/** A bitcoin is 10 ** 11 millisatoshis. */
const multipliers: Readonly<Record<string, bigint>> = {
  '': 100_000_000_000n,
  m: 100_000_000n,
  u: 100_000n,
  n: 100n,
}

/** Reads an invoice, or answers nothing for what is none, breaks its format or has no valid signature. */
export function decodeInvoice(text: string): Invoice | undefined {
  const decoded = text.length <= maxLength ? decodeBech32(text) : undefined
  const [, prefix = '', digits, multiplier = ''] =
    /^ln([a-z]+?)(?:([1-9]\d{0,17})([munp]?))?$/.exec(decoded?.prefix ?? '') ?? []
  const network = networkOfPrefix(prefix)
  const amountMsat = digits === undefined ? undefined : readAmount(digits, multiplier)
  if (!decoded || !network || amountMsat === null) return undefined
  const { words } = decoded
  if (words.length < timestampWords + signatureWords) return undefined
  const signed = words.slice(0, -signatureWords)
  const createdAt = readNumber(signed.slice(0, timestampWords))
  const tags = readTags(signed.slice(timestampWords))
  const hash = tags && bytesOf(tags.get('p'))
  const seconds = tags?.get('x')
  const expiry = seconds ? readNumber(seconds) : defaultExpirySeconds
  const payee = tags && payeeOf({ prefix: decoded.prefix, signed, signature: words.slice(-signatureWords), tags })
  // Without its secret no node takes a payment.
  if (hash === undefined || payee === undefined || !tags?.has('s')) return undefined
  const expiresAt = createdAt + expiry
  if (!Number.isSafeInteger(expiresAt)) return undefined
  return Object.freeze({ network, amountMsat, paymentHash: `0x${bytesToHex(hash)}`, payee, createdAt, expiresAt })
}

type Words = readonly number[]

function decodeBech32(text: string): { readonly prefix: string; readonly words: Words } | undefined {
  return bech32.decodeUnsafe(text, false) ?? undefined
}

/** In millisatoshis; `null` for a part of one. */
function readAmount(digits: string, multiplier: string): bigint | null {
  const amount = BigInt(digits)
  if (multiplier !== 'p') return amount * (multipliers[multiplier] ?? 0n)
  return amount % 10n === 0n ? amount / 10n : null
}

function readNumber(words: Words): number {
  return words.reduce((sum, word) => sum * 32 + word, 0)
}

/** How long those are in words whose length is fixed. */
const lengths: Readonly<Record<string, number>> = { p: 52, s: 52, n: 53 }
/** What is read, by the numbers that name it. */
const names: Readonly<Record<number, string>> = { 1: 'p', 6: 'x', 16: 's', 19: 'n' }

/** Reads what is tagged; nothing where a tag is cut off, twice there or of another length than it has. */
function readTags(words: Words): ReadonlyMap<string, Words> | undefined {
  const tags = new Map<string, Words>()
  for (let at = 0; at < words.length; ) {
    const [type, high, low] = words.slice(at, at + 3)
    if (type === undefined || high === undefined || low === undefined) return undefined
    const value = words.slice(at + 3, at + 3 + high * 32 + low)
    if (value.length !== high * 32 + low) return undefined
    at += 3 + value.length
    const name = names[type]
    if (name === undefined) continue
    const length = lengths[name] ?? value.length
    // Of two hashes a wallet could pay the other.
    if (tags.has(name) || value.length !== length) return undefined
    tags.set(name, value)
  }
  return tags
}

function bytesOf(words: Words | undefined): Uint8Array | undefined {
  return (words && bech32.fromWordsUnsafe([...words])) || undefined
}

type Signed = {
  readonly prefix: string
  readonly signed: Words
  readonly signature: Words
  readonly tags: ReadonlyMap<string, Words>
}

/** Whose signature it is: that of the key that it names or, where it names none, of the one that its signature is of. */
function payeeOf({ prefix, signed, signature, tags }: Signed): string | undefined {
  const bytes = bytesOf(signature)
  const digest = sha256(joinBytes(utf8ToBytes(prefix), Uint8Array.from(utils.convertRadix2([...signed], 5, 8, true))))
  if (!bytes) return undefined
  const named = tags.get('n')
  try {
    const compact = bytes.slice(0, 64)
    const key = bytesOf(named)
    if (key) return secp256k1.verify(compact, digest, key, { lowS: true }) ? bytesToHex(key) : undefined
    const parsed = secp256k1.Signature.fromCompact(compact).addRecoveryBit(bytes[64] ?? 4)
    return named ? undefined : parsed.recoverPublicKey(digest).toHex(true)
  } catch {
    return undefined
  }
}
