import { keccak_256 } from '@noble/hashes/sha3'
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils'
import { memoize } from '../lib/memo.js'
import { encodeWord, isHex } from './abi.js'
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
  /** Absent where the contract's own domain has none, as Permit2's. */
  readonly version?: string | undefined
  readonly chainId: number
  /** Absent of what no contract takes. */
  readonly verifyingContract?: Hex | undefined
}

const domainFields: readonly TypedDataField[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]

/** Adds the type of the domain, without which some wallets and custody services sign nothing; the hash stays the same. */
export function withDomainType(data: TypedData): TypedData {
  return { ...data, types: { EIP712Domain: fieldsOfDomain(data.domain), ...data.types } }
}

function fieldsOfDomain(domain: TypedDataDomain): readonly TypedDataField[] {
  return domainFields.filter(({ name }) => Reflect.get(domain, name) !== undefined)
}

/** Hashes typed data to the 32 bytes that are signed (EIP-712). */
export function hashTypedData({ domain, types, primaryType, message }: TypedData): Uint8Array {
  return keccak_256(concatBytes(prefix, separatorOf(domain), hashStruct(primaryType, message, types)))
}

const prefix = Uint8Array.of(0x19, 0x01)

type Types = TypedData['types']

/** The hashes of texts that come again and again: of types, and of the names of tokens. */
const hashText = memoize((text) => keccak_256(utf8ToBytes(text)), { max: 256, maxLength: 1024 })

/** A domain's own hash; a token has one domain, whatever is signed in it. */
function separatorOf(domain: TypedDataDomain): Uint8Array {
  const { name, version, chainId, verifyingContract } = domain
  const isHashable =
    typeof name === 'string' &&
    Number.isSafeInteger(chainId) &&
    (verifyingContract === undefined || isHex(verifyingContract, 20))
  if (!isHashable) throw new TypeError('typed data has no usable domain')
  return separators(JSON.stringify([name, version ?? null, chainId, verifyingContract?.toLowerCase() ?? null]))
}

const separators = memoize(
  (text) => {
    const [name, version, chainId, verifyingContract] = JSON.parse(text)
    const domain = {
      name,
      version: version ?? undefined,
      chainId,
      verifyingContract: verifyingContract ?? undefined,
    }
    return hashStruct('EIP712Domain', domain, { EIP712Domain: fieldsOfDomain(domain) })
  },
  { max: 256, maxLength: 1024 },
)

/** Hashes a struct of typed data: its type, then each field as one word. */
export function hashStruct(name: string, value: Readonly<Record<string, unknown>>, types: Types): Uint8Array {
  const fields = fieldsOf(name, types)
  const encoded = new Uint8Array(32 * (fields.length + 1))
  encoded.set(hashText(encodeType(name, types)))
  for (const [index, field] of fields.entries())
    encoded.set(encodeValue(field, value[field.name], types), 32 * (index + 1))
  return keccak_256(encoded)
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
  if (field.type === 'string' && typeof value === 'string') return hashText(value)
  if (field.type === 'bytes32' && isHex(value, 32)) return hexToBytes(value.slice(2))
  if (field.type === 'address' && isHex(value, 20)) return hexToBytes(encodeWord(value).slice(2))
  if (/^uint\d*$/.test(field.type) && (typeof value === 'bigint' || Number.isSafeInteger(value))) {
    return uint(BigInt(value as bigint | number), Number(field.type.slice(4) || 256))
  }
  throw new TypeError(`typed data has no usable ${field.type} at ${field.name}`)
}

function uint(value: bigint, bits: number): Uint8Array {
  if (value < 0n || value >> BigInt(bits)) throw new TypeError(`typed data has a number beyond uint${bits}`)
  return hexToBytes(encodeWord(value).slice(2))
}
