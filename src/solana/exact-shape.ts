import { sha256Hex } from '../lib/sha256.js'
import { programs, tokenAccountOf, tokenProgramOf } from './address.js'
import type { Payment } from '../types.js'
import { differenceFrom, memoCall, type Shape, transferChecked } from './shape.js'

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
  return sha256Hex(message)
}

/**
 * Says how a message differs from a transfer, or nothing when its bytes are exactly that: its instructions, its two
 * signers, and no account but those that it takes. It reads the bytes and derives the accounts anew, and shares nothing
 * with what built them.
 */
export function differenceOf(bytes: Uint8Array, transfer: Transfer): string | undefined {
  return differenceFrom(bytes, () => shapeOf(transfer))
}

function shapeOf({ asset, amount, payTo, payer, feePayer, blockhash, memo }: Transfer): Shape {
  const [source, destination] = [tokenAccountOf(payer, asset), tokenAccountOf(payTo, asset)]
  const program = tokenProgramOf(asset)
  const accounts = [source, asset.address, destination, payer]
  return {
    signers: [feePayer, payer],
    writable: [source, destination],
    readonly: [asset.address, programs.computeBudget, program, ...(memo === '' ? [] : [programs.memo])],
    blockhash,
    instructions: [
      { program: programs.computeBudget, accounts: [], data: setLimit },
      { program: programs.computeBudget, accounts: [], data: setPrice },
      { program, accounts, data: transferChecked(amount, asset.decimals) },
      ...(memo === '' ? [] : [memoCall(memo)]),
    ],
  }
}
