import {
  ComputeBudgetProgram,
  PublicKey,
  SystemProgram,
  TransactionInstruction,
  TransactionMessage,
} from '@solana/web3.js'

const memoProgram = new PublicKey('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr')
export const tokenProgram = new PublicKey('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA')
const [source, destination, mint, sponsor] = [1, 2, 3, 4].map((byte) => new PublicKey(new Uint8Array(32).fill(byte)))

type Key = PublicKey | undefined

/** Writes the one instruction that moves tokens in a payment. */
export function transferChecked(
  authority: PublicKey,
  {
    data = [12, 1, 0, 0, 0, 0, 0, 0, 0, 6],
    program = tokenProgram,
    accounts = [source, mint, destination, authority],
  } = {} as {
    readonly data?: readonly number[]
    readonly program?: PublicKey
    readonly accounts?: readonly Key[]
  },
): TransactionInstruction {
  return new TransactionInstruction({
    programId: program,
    keys: accounts.map((pubkey = sponsorKey()) => ({
      pubkey,
      isSigner: pubkey.equals(authority),
      isWritable: pubkey === source || pubkey === destination,
    })),
    data: Buffer.from(data),
  })
}

export function memo(text: string, signers: readonly PublicKey[] = []): TransactionInstruction {
  const keys = signers.map((pubkey) => ({ pubkey, isSigner: true, isWritable: false }))
  return new TransactionInstruction({ programId: memoProgram, keys, data: Buffer.from(text) })
}

export const limit = (): TransactionInstruction => ComputeBudgetProgram.setComputeUnitLimit({ units: 20_000 })
export const price = (microLamports = 1): TransactionInstruction =>
  ComputeBudgetProgram.setComputeUnitPrice({ microLamports })
export const sendLamports = (from: PublicKey): TransactionInstruction =>
  SystemProgram.transfer({ fromPubkey: from, toPubkey: sponsorKey(), lamports: 1 })

/** Who pays the fees of a payment. */
export function sponsorKey(): PublicKey {
  if (!sponsor) throw new Error('no sponsor')
  return sponsor
}

/** Compiles a version 0 message as the official library does. */
export function compile(
  instructions: readonly TransactionInstruction[],
  payerKey: PublicKey = sponsorKey(),
): Uint8Array {
  const recentBlockhash = new PublicKey(new Uint8Array(32).fill(5)).toBase58()
  const message = new TransactionMessage({ payerKey, recentBlockhash, instructions: [...instructions] })
  return message.compileToV0Message().serialize()
}

/** The same message in the form before version 0. */
export function compileLegacy(instructions: readonly TransactionInstruction[]): Uint8Array {
  const recentBlockhash = new PublicKey(new Uint8Array(32).fill(5)).toBase58()
  const message = new TransactionMessage({ payerKey: sponsorKey(), recentBlockhash, instructions: [...instructions] })
  return Uint8Array.from(message.compileToLegacyMessage().serialize())
}
