import { base58, base64 } from '@scure/base'
import type { Held, Landed } from './bank.ts'
import { RpcError } from './errors.ts'
import { type Instruction, isMemo, isWritable, type Message } from './message.ts'
import { formatAmount, tokenPrograms } from './token.ts'

/** The forms in which a node writes a transaction. */
export type TransactionEncoding = 'json' | 'jsonParsed' | 'base64' | 'base58'

/** Writes a transaction in its block as `getTransaction` has it. */
export function describeTransaction(landed: Landed, encoding: TransactionEncoding, maxVersion: unknown): unknown {
  const { block, message } = landed
  if (message.version !== 'legacy' && typeof maxVersion !== 'number') {
    const hint = 'Please try the request again with the following configuration parameter:'
    throw new RpcError(
      -32015,
      `Transaction version (0) is not supported by the requesting client. ${hint} "maxSupportedTransactionVersion": 0`,
    )
  }
  return {
    slot: block.slot,
    blockTime: block.time,
    transaction: describeBody(landed, encoding),
    meta: describeMeta(landed, encoding),
    ...(typeof maxVersion === 'number' ? { version: message.version } : {}),
  }
}

function describeBody(landed: Landed, encoding: TransactionEncoding): unknown {
  const { transaction, message, wire } = landed
  if (encoding === 'base64') return [base64.encode(wire), encoding]
  if (encoding === 'base58') return [base58.encode(wire), encoding]
  const signatures = Object.values(transaction.signatures).map((bytes) => base58.encode(new Uint8Array(bytes ?? [])))
  const body = encoding === 'json' ? describeMessage(message) : describeParsed(landed)
  return { signatures, message: body }
}

function describeMessage(message: Message): unknown {
  const { header } = message
  return {
    header: {
      numRequiredSignatures: header.numSignerAccounts,
      numReadonlySignedAccounts: header.numReadonlySignerAccounts,
      numReadonlyUnsignedAccounts: header.numReadonlyNonSignerAccounts,
    },
    accountKeys: message.keys,
    recentBlockhash: message.blockhash,
    instructions: message.instructions.map((instruction) => ({
      programIdIndex: instruction.programIndex,
      accounts: instruction.accounts,
      data: base58.encode(instruction.data),
      stackHeight: 1,
    })),
    ...(message.version === 'legacy' ? {} : { addressTableLookups: [] }),
  }
}

function describeParsed({ message }: Landed): unknown {
  return {
    accountKeys: message.keys.map((pubkey, index) => ({
      pubkey,
      signer: index < message.header.numSignerAccounts,
      writable: isWritable(message, index),
      source: 'transaction',
    })),
    recentBlockhash: message.blockhash,
    instructions: message.instructions.map((instruction) => describeInstruction(instruction, message)),
    ...(message.version === 'legacy' ? {} : { addressTableLookups: [] }),
  }
}

/** Parses what payments are made of, transfers and memos; a node leaves what it cannot parse as it is, and so the rest here. */
function describeInstruction(instruction: Instruction, { keys }: Message): unknown {
  const accounts = instruction.accounts.map((index) => keys[index])
  const raw = { programId: instruction.program, stackHeight: 1 }
  if (isMemo(instruction)) return { ...raw, program: 'spl-memo', parsed: new TextDecoder().decode(instruction.data) }
  const program = Object.entries(tokenPrograms).find(([, address]) => address === instruction.program)?.[0]
  if (!program || instruction.data[0] !== 12 || instruction.data.length !== 10) {
    return { ...raw, accounts, data: base58.encode(instruction.data) }
  }
  const [source, mint, destination, authority] = accounts
  const view = new DataView(instruction.data.buffer, instruction.data.byteOffset)
  const tokenAmount = formatAmount(view.getBigUint64(1, true), view.getUint8(9))
  return {
    ...raw,
    program,
    parsed: { type: 'transferChecked', info: { source, mint, destination, authority, tokenAmount } },
  }
}

function describeMeta({ outcome, fee, before, after, message }: Landed, encoding: TransactionEncoding): unknown {
  const inner = outcome.inner.map(({ index, instructions }) => ({
    index,
    instructions: encoding === 'jsonParsed' ? instructions.map((call) => partlyParsed(call, message)) : instructions,
  }))
  return {
    err: outcome.error,
    status: outcome.error === null ? { Ok: null } : { Err: outcome.error },
    fee: Number(fee),
    preBalances: before.map(({ lamports }) => Number(lamports)),
    postBalances: after.map(({ lamports }) => Number(lamports)),
    preTokenBalances: describeTokens(before),
    postTokenBalances: describeTokens(after),
    innerInstructions: inner,
    logMessages: outcome.logs,
    computeUnitsConsumed: outcome.units,
    loadedAddresses: { writable: [], readonly: [] },
    rewards: [],
  }
}

function partlyParsed(call: Landed['outcome']['inner'][number]['instructions'][number], { keys }: Message): unknown {
  const { programIdIndex, accounts, data, stackHeight } = call
  return { programId: keys[programIdIndex], accounts: accounts.map((index) => keys[index]), data, stackHeight }
}

function describeTokens(held: readonly Held[]): readonly unknown[] {
  return held.flatMap(({ tokens }, accountIndex) => {
    if (!tokens) return []
    const { mint, owner, amount, decimals, program } = tokens
    return [
      { accountIndex, mint, owner, programId: tokenPrograms[program], uiTokenAmount: formatAmount(amount, decimals) },
    ]
  })
}
