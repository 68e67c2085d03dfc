import { encodeAddress } from './address.js'

/** A transaction's message, as its bytes say. */
export type Message = {
  /** The accounts that have to sign, then the others; the first pays the fee. */
  readonly keys: readonly string[]
  readonly signers: number
  readonly readonlySigners: number
  readonly readonlyOthers: number
  readonly blockhash: string
  readonly instructions: readonly Instruction[]
}

/** A call of a program. */
export type Instruction = {
  readonly program: string
  readonly accounts: readonly string[]
  readonly data: Uint8Array
}

/** A transaction on the wire: its message, and one signature for each account that has to sign. */
export type Transaction = {
  readonly signatures: readonly Uint8Array[]
  readonly message: Uint8Array
}

/** What no transaction exceeds. */
const maxTransactionBytes = 1232
const signatureBytes = 64

/**
 * Reads a message of version 0 that looks no account up in tables.
 *
 * @throws TypeError for anything else, down to the last byte.
 */
export function readMessage(bytes: Uint8Array): Message {
  const reader = createReader(bytes)
  if (reader.byte() !== 0x80) throw new TypeError('the message is not of version 0')
  const [signers, readonlySigners, readonlyOthers] = [reader.byte(), reader.byte(), reader.byte()]
  const keys = reader.list(() => encodeAddress(reader.bytes(32)))
  const blockhash = encodeAddress(reader.bytes(32))
  const keyAt = (index: number): string => {
    const key = keys[index]
    if (key === undefined) throw new TypeError('the message names an account that it does not list')
    return key
  }
  const instructions = reader.list(() => ({
    program: keyAt(reader.byte()),
    accounts: reader.list(() => keyAt(reader.byte())),
    data: reader.bytes(reader.length()),
  }))
  if (reader.length() !== 0) throw new TypeError('the message looks accounts up in tables')
  reader.end()
  if (signers <= readonlySigners || signers + readonlyOthers > keys.length)
    throw new TypeError('the message’s counts do not fit')
  if (new Set(keys).size !== keys.length) throw new TypeError('the message lists an account twice')
  return { keys, signers, readonlySigners, readonlyOthers, blockhash, instructions }
}

/**
 * Reads a transaction down to its message.
 *
 * @throws TypeError when it is none.
 */
export function readTransaction(bytes: Uint8Array): Transaction {
  const reader = createReader(bytes)
  const signatures = reader.list(() => reader.bytes(signatureBytes))
  return { signatures, message: reader.rest() }
}

/** Writes a transaction with the last of its signatures; whoever has to sign before that has not signed yet. */
export function writeTransaction(message: Uint8Array, signature: Uint8Array, signers: 1 | 2): Uint8Array {
  const bytes = new Uint8Array(1 + signers * signatureBytes + message.length)
  bytes[0] = signers
  bytes.set(signature, 1 + (signers - 1) * signatureBytes)
  bytes.set(message, 1 + signers * signatureBytes)
  return bytes
}

type Reader = {
  readonly byte: () => number
  readonly bytes: (count: number) => Uint8Array
  readonly length: () => number
  readonly list: <item>(read: () => item) => readonly item[]
  readonly rest: () => Uint8Array
  readonly end: () => void
}

function createReader(bytes: Uint8Array): Reader {
  if (bytes.length > maxTransactionBytes) throw new TypeError('the bytes are too many for a transaction')
  let offset = 0
  const take = (count: number): Uint8Array => {
    if (offset + count > bytes.length) throw new TypeError('the bytes end too early')
    offset += count
    return bytes.subarray(offset - count, offset)
  }
  const byte = (): number => take(1)[0] ?? 0
  const length = (): number => readLength(byte)
  return {
    byte,
    bytes: take,
    length,
    list: (read) => Array.from({ length: length() }, read),
    rest: () => take(bytes.length - offset),
    end: () => {
      if (offset !== bytes.length) throw new TypeError('the bytes go on after the end')
    },
  }
}

/** Seven bits a byte, low ones first; only the shortest form of a number is one. */
function readLength(byte: () => number): number {
  const low = byte()
  if (low < 0x80) return low
  const high = byte()
  if (high === 0 || high >= 0x80) throw new TypeError('a length is too large')
  return (low & 0x7f) | (high << 7)
}
