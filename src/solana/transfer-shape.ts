import { programs, tokenAccountOf, tokenProgramOf } from './address.js'
import type { Instruction } from './read-message.js'
import type { Asset, Payment } from '../types.js'
import { differenceFrom, littleEndian, memoCall, type Shape, transferChecked } from './shape.js'

/** A transfer of the owner's own accord, whose payer pays the fee too: everything that its message says. */
export type OwnTransfer = Pick<Payment, 'asset' | 'amount' | 'payTo'> & {
  readonly payer: string
  readonly blockhash: string
  readonly memo: string
  /** Micro-lamports for a compute unit. */
  readonly unitPrice: bigint
}

/** How many compute units a transfer may use: several times of what it takes. */
export const unitLimit = 20_000n
const lamportsPerSignature = 5000n

/** Works out the most that a transfer costs its payer besides the amount, in lamports. */
export function feeOf({ unitPrice }: Pick<OwnTransfer, 'unitPrice'>): bigint {
  return lamportsPerSignature + (unitPrice * unitLimit + 999_999n) / 1_000_000n
}

/**
 * Reads the transfer out of a recorded payment.
 *
 * @throws TypeError when the record does not have it.
 */
export function ownTransferOf({ asset, amount, payTo, terms }: Payment): OwnTransfer {
  const { blockhash, memo, unitPrice = '' } = terms.details ?? {}
  if (blockhash === undefined || memo === undefined || !/^\d{1,19}$/.test(unitPrice)) {
    throw new TypeError('the payment is not a transfer on Solana')
  }
  return { asset, amount, payTo, payer: terms.payer, blockhash, memo, unitPrice: BigInt(unitPrice) }
}

/** Answers the accounts that a transfer writes to: those that hold the token, or the wallets themselves. */
export function accountsOf({ payer, payTo, asset }: Pick<OwnTransfer, 'payer' | 'payTo' | 'asset'>): {
  readonly source: string
  readonly destination: string
} {
  if (isNative(asset)) return { source: payer, destination: payTo }
  return { source: tokenAccountOf(payer, asset), destination: tokenAccountOf(payTo, asset) }
}

/** Tells whether an asset is the chain's own coin. */
export function isNative({ transfer }: Pick<Asset, 'transfer'>): boolean {
  return transfer === 'native'
}

/**
 * Says how a message differs from a transfer, or nothing when its bytes are exactly that: one signer, the two prices of
 * computation, one transfer and its memo. It shares nothing with what built them.
 */
export function differenceOfOwn(bytes: Uint8Array, transfer: OwnTransfer): string | undefined {
  return differenceFrom(bytes, () => (isNative(transfer.asset) ? shapeOfCoin(transfer) : shapeOfToken(transfer)))
}

function shapeOfCoin({ payer, payTo, amount, blockhash, memo, unitPrice }: OwnTransfer): Shape {
  const data = Uint8Array.of(2, 0, 0, 0, ...littleEndian(amount))
  return {
    signers: [payer],
    writable: [payTo],
    readonly: [programs.system, programs.computeBudget, programs.memo],
    blockhash,
    instructions: [
      ...budgetOf(unitPrice),
      { program: programs.system, accounts: [payer, payTo], data },
      memoCall(memo),
    ],
  }
}

function shapeOfToken(transfer: OwnTransfer): Shape {
  const { payer, asset, amount, blockhash, memo, unitPrice } = transfer
  const { source, destination } = accountsOf(transfer)
  const program = tokenProgramOf(asset)
  const accounts = [source, asset.address, destination, payer]
  return {
    signers: [payer],
    writable: [source, destination],
    readonly: [asset.address, program, programs.computeBudget, programs.memo],
    blockhash,
    instructions: [
      ...budgetOf(unitPrice),
      { program, accounts, data: transferChecked(amount, asset.decimals) },
      memoCall(memo),
    ],
  }
}

/** `SetComputeUnitLimit` and `SetComputeUnitPrice`: together they say what the fee can be. */
function budgetOf(unitPrice: bigint): readonly Instruction[] {
  const limit = Uint8Array.of(2, ...littleEndian(unitLimit).subarray(0, 4))
  const price = Uint8Array.of(3, ...littleEndian(unitPrice))
  return [limit, price].map((data) => ({ program: programs.computeBudget, accounts: [], data }))
}
