import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import { ConfigurationError } from '../errors.js'
import type { Hex } from '../types.js'
import { encodeBytes, encodeWord, isHex } from './abi.js'
import { parseAddress } from './address.js'

/** A parameter of a function, as ABIs in JSON describe it. */
export type AbiParameter = {
  readonly type: string
  readonly name: string
  readonly components: readonly AbiParameter[]
}

/** An argument, read: numbers are bigints, addresses are in their own spelling, lists and structs are lists. */
export type Argument = bigint | boolean | string | readonly Argument[]

/** An argument as it is read, and as a call has it. */
export type EncodedArgument = { readonly argument: Argument; readonly hex: string; readonly isDynamic: boolean }

const maxItems = 256
const maxTextLength = 1024
const word = 64

/**
 * Reads the parameters of a function, as an ABI in JSON has them.
 *
 * @throws ConfigurationError when one is of a type that is not encoded: bytes of any length could be another call.
 */
export function readParameters(inputs: unknown): readonly AbiParameter[] {
  if (!Array.isArray(inputs)) throw new ConfigurationError('Failed to read an ABI: a function has no list of inputs')
  return Object.freeze(
    inputs.map((one: unknown) => {
      const { type, name = '', components } = Object(one)
      const isStruct = /^tuple(\[|$)/.test(String(type))
      const own = { type: String(type), name: String(name), components: isStruct ? readParameters(components) : [] }
      typeOf(own)
      return Object.freeze(own)
    }),
  )
}

/** Writes a function's signature, such as `deposit(uint256,address)`. */
export function signatureOf(name: string, inputs: readonly AbiParameter[]): string {
  return `${name}(${inputs.map(typeOf).join(',')})`
}

/** The first four bytes of a signature's hash. */
export function selectorOf(signature: string): Hex {
  return `0x${bytesToHex(keccak_256(utf8ToBytes(signature)).slice(0, 4))}`
}

function typeOf(parameter: AbiParameter): string {
  const { type, components } = parameter
  const array = arrayOf(parameter)
  if (array) return `${typeOf(array.item)}[${array.count ?? ''}]`
  if (type === 'tuple' && components.length > 0) return `(${components.map(typeOf).join(',')})`
  if (/^(address|bool|string)$/.test(type) || integerOf(type) || bytesOf(type) !== undefined) return type
  throw new ConfigurationError(`Failed to read an ABI: arguments of the type ${String(type)} are not encoded`)
}

/** What reads arguments: which addresses they may have. */
export type ArgumentReader = { readonly readAddress: (address: string) => string }

/**
 * Reads and encodes the arguments of a call, one for each parameter.
 *
 * @throws ConfigurationError naming the first that is not of its type.
 */
export function encodeArguments(
  parameters: readonly AbiParameter[],
  values: unknown,
  reader: ArgumentReader,
  path = 'args',
): EncodedArgument {
  const list = listOf(parameters, values)
  if (list?.length !== parameters.length) throw failed(path, `expected ${parameters.length} of them`)
  return join(
    parameters.map((parameter, index) => encode(parameter, list[index], reader, `${path}[${parameter.name || index}]`)),
  )
}

/** A struct is a list, or has its fields by their names. */
function listOf(parameters: readonly AbiParameter[], values: unknown): readonly unknown[] | undefined {
  if (Array.isArray(values)) return values
  if (typeof values !== 'object' || values === null) return undefined
  const own = new Map<string, unknown>(Object.entries(values))
  const isWhole = own.size === parameters.length && parameters.every(({ name }) => own.has(name))
  return isWhole ? parameters.map(({ name }) => own.get(name)) : undefined
}

function encode(parameter: AbiParameter, value: unknown, reader: ArgumentReader, path: string): EncodedArgument {
  const { type, components } = parameter
  const array = arrayOf(parameter)
  if (!array)
    return type === 'tuple' ? encodeArguments(components, value, reader, path) : encodeOne(type, value, reader, path)
  const { item, count } = array
  const isList = Array.isArray(value) && value.length <= maxItems && (count === undefined || value.length === count)
  if (!isList) throw failed(path, `expected a list of ${count ?? `at most ${maxItems}`}`)
  const items = join(value.map((one, index) => encode(item, one, reader, `${path}[${index}]`)))
  if (count !== undefined) return items
  return { ...items, hex: encodeWord(BigInt(value.length)).slice(2) + items.hex, isDynamic: true }
}

function encodeOne(type: string, value: unknown, { readAddress }: ArgumentReader, path: string): EncodedArgument {
  if (type === 'string') {
    if (typeof value !== 'string' || value.length > maxTextLength) throw failed(path, 'expected a text')
    return { argument: value, hex: encodeBytes(`0x${bytesToHex(utf8ToBytes(value))}`), isDynamic: true }
  }
  if (type === 'address') {
    const address = typeof value === 'string' ? parseAddress(value) : undefined
    if (!address) throw failed(path, 'expected an address')
    const read = readAddress(address)
    return { argument: read, hex: encodeWord(read).slice(2), isDynamic: false }
  }
  if (type === 'bool') {
    if (typeof value !== 'boolean') throw failed(path, 'expected true or false')
    return { argument: value, hex: encodeWord(value ? 1n : 0n).slice(2), isDynamic: false }
  }
  const bytes = bytesOf(type)
  if (bytes === undefined) return encodeInteger(type, value, path)
  if (!isHex(value, bytes)) throw failed(path, `expected ${bytes} bytes in hex`)
  return { argument: value, hex: value.slice(2).toLowerCase().padEnd(word, '0'), isDynamic: false }
}

function encodeInteger(type: string, value: unknown, path: string): EncodedArgument {
  const { isSigned, bits } = integerOf(type) ?? unreachable(type)
  const isWritten = typeof value === 'string' && /^(0|-?[1-9]\d{0,77})$/.test(value)
  const number = typeof value === 'bigint' ? value : isWritten ? BigInt(String(value)) : undefined
  const range = 1n << BigInt(isSigned ? bits - 1 : bits)
  if (number === undefined || number >= range || number < (isSigned ? -range : 0n)) {
    throw failed(path, `expected a bigint, or its digits, within ${type}`)
  }
  const twos = number < 0n ? (1n << 256n) + number : number
  return { argument: number, hex: encodeWord(twos).slice(2), isDynamic: false }
}

/** Those of no fixed length stand behind the others, which say where. */
function join(parts: readonly EncodedArgument[]): EncodedArgument {
  const headLength = parts.reduce((sum, { hex, isDynamic }) => sum + (isDynamic ? word : hex.length), 0)
  let [heads, tails] = ['', '']
  for (const { hex, isDynamic } of parts) {
    heads += isDynamic ? encodeWord(BigInt((headLength + tails.length) / 2)).slice(2) : hex
    if (isDynamic) tails += hex
  }
  const argument = parts.map((one) => one.argument)
  return { argument, hex: heads + tails, isDynamic: parts.some(({ isDynamic }) => isDynamic) }
}

function arrayOf(
  parameter: AbiParameter,
): { readonly item: AbiParameter; readonly count: number | undefined } | undefined {
  const [, type, count] = /^(.+)\[((?:[1-9]\d{0,2})?)\]$/.exec(parameter.type) ?? []
  return type === undefined ? undefined : { item: { ...parameter, type }, count: count ? Number(count) : undefined }
}

function integerOf(type: string): { readonly isSigned: boolean; readonly bits: number } | undefined {
  const [, sign, digits] = /^(u?)int([1-9]\d{0,2})$/.exec(type) ?? []
  const bits = Number(digits)
  return bits <= 256 && bits % 8 === 0 ? { isSigned: sign === '', bits } : undefined
}

function bytesOf(type: string): number | undefined {
  const bytes = Number(/^bytes([1-9]\d?)$/.exec(type)?.[1])
  return bytes <= 32 ? bytes : undefined
}

function failed(path: string, reason: string): ConfigurationError {
  return new ConfigurationError(`Failed to read ${path}: ${reason}`)
}

function unreachable(type: string): never {
  throw new TypeError(`an ABI was read with a type that is not encoded: ${type}`)
}
