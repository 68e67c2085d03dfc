import { programs } from './address.js'
import { type Instruction, type Message, readMessage } from './read-message.js'

/** What a message has to consist of, and nothing else. */
export type Shape = {
  /** In this order: the first pays the fee, and the account of any other is not written to. */
  readonly signers: readonly string[]
  /** In any order, as are the next. */
  readonly writable: readonly string[]
  readonly readonly: readonly string[]
  readonly blockhash: string
  readonly instructions: readonly Instruction[]
}

/** Says how the bytes of a message differ from a shape, or nothing when they are exactly that. */
export function differenceFrom(bytes: Uint8Array, describe: () => Shape): string | undefined {
  try {
    const [message, shape] = [readMessage(bytes), describe()]
    return differentAccounts(message, shape) ?? differentInstructions(message, shape)
  } catch (error) {
    return error instanceof TypeError ? error.message : 'the message cannot be read'
  }
}

/** `TransferChecked`: the token program refuses it when the mint has other decimals. */
export function transferChecked(amount: bigint, decimals: number): Uint8Array {
  return Uint8Array.of(12, ...littleEndian(amount), decimals)
}

/** Writes a number as eight bytes, low ones first. */
export function littleEndian(number: bigint): Uint8Array {
  if (BigInt.asUintN(64, number) !== number) throw new TypeError('the amount is beyond 64 bits')
  const bytes = new Uint8Array(8)
  for (let index = 0, rest = number; rest > 0n; index++, rest >>= 8n) bytes[index] = Number(rest & 255n)
  return bytes
}

/** A text that the chain keeps, and that makes two equal transfers two. */
export function memoCall(memo: string): Instruction {
  return { program: programs.memo, accounts: [], data: new TextEncoder().encode(memo) }
}

function differentAccounts(message: Message, shape: Shape): string | undefined {
  const { keys, signers, readonlySigners, readonlyOthers } = message
  const firstOther = shape.signers.length
  const firstReadonly = firstOther + shape.writable.length
  const isSigned =
    signers === firstOther &&
    readonlySigners === firstOther - 1 &&
    shape.signers.every((signer, index) => keys[index] === signer)
  if (!isSigned) return 'the message is to be signed by others'
  if (!isSameSet(keys.slice(firstOther, firstReadonly), shape.writable)) return 'the message writes to other accounts'
  if (readonlyOthers !== shape.readonly.length || !isSameSet(keys.slice(firstReadonly), shape.readonly))
    return 'the message names other accounts'
  return message.blockhash === shape.blockhash ? undefined : 'the message has another blockhash'
}

function differentInstructions({ instructions }: Message, { instructions: expected }: Shape): string | undefined {
  if (instructions.length !== expected.length) return `the message has ${instructions.length} instructions`
  const wrong = expected.findIndex((one, index) => !isSameInstruction(one, instructions[index]))
  return wrong === -1 ? undefined : `instruction ${wrong} of the message is another`
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return (
    some.length === others.length && new Set(some).size === some.length && others.every((one) => some.includes(one))
  )
}

function isSameInstruction(one: Instruction, other: Instruction | undefined): boolean {
  return (
    other !== undefined &&
    one.program === other.program &&
    isSameList(one.accounts, other.accounts) &&
    isSameList(one.data, other.data)
  )
}

function isSameList<item>(some: ArrayLike<item>, others: ArrayLike<item>): boolean {
  if (some.length !== others.length) return false
  for (let index = 0; index < some.length; index++) if (some[index] !== others[index]) return false
  return true
}
