import { ConfigurationError } from '../errors.js'
import { decode32, programs, tokenProgramOf } from './address.js'
import type { Transfer } from './exact-shape.js'

/** The part of `@solana/web3.js` that is used, of version 1 or 3; whatever is a promise in one of them is waited for. */
export type Web3 = {
  readonly PublicKey: {
    new (address: string): Web3.Key
    findProgramAddress(seeds: Uint8Array[], program: Web3.Key): Promise<[Web3.Key, number]>
  }
  readonly ComputeBudgetProgram: {
    setComputeUnitLimit(limit: { units: number }): Web3.Instruction
    setComputeUnitPrice(price: { microLamports: number | bigint }): Web3.Instruction
  }
  readonly TransactionInstruction: new (call: {
    keys: { pubkey: Web3.Key; isSigner: boolean; isWritable: boolean }[]
    programId: Web3.Key
    data: Uint8Array
  }) => Web3.Instruction
  readonly TransactionMessage: new (message: {
    payerKey: Web3.Key
    recentBlockhash: string
    instructions: Web3.Instruction[]
  }) => { compileToV0Message(): Web3.Compiled | Promise<Web3.Compiled> }
}

export declare namespace Web3 {
  /** A public key of the library's own. */
  export type Key = { toBytes(): Uint8Array }
  /** An instruction of the library's own. */
  export type Instruction = { readonly programId: Key }
  /** A compiled message. */
  export type Compiled = { serialize(): Uint8Array | Promise<Uint8Array> }
}

/** What a message says; by default at one micro-lamport for a compute unit. */
export type Draft = Transfer & { readonly unitPrice?: bigint | undefined }

/** Writes the message of a transfer. */
export type BuildMessage = (draft: Draft) => Promise<Uint8Array>

/** The library that is installed. */
export const installedWeb3 = (): Promise<Web3> => import('@solana/web3.js') as Promise<unknown> as Promise<Web3>

/** Stands where the blockhash will be. */
const noBlockhash = '1'.repeat(32)
const maxTemplates = 256

/**
 * Creates the builder. A message is compiled once for each payee, price and payer of fees; of the next ones only the
 * blockhash and the memo are new.
 */
export function createBuilder(load: () => Promise<Web3>): BuildMessage {
  const templates = new Map<string, Promise<Uint8Array>>()
  return async (draft) => {
    const memo = new TextEncoder().encode(draft.memo)
    const { payer, feePayer, payTo, asset, amount, unitPrice } = draft
    const { address, transfer, decimals } = asset
    const key = [payer, feePayer, payTo, address, transfer, decimals, amount, unitPrice, memo.length].join(' ')
    if (templates.size >= maxTemplates) templates.clear()
    const template = templates.get(key) ?? compile(await loadWeb3(load), draft, new Uint8Array(memo.length).fill(48))
    templates.set(key, template)
    template.catch(() => templates.delete(key))
    return fill(await template, draft.blockhash, memo)
  }
}

/**
 * Refuses what a library compiled that is not what it was asked for.
 *
 * @throws ConfigurationError when there is a difference.
 */
export function refuseCompiled(difference: string | undefined): void {
  if (difference === undefined) return
  throw new ConfigurationError(`Failed to compile a message with @solana/web3.js: ${difference}; nothing was signed`)
}

async function loadWeb3(load: () => Promise<Web3>): Promise<Web3> {
  try {
    return await load()
  } catch (cause) {
    throw new ConfigurationError('Failed to load @solana/web3.js, which payments on Solana are compiled with', {
      details: ['Install it: npm install @solana/web3.js@^1.98.4'],
      cause,
    })
  }
}

async function compile(web3: Web3, draft: Draft, memo: Uint8Array): Promise<Uint8Array> {
  const { TransactionInstruction, ComputeBudgetProgram, PublicKey, TransactionMessage } = web3
  const isCoin = draft.asset.transfer === 'native'
  const memoCall = { keys: [], programId: new PublicKey(programs.memo), data: memo }
  const message = new TransactionMessage({
    payerKey: new PublicKey(draft.feePayer),
    recentBlockhash: noBlockhash,
    instructions: [
      ComputeBudgetProgram.setComputeUnitLimit({ units: 20_000 }),
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports: draft.unitPrice ?? 1 }),
      isCoin ? coinInstruction(web3, draft) : await tokenInstruction(web3, draft),
      ...(memo.length > 0 ? [new TransactionInstruction(memoCall)] : []),
    ],
  })
  const compiled = await message.compileToV0Message()
  return Uint8Array.from(await compiled.serialize())
}

/** `Transfer` of the system program. */
function coinInstruction(
  { PublicKey, TransactionInstruction }: Web3,
  { amount, payer, payTo }: Draft,
): Web3.Instruction {
  const data = new Uint8Array(12)
  data[0] = 2
  new DataView(data.buffer).setBigUint64(4, amount, true)
  return new TransactionInstruction({
    keys: [
      { pubkey: new PublicKey(payer), isSigner: true, isWritable: true },
      { pubkey: new PublicKey(payTo), isSigner: false, isWritable: true },
    ],
    programId: new PublicKey(programs.system),
    data,
  })
}

/** `TransferChecked` of a token program. */
async function tokenInstruction(web3: Web3, { asset, amount, payer, payTo }: Draft): Promise<Web3.Instruction> {
  const [mint, program, associated] = [asset.address, tokenProgramOf(asset), programs.associatedToken].map(
    (address) => new web3.PublicKey(address),
  ) as [Web3.Key, Web3.Key, Web3.Key]
  const [source, destination] = (await Promise.all(
    [payer, payTo].map(async (owner) => {
      const seeds = [new web3.PublicKey(owner), program, mint].map((key) => Uint8Array.from(key.toBytes()))
      const [account] = await web3.PublicKey.findProgramAddress(seeds, associated)
      return account
    }),
  )) as [Web3.Key, Web3.Key]
  const data = new Uint8Array(10)
  data[0] = 12
  new DataView(data.buffer).setBigUint64(1, amount, true)
  data[9] = asset.decimals
  return new web3.TransactionInstruction({
    keys: [
      { pubkey: source, isSigner: false, isWritable: true },
      { pubkey: mint, isSigner: false, isWritable: false },
      { pubkey: destination, isSigner: false, isWritable: true },
      { pubkey: new web3.PublicKey(payer), isSigner: true, isWritable: false },
    ],
    programId: program,
    data,
  })
}

/** The blockhash follows the accounts, of which the fifth byte says how many; the memo ends the last instruction. */
function fill(template: Uint8Array, blockhash: string, memo: Uint8Array): Uint8Array {
  const message = template.slice()
  const accounts = message[4] ?? 0
  message.set(decode32(blockhash) ?? [], 5 + accounts * 32)
  message.set(memo, message.length - 1 - memo.length)
  return message
}
