import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519'
import { base58, base64 } from '@scure/base'
import {
  type Address,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  type SignatureBytes,
  type Transaction,
} from '@solana/kit'
import { RpcError } from './errors.ts'

/** One instruction; the numbers are places in the message's keys. */
export type Instruction = {
  readonly program: Address
  readonly programIndex: number
  readonly accounts: readonly number[]
  readonly data: Uint8Array
}

/** What a transaction says, signed or not. */
export type Message = {
  readonly version: 'legacy' | 0
  readonly header: {
    readonly numSignerAccounts: number
    readonly numReadonlySignerAccounts: number
    readonly numReadonlyNonSignerAccounts: number
  }
  readonly keys: readonly Address[]
  readonly blockhash: string
  readonly instructions: readonly Instruction[]
  /** What makes it the same transaction to validators, whatever the signatures. */
  readonly id: string
}

/** A transaction, as it came over the wire. */
export type Signed = {
  readonly transaction: Transaction
  readonly message: Message
  readonly wire: Uint8Array
  /** The first signature, which is the transaction's name; without one, base58 of zeros. */
  readonly signature: string
}

const computeBudget = 'ComputeBudget111111111111111111111111111111'
const memos: readonly string[] = [
  'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
  'Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo',
]
const maxTransactionBytes = 1232
const lamportsPerSignature = 5000n
const noSignature = new Uint8Array(64)

/** Reads bytes in an encoding of the wire. */
export function readBytes(text: unknown, encoding: unknown): Uint8Array {
  if (typeof text !== 'string') throw new RpcError(-32602, 'invalid type: expected a string')
  try {
    return encoding === 'base64' ? base64.decode(text) : base58.decode(text)
  } catch {
    throw new RpcError(-32602, `invalid ${String(encoding)} encoding`)
  }
}

/** Reads a transaction from the bytes of the wire. */
export function readTransaction(wire: Uint8Array): Signed {
  if (wire.length > maxTransactionBytes) throw new RpcError(-32602, `too large: ${wire.length} bytes`)
  try {
    const transaction = getTransactionDecoder().decode(wire)
    const [name] = Object.values(transaction.signatures)
    return {
      transaction,
      message: readMessage(new Uint8Array(transaction.messageBytes)),
      wire,
      signature: base58.encode(new Uint8Array(name ?? noSignature)),
    }
  } catch (error) {
    throw error instanceof RpcError ? error : new RpcError(-32602, `failed to deserialize: ${String(error)}`)
  }
}

/** Reads a message from its bytes. */
export function readMessage(bytes: Uint8Array): Message {
  const compiled = getCompiledTransactionMessageDecoder().decode(bytes)
  if (compiled.version === 1) throw new RpcError(-32602, 'unsupported transaction version')
  const keys = compiled.staticAccounts
  return {
    version: compiled.version,
    header: compiled.header,
    keys,
    blockhash: compiled.lifetimeToken,
    instructions: compiled.instructions.map(({ programAddressIndex, accountIndices = [], data }) => ({
      program: keys[programAddressIndex] ?? (computeBudget as Address),
      programIndex: programAddressIndex,
      accounts: accountIndices,
      data: new Uint8Array(data ?? []),
    })),
    id: createHash('sha256').update(bytes).digest('hex'),
  }
}

/** Says whether every signature is there, good or not. */
export function isSigned({ transaction }: Signed): boolean {
  return Object.values(transaction.signatures).every((signature) => signature !== null)
}

/** Says whether every signature is its key's. */
export function verifies({ transaction }: Signed): boolean {
  const { messageBytes, signatures } = transaction
  return Object.entries(signatures).every(
    ([key, signature]) =>
      signature && ed25519.verify(new Uint8Array(signature), new Uint8Array(messageBytes), base58.decode(key)),
  )
}

/** Empties the signatures: the engine refuses missing ones, and takes zeros where it does not check them. */
export function withoutSignatures({ transaction }: Signed): Transaction {
  const signatures = Object.keys(transaction.signatures).map((key) => [key, noSignature as SignatureBytes])
  return { ...transaction, signatures: Object.fromEntries(signatures) as Transaction['signatures'] }
}

export function isWritable({ header, keys }: Message, index: number): boolean {
  const { numSignerAccounts, numReadonlySignerAccounts, numReadonlyNonSignerAccounts } = header
  if (index < numSignerAccounts) return index < numSignerAccounts - numReadonlySignerAccounts
  return index < keys.length - numReadonlyNonSignerAccounts
}

/** Works out the fee in lamports: of the signatures, and of the compute units at their price. */
export function feeOf({ header, instructions }: Message): bigint {
  const budget = instructions.filter(({ program }) => program === computeBudget)
  const limit = budget.find(({ data }) => data[0] === 2)
  const price = budget.find(({ data }) => data[0] === 3)
  const units = limit ? view(limit).getUint32(1, true) : 200_000 * (instructions.length - budget.length)
  const microLamports = price ? view(price).getBigUint64(1, true) * BigInt(Math.min(units, 1_400_000)) : 0n
  return BigInt(header.numSignerAccounts) * lamportsPerSignature + (microLamports + 999_999n) / 1_000_000n
}

/** Reads the memos as the wire lists them: each with its length in bytes. */
export function memoOf({ instructions }: Message): string | null {
  const texts = instructions.filter(isMemo).map(({ data }) => `[${data.length}] ${new TextDecoder().decode(data)}`)
  return texts.length > 0 ? texts.join('; ') : null
}

export function isMemo({ program }: Instruction): boolean {
  return memos.includes(program)
}

function view({ data }: Instruction): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength)
}
