import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils'
import type { Hex } from '../types.js'
import { encodeWord } from './abi.js'
import { selectorOf } from './abi-arguments.js'
import { parseAddress } from './address.js'

/** A signed delegation of MetaMask's framework, read. */
export type SignedDelegation = {
  readonly delegate: Hex
  readonly delegator: Hex
  readonly authority: Hex
  readonly caveats: readonly { readonly enforcer: Hex; readonly terms: Hex }[]
  readonly salt: bigint
  readonly signature: Hex
}

/** What the caveat `erc20PeriodTransfer` lets be moved. */
export type PeriodTerms = {
  readonly token: Hex
  /** In atomic units, in each period. */
  readonly amount: bigint
  readonly seconds: bigint
  /** Unix seconds. */
  readonly start: bigint
}

const types = {
  caveat: 'Caveat(address enforcer,bytes terms)',
  delegation:
    'Delegation(address delegate,address delegator,bytes32 authority,Caveat[] caveats,uint256 salt)Caveat(address enforcer,bytes terms)',
} as const
const selectors = {
  redeem: selectorOf('redeemDelegations(bytes[],bytes32[],bytes[])'),
  available: selectorOf('getAvailableAmount(bytes32,address,bytes)'),
} as const
/** One execution, which reverts where it fails. */
const single = encodeWord(0n)

/** Reads the terms of an `erc20PeriodTransfer`; nothing where they are not of its shape. */
export function readPeriodTerms(terms: Hex): PeriodTerms | undefined {
  const digits = terms.slice(2)
  const token = parseAddress(`0x${digits.slice(0, 40).toLowerCase()}`)
  if (digits.length !== 232 || !token) return undefined
  const [amount = 0n, seconds = 0n, start = 0n] = [0, 1, 2].map((index) =>
    BigInt(`0x${digits.slice(40 + 64 * index, 104 + 64 * index)}`),
  )
  return { token, amount, seconds, start }
}

/** Hashes a delegation as its manager knows it. */
export function hashDelegation({ delegate, delegator, authority, caveats, salt }: SignedDelegation): Hex {
  const hashes = caveats.map(({ enforcer, terms }) => hashWords(hashText(types.caveat), enforcer, hashHex(terms)))
  const all = hashHex(`0x${hashes.map((one) => one.slice(2)).join('')}`)
  return hashWords(hashText(types.delegation), delegate, delegator, authority, all, salt)
}

/** Encodes the question how much of a period is left, for the enforcer of its caveat. */
export function encodeAvailable(delegation: SignedDelegation, manager: Hex, terms: Hex): Hex {
  return `${selectors.available}${encodeValues([hashDelegation(delegation), manager, { bytes: terms }])}`
}

/** Encodes the redemption of a delegation by one call, made by its delegator's account. */
export function encodeRedemption(
  delegation: SignedDelegation,
  { to, data }: { readonly to: Hex; readonly data: Hex },
): Hex {
  const { delegate, delegator, authority, caveats, salt, signature } = delegation
  const held = caveats.map(
    ({ enforcer, terms }) => ({ values: [enforcer, { bytes: terms }, { bytes: '0x' }] }) as const,
  )
  const signed = { values: [delegate, delegator, authority, { list: held }, salt, { bytes: signature }] } as const
  const context: Hex = `0x${encodeValues([{ list: [signed] }])}`
  const execution: Hex = `0x${to.slice(2)}${encodeWord(0n).slice(2)}${data.slice(2)}`
  const lists = [{ list: [{ bytes: context }] }, { list: [single] }, { list: [{ bytes: execution }] }] as const
  return `${selectors.redeem}${encodeValues(lists)}`.toLowerCase() as Hex
}

/** A word or, of any length, bytes, a list, or a struct that has one of these. */
type Value =
  | bigint
  | Hex
  | { readonly bytes: Hex }
  | { readonly list: readonly Value[] }
  | { readonly values: readonly Value[] }

/** Encodes values one after another: what is of any length stands behind the rest, and in its place where it begins. */
function encodeValues(values: readonly Value[]): string {
  let place = 32 * values.length
  const parts = values.map((value) => {
    if (typeof value !== 'object') return { head: wordOf(value), tail: '' }
    const tail = encodeTail(value)
    const head = wordOf(BigInt(place))
    place += tail.length / 2
    return { head, tail }
  })
  return [...parts.map(({ head }) => head), ...parts.map(({ tail }) => tail)].join('')
}

function encodeTail(value: Extract<Value, object>): string {
  if ('values' in value) return encodeValues(value.values)
  if ('list' in value) return `${wordOf(BigInt(value.list.length))}${encodeValues(value.list)}`
  const digits = value.bytes.slice(2)
  return `${wordOf(BigInt(digits.length / 2))}${digits.padEnd(Math.ceil(digits.length / 64) * 64, '0')}`
}

function wordOf(value: bigint | Hex): string {
  return encodeWord(value).slice(2)
}

function hashWords(...words: readonly (bigint | Hex)[]): Hex {
  return hashHex(`0x${words.map(wordOf).join('')}`)
}

function hashHex(hex: Hex): Hex {
  return `0x${bytesToHex(keccak_256(hexToBytes(hex.slice(2))))}`
}

function hashText(text: string): Hex {
  return `0x${bytesToHex(keccak_256(utf8ToBytes(text)))}`
}
