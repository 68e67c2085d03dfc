import { ed25519 } from '@noble/curves/ed25519'
import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils'
import { base58 } from '@scure/base'
import { memoize } from '../lib/memo.js'
import type { Asset } from '../types.js'

/** The programs that a payment calls. */
export const programs: Readonly<
  Record<'system' | 'computeBudget' | 'memo' | 'associatedToken' | 'spl-token' | 'token-2022', string>
> = Object.freeze({
  system: '11111111111111111111111111111111',
  computeBudget: 'ComputeBudget111111111111111111111111111111',
  memo: 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
  associatedToken: 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL',
  'spl-token': 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  'token-2022': 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb',
})

/** Addresses of the chain itself that are no one's wallet, besides those that end in ones. */
const reserved: ReadonlySet<string> = new Set([
  ...Object.values(programs),
  'Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo',
  'metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s',
])

/** Each answer about an address costs a computation on the curve. */
const seen = { max: 1024, maxLength: 160 }

/** Decodes base58 of exactly 32 bytes, as addresses and blockhashes are, or answers `undefined`. */
export const decode32: (text: string) => Uint8Array | undefined = memoize((text) => {
  if (!/^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text)) return undefined
  const bytes = base58.decode(text)
  return bytes.length === 32 ? bytes : undefined
}, seen)

/** Encodes bytes as base58; of the same few accounts, which every message names, it is the same work again. */
export function encodeAddress(bytes: Uint8Array): string {
  return encodeHex(bytesToHex(bytes))
}

const encodeHex = memoize((hex) => base58.encode(hexToBytes(hex)), seen)

/** Tells whether text is an address that a key can sign for: a point of the curve, and none of the chain's own. */
export const isWalletAddress: (text: string) => boolean = memoize((text) => {
  const bytes = decode32(text)
  return bytes !== undefined && !isReserved(text) && isPoint(bytes)
}, seen)

/**
 * Tells whether text is an address that can own something: one that a key signs for, or one off the curve that only a
 * program can sign for; none of the chain's own, and no point that anybody can sign for.
 */
export const isOwnerAddress: (text: string) => boolean = memoize((text) => {
  const bytes = decode32(text)
  return bytes !== undefined && !isReserved(text) && (isPoint(bytes) || !isOnCurve(bytes))
}, seen)

/** Programs, sysvars and the burn address. */
export function isReserved(address: string): boolean {
  return reserved.has(address) || address.includes('1'.repeat(12)) || address.startsWith('Sysvar')
}

function isPoint(bytes: Uint8Array): boolean {
  try {
    return !ed25519.ExtendedPoint.fromHex(bytes).isSmallOrder()
  } catch {
    return false
  }
}

/**
 * Derives the address at which an owner holds a token: the associated token account.
 *
 * @throws TypeError when the owner or the mint is no address.
 */
export function tokenAccountOf(owner: string, { address, transfer }: Pick<Asset, 'address' | 'transfer'>): string {
  return deriveTokenAccount(`${owner} ${tokenProgramOf({ transfer })} ${address}`)
}

/**
 * Answers the token program that moves an asset.
 *
 * @throws TypeError for an asset of another chain.
 */
export function tokenProgramOf({ transfer }: Pick<Asset, 'transfer'>): string {
  if (transfer === 'spl-token') return programs['spl-token']
  if (transfer === 'token-2022') return programs['token-2022']
  throw new TypeError('the asset is not a token of Solana')
}

const deriveTokenAccount = memoize((key) => {
  const seeds = key.split(' ').map(readAddress)
  const suffix = [readAddress(programs.associatedToken), utf8ToBytes('ProgramDerivedAddress')]
  for (let bump = 255; bump >= 0; bump--) {
    const hash = sha256.create()
    for (const part of [...seeds, Uint8Array.of(bump), ...suffix]) hash.update(part)
    const bytes = hash.digest()
    if (!isOnCurve(bytes)) return encodeAddress(bytes)
  }
  throw new TypeError('no token account can be derived')
}, seen)

/** Of the addresses that are on the curve, also those of small order are somebody else's to derive. */
function isOnCurve(bytes: Uint8Array): boolean {
  try {
    ed25519.ExtendedPoint.fromHex(bytes)
    return true
  } catch {
    return false
  }
}

function readAddress(text: string): Uint8Array {
  const bytes = decode32(text)
  if (bytes) return bytes
  throw new TypeError('an address is not 32 bytes in base58')
}
