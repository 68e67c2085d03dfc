import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import { base58 } from '@scure/base'

/** What a message moves. */
export type TokenTransfer = {
  /** SHA-256 of the message, in hex. */
  readonly hash: string
  readonly blockhash: string
  readonly source: string
  readonly mint: string
  readonly destination: string
  readonly payer: string
  readonly amount: bigint
  readonly memo: string
}

const transferChecked = 12
const memoProgram = 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr'

/** Reads a transaction of version 0 whose lists are all short; nothing here is shared with the code under test. */
export function readTransfer(transaction: Uint8Array): TokenTransfer {
  return readMessage(transaction.slice(1 + 64 * (transaction[0] ?? 0)))
}

/** Reads a message without its signatures. */
export function readMessage(message: Uint8Array): TokenTransfer {
  let at = 4
  const byte = (): number => message[at++] ?? 0
  const bytes = (length: number): Uint8Array => message.slice(at, (at += length))
  const keys = Array.from({ length: byte() }, () => base58.encode(bytes(32)))
  const blockhash = base58.encode(bytes(32))
  const instructions = Array.from({ length: byte() }, () => {
    const program = keys[byte()]
    const accounts = Array.from({ length: byte() }, () => keys[byte()] ?? '')
    return { program, accounts, data: bytes(byte()) }
  })
  const transfer = instructions.find(({ data, accounts }) => data[0] === transferChecked && accounts.length === 4)
  const [source = '', mint = '', destination = '', payer = ''] = transfer?.accounts ?? []
  const data = transfer?.data ?? new Uint8Array(10)
  const amount = new DataView(data.buffer, data.byteOffset).getBigUint64(1, true)
  const memo = new TextDecoder().decode(instructions.find(({ program }) => program === memoProgram)?.data)
  return { hash: bytesToHex(sha256(message)), blockhash, source, mint, destination, payer, amount, memo }
}

/** Names the block of a slot. */
export function blockhashOf(slot: number): string {
  return base58.encode(sha256(utf8ToBytes(`block ${slot}`)))
}
