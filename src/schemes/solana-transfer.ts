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
    const { payer, payTo, asset } = transfer
    const accounts = { source: tokenAccountOf(payer, asset), destination: tokenAccountOf(payTo, asset) }
    return differentAccounts(message, transfer, accounts) ?? differentInstructions(message, transfer, accounts)
  } catch (error) {
    return error instanceof TypeError ? error.message : 'the message cannot be read'
  }
}

type Accounts = { readonly source: string; readonly destination: string }

function differentAccounts(
  message: Message,
  { asset, payer, feePayer, blockhash, memo }: Transfer,
  { source, destination }: Accounts,
): string | undefined {
  const { keys, signers, readonlySigners, readonlyOthers } = message
  const called = [programs.computeBudget, tokenProgramOf(asset), ...(memo === '' ? [] : [programs.memo])]
  const readonly = [asset.address, ...called]
  const isSigned = signers === 2 && readonlySigners === 1 && keys[0] === feePayer && keys[1] === payer
  if (!isSigned) return 'the message is not to be signed by the fee payer and by us'
  if (!isSameSet(keys.slice(2, 4), [source, destination])) return 'the message writes to other accounts'
  if (readonlyOthers !== readonly.length || !isSameSet(keys.slice(4), readonly))
    return 'the message names other accounts'
  return message.blockhash === blockhash ? undefined : 'the message has another blockhash'
}

function differentInstructions(
  { instructions }: Message,
  { asset, payer, amount, memo }: Transfer,
  { source, destination }: Accounts,
): string | undefined {
  const accounts = [source, asset.address, destination, payer]
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
  if (BigInt.asUintN(64, amount) !== amount) throw new TypeError('the amount is beyond 64 bits')
  const data = Uint8Array.of(12, 0, 0, 0, 0, 0, 0, 0, 0, decimals)
  for (let index = 1, rest = amount; rest > 0n; index++, rest >>= 8n) data[index] = Number(rest & 255n)
  return data
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
