import { type Address, type EncodedAccount, type MaybeEncodedAccount, type Transaction } from '@solana/kit'
import { Clock, FailedTransactionMetadata, LiteSVM, type TransactionMetadata } from 'litesvm'
import { base58 } from '@scure/base'
import type { Block, Blocks, Commitment } from './blocks.ts'
import { describeError } from './errors.ts'
import { feeOf, isSigned, type Signed, withoutSignatures } from './message.ts'
import { readMint, readTokenAccount, type TokenAccount } from './token.ts'

/** What running a transaction came to. */
export type Outcome = {
  /** As on the wire; null if it went well. */
  readonly error: unknown
  readonly logs: readonly string[]
  readonly units: number
  readonly inner: readonly InnerInstructions[]
}

/** The instructions that one instruction called. */
export type InnerInstructions = {
  readonly index: number
  readonly instructions: readonly {
    readonly programIdIndex: number
    readonly accounts: readonly number[]
    readonly data: string
    readonly stackHeight: number
  }[]
}

/** What an account of a transaction had at one moment. */
export type Held = { readonly lamports: bigint; readonly tokens: (TokenAccount & { decimals: number }) | undefined }

/** A transaction in a block, whether it went well or only paid its fee. */
export type Landed = Signed & {
  readonly block: Block
  readonly outcome: Outcome
  readonly fee: bigint
  /** By the message's keys. */
  readonly before: readonly Held[]
  readonly after: readonly Held[]
}

/** The accounts, and what changes them. */
export type Bank = {
  readonly svm: LiteSVM
  /** Reads an account as it was in the newest block of a commitment. */
  readonly read: (address: Address, commitment: Commitment) => EncodedAccount | undefined
  /** Puts a transaction into the newest block; a validator would drop what gets none. */
  readonly land: (signed: Signed) => Landed | undefined
  /** Says why no block takes a transaction, without running it; nothing if one may. */
  readonly refusal: (signed: Signed, commitment: Commitment) => string | undefined
  /** Runs a transaction without a trace, and without a look at its signatures. */
  readonly simulate: (signed: Signed) => Outcome
  /** Sets the engine's clock to the newest block. */
  readonly followClock: () => void
}

type Change = { readonly slot: number; readonly before: MaybeEncodedAccount }

/** What accounts were before the transactions that named them. */
type Journal = Pick<Bank, 'read'> & { readonly record: (before: readonly MaybeEncodedAccount[]) => void }

const slotsPerEpoch = 432_000
/** By default the engine forgets all but 32, and takes the others again. */
const engineHistory = 1_000_000n

/** Creates the accounts of a chain: what litesvm has built in, and nothing else. */
export function createBank(blocks: Blocks): Bank {
  // The engine takes the latest blockhash only; the blocks of this chain are checked here.
  const svm = new LiteSVM().withBlockhashCheck(false).withTransactionHistory(engineHistory)
  const journal = createJournal(svm, blocks)
  /** What validators know a transaction by is its message; the engine knows it by its first signature. */
  const landed = new Set<string>()

  const bank: Bank = {
    svm,
    read: journal.read,
    land(signed) {
      const { message, transaction } = signed
      if (landed.has(message.id) || !blocks.canLand(message.blockhash) || !isSigned(signed)) return undefined
      const accounts = message.keys.map((key) => svm.getAccount(key))
      const before = message.keys.map((key) => hold(svm, key))
      const outcome = describe(svm.sendTransaction(transaction))
      const after = message.keys.map((key) => hold(svm, key))
      // Whatever is in a block has paid its fee.
      if (outcome.error !== null && before[0]?.lamports === after[0]?.lamports) return undefined
      landed.add(message.id)
      journal.record(accounts)
      return { ...signed, block: blocks.at('processed'), outcome, fee: feeOf(message), before, after }
    },
    refusal({ message }, commitment) {
      if (!blocks.canSimulate(message.blockhash, commitment)) return 'BlockhashNotFound'
      return landed.has(message.id) ? 'AlreadyProcessed' : undefined
    },
    simulate: (signed) => simulate(svm, withoutSignatures(signed)),
    followClock: () => setClock(svm, blocks.at('processed')),
  }
  bank.followClock()
  return bank
}

function createJournal(svm: LiteSVM, blocks: Blocks): Journal {
  const changes = new Map<Address, Change[]>()
  return {
    read(address, commitment) {
      const { slot } = blocks.at(commitment)
      const undone = changes.get(address)?.find((change) => change.slot > slot)
      const account = undone?.before ?? svm.getAccount(address)
      return account.exists ? account : undefined
    },
    record(accounts) {
      const { slot } = blocks.at('processed')
      for (const before of accounts) {
        changes.set(before.address, [...(changes.get(before.address) ?? []), { slot, before }])
      }
    },
  }
}

function simulate(svm: LiteSVM, transaction: Transaction): Outcome {
  svm.withSigverify(false)
  try {
    const result = svm.simulateTransaction(transaction)
    return describe(result instanceof FailedTransactionMetadata ? result : result.meta())
  } finally {
    svm.withSigverify(true)
  }
}

function describe(result: TransactionMetadata | FailedTransactionMetadata): Outcome {
  const failed = result instanceof FailedTransactionMetadata
  const meta = failed ? result.meta() : result
  return {
    error: failed ? describeError(result.err()) : null,
    logs: meta.logs(),
    units: Number(meta.computeUnitsConsumed()),
    inner: describeInner(meta),
  }
}

function describeInner(meta: TransactionMetadata): readonly InnerInstructions[] {
  return meta
    .innerInstructions()
    .map((calls, index) => ({
      index,
      instructions: calls.map((call) => ({
        programIdIndex: call.instruction().programIdIndex(),
        accounts: [...call.instruction().accounts()],
        data: base58.encode(call.instruction().data()),
        stackHeight: call.stackHeight(),
      })),
    }))
    .filter(({ instructions }) => instructions.length > 0)
}

function hold(svm: LiteSVM, address: Address): Held {
  const account = svm.getAccount(address)
  if (!account.exists) return { lamports: 0n, tokens: undefined }
  const tokens = readTokenAccount(account)
  const mint = tokens && svm.getAccount(tokens.mint)
  const decimals = readMint(mint?.exists ? mint : undefined)?.decimals ?? 0
  return { lamports: account.lamports, tokens: tokens && { ...tokens, decimals } }
}

function setClock(svm: LiteSVM, { slot, time }: Block): void {
  const epoch = BigInt(Math.floor(slot / slotsPerEpoch))
  svm.setClock(new Clock(BigInt(slot), BigInt(time), epoch, epoch + 1n, BigInt(time)))
}
