import { concatBytes, utf8ToBytes } from '@noble/hashes/utils'
import { decode32, programs, tokenProgramOf } from './address.js'
import { accountsOf, isNative, type OwnTransfer, unitLimit } from './transfer-shape.js'

/**
 * Writes the message of a transfer whose payer pays the fee: of version 0, without tables of accounts. Whoever signs it
 * reads it again first.
 *
 * @throws TypeError when an address is none.
 */
export function buildOwnMessage(transfer: OwnTransfer): Uint8Array {
  const { payer, asset, blockhash, memo } = transfer
  const { source, destination } = accountsOf(transfer)
  const isCoin = isNative(asset)
  const written = isCoin ? [payer, destination] : [payer, source, destination]
  const mint = isCoin ? [] : [asset.address]
  const program = isCoin ? programs.system : tokenProgramOf(asset)
  const keys = [...written, ...mint, program, programs.computeBudget, programs.memo]
  const call = (called: string, accounts: readonly string[], data: Uint8Array): Uint8Array =>
    concatBytes(
      Uint8Array.of(keys.indexOf(called), accounts.length, ...accounts.map((account) => keys.indexOf(account))),
      lengthOf(data),
      data,
    )
  const calls = [
    call(programs.computeBudget, [], limitData()),
    call(programs.computeBudget, [], priceData(transfer)),
    isCoin
      ? call(program, [payer, destination], transferData(transfer))
      : call(program, [source, asset.address, destination, payer], checkedData(transfer)),
    call(programs.memo, [], utf8ToBytes(memo)),
  ]
  return concatBytes(
    Uint8Array.of(0x80, 1, 0, keys.length - written.length, keys.length),
    ...keys.map(read32),
    read32(blockhash),
    Uint8Array.of(calls.length),
    ...calls,
    Uint8Array.of(0),
  )
}

/** `SetComputeUnitLimit`. */
function limitData(): Uint8Array {
  return write(5, (view) => {
    view.setUint8(0, 2)
    view.setUint32(1, Number(unitLimit), true)
  })
}

/** `SetComputeUnitPrice`. */
function priceData({ unitPrice }: OwnTransfer): Uint8Array {
  return write(9, (view) => {
    view.setUint8(0, 3)
    view.setBigUint64(1, unitPrice, true)
  })
}

/** `Transfer` of the system program. */
function transferData({ amount }: OwnTransfer): Uint8Array {
  return write(12, (view) => {
    view.setUint32(0, 2, true)
    view.setBigUint64(4, amount, true)
  })
}

/** `TransferChecked` of a token program. */
function checkedData({ amount, asset }: OwnTransfer): Uint8Array {
  return write(10, (view) => {
    view.setUint8(0, 12)
    view.setBigUint64(1, amount, true)
    view.setUint8(9, asset.decimals)
  })
}

function write(length: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length)
  fill(new DataView(bytes.buffer))
  return bytes
}

/** A memo is the longest there is, and its length fits into seven bits. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  throw new TypeError('the memo is too long')
}

function read32(text: string): Uint8Array {
  const bytes = decode32(text)
  if (bytes) return bytes
  throw new TypeError('an address is not 32 bytes in base58')
}
