import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex } from '@noble/hashes/utils'
import { programs, tokenAccountOf, tokenProgramOf } from '../svm/address.js'
import { type Instruction, type Message, readMessage } from '../svm/message.js'
import type { Payment } from '../types.js'

/** A payment as the chain will see it: everything that its message says. */
export type Transfer = Pick<Payment, 'asset' | 'amount' | 'payTo'> & {
  readonly payer: string
  readonly feePayer: string
  readonly blockhash: string
  /** Empty: there is none. */
  readonly memo: string
}

/** `SetComputeUnitLimit` of 20,000 and `SetComputeUnitPrice` of one micro-lamport, whatever anyone asks for. */
const setLimit = Uint8Array.of(2, 0x20, 0x4e, 0, 0)
const setPrice = Uint8Array.of(3, 1, 0, 0, 0, 0, 0, 0, 0)

/**
 * Reads the transfer out of a recorded payment.
 *
 * @throws TypeError when the record does not have it.
 */
export function transferOf({ asset, amount, payTo, terms }: Payment): Transfer {
  const { feePayer, blockhash, memo } = terms.details ?? {}
  if (feePayer === undefined || blockhash === undefined || memo === undefined) {
    throw new TypeError('the payment is not one of this scheme')
  }
  return { asset, amount, payTo, payer: terms.payer, feePayer, blockhash, memo }
}

/** Names a message: validators take one of the same name once, whoever pays its fee. */
export function messageHash(message: Uint8Array): string {
  return bytesToHex(sha256(message))
}

/**
 * Says how a message differs from a transfer, or nothing when its bytes are exactly that: its instructions, its two
 * signers, and no account but those that it takes. It reads the bytes and derives the accounts anew, and shares nothing
 * with what built them.
 */
export function differenceOf(bytes: Uint8Array, transfer: Transfer): string | undefined {
  try {
    const message = readMessage(bytes)
    return differentAccounts(message, transfer) ?? differentInstructions(message, transfer)
  } catch (error) {
    return error instanceof TypeError ? error.message : 'the message cannot be read'
  }
}

function differentAccounts(
  message: Message,
  { asset, payer, payTo, feePayer, blockhash, memo }: Transfer,
): string | undefined {
  const { keys, signers, readonlySigners, readonlyOthers } = message
  const writable = [tokenAccountOf(payer, asset), tokenAccountOf(payTo, asset)]
  const called = [programs.computeBudget, tokenProgramOf(asset), ...(memo === '' ? [] : [programs.memo])]
  const readonly = [asset.address, ...called]
  const isSigned = signers === 2 && readonlySigners === 1 && keys[0] === feePayer && keys[1] === payer
  if (!isSigned) return 'the message is not to be signed by the fee payer and by us'
  if (!isSameSet(keys.slice(2, 4), writable)) return 'the message writes to other accounts'
  if (readonlyOthers !== readonly.length || !isSameSet(keys.slice(4), readonly))
    return 'the message names other accounts'
  return message.blockhash === blockhash ? undefined : 'the message has another blockhash'
}

function differentInstructions({ instructions }: Message, transfer: Transfer): string | undefined {
  const { asset, payer, payTo, amount, memo } = transfer
  const accounts = [tokenAccountOf(payer, asset), asset.address, tokenAccountOf(payTo, asset), payer]
  const expected: readonly Instruction[] = [
    { program: programs.computeBudget, accounts: [], data: setLimit },
    { program: programs.computeBudget, accounts: [], data: setPrice },
    { program: tokenProgramOf(asset), accounts, data: transferData(amount, asset.decimals) },
    ...(memo === '' ? [] : [{ program: programs.memo, accounts: [], data: new TextEncoder().encode(memo) }]),
  ]
  if (instructions.length !== expected.length) return `the message has ${instructions.length} instructions`
  const wrong = expected.findIndex((one, index) => !isSameInstruction(one, instructions[index]))
  return wrong === -1 ? undefined : `instruction ${wrong} of the message is another`
}

/** `TransferChecked`: the token program refuses it when the mint has other decimals. */
function transferData(amount: bigint, decimals: number): Uint8Array {
  return Uint8Array.of(12, ...littleEndian(amount, 8), decimals)
}

/**
 * Writes a number in little endian.
 *
 * @throws TypeError when it does not fit.
 */
function littleEndian(value: bigint, bytes: number): Uint8Array {
  if (value < 0n || value >> BigInt(bytes * 8)) throw new TypeError(`a number is beyond ${bytes} bytes`)
  return Uint8Array.from({ length: bytes }, (_, index) => Number((value >> BigInt(index * 8)) & 255n))
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
    isSameList([...one.data], [...other.data])
  )
}

function isSameList<item>(some: readonly item[], others: readonly item[]): boolean {
  return some.length === others.length && some.every((item, index) => item === others[index])
}
