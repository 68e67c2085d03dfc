import type { Payment } from 'stipend'
import type { Chain, SignedTransfer } from './chain.ts'
import type { SolanaChain } from './solana-chain.ts'
import { readTransfer } from './solana-message.ts'
import { payeeOf } from './solana-parties.ts'

/** A signed payment: whoever has seen it can execute it as long as its chain takes it. */
export type SignedPayment = {
  /** What its chain takes once: a nonce, or a message. */
  readonly id: string
  /** All that was signed. */
  readonly wire: string
  readonly to: string
  readonly value: bigint
  /**
   * Unix milliseconds until which it surely counts in windows of time. A message of Solana lives by blocks: on a chain that is
   * slow it can be executed later, and then counts in the hour in which it was signed.
   */
  readonly countsUntil: number
  /** Executes it; answers the transaction, unless the chain does not take it. */
  readonly execute: () => string | undefined
  /** Whether its chain could still execute it. */
  readonly canExecute: () => boolean
}

/** Money that moved. */
export type Settlement = Pick<SignedPayment, 'id' | 'to' | 'value'> & {
  /** Unix milliseconds; no later than it counts for. */
  readonly at: number
  readonly isFinal: boolean
}

/** What a payment's request carries. */
export type Payload = { readonly authorization?: SignedTransfer; readonly transaction?: string }

type Chains = { readonly chain: Chain; readonly solana: SolanaChain; readonly now: () => number }

/** Reads what a request carries. */
export function readPayment({ authorization, transaction = '' }: Payload, chains: Chains): SignedPayment {
  return authorization ? readTransferOf(authorization, chains) : readMessageOf(transaction, chains)
}

function readTransferOf(transfer: SignedTransfer, { chain, now }: Chains): SignedPayment {
  const { nonce, to, value, validBefore } = transfer
  const isUsed = (): boolean => chain.movements.some((one) => one.nonce === nonce)
  return {
    id: nonce,
    wire: wireOf(transfer),
    to,
    value: BigInt(value),
    countsUntil: Number.POSITIVE_INFINITY,
    execute: () => (chain.execute(transfer) ? chain.movements.at(-1)?.transaction : undefined),
    canExecute: () => now() / 1000 < Number(validBefore) && !isUsed(),
  }
}

function readMessageOf(transaction: string, { solana }: Chains): SignedPayment {
  const transfer = readTransfer(Buffer.from(transaction, 'base64'))
  return {
    id: transfer.hash,
    wire: transfer.hash,
    to: payeeOf(transfer.destination),
    value: transfer.amount,
    countsUntil: solana.countsUntil(transfer),
    execute: () => (solana.execute(transaction) ? solana.landed.at(-1)?.signature : undefined),
    canExecute: () => solana.takes(transfer),
  }
}

/** Lists all money that has moved, on both chains. */
export function settlementsOf({ chain, solana }: Pick<Chains, 'chain' | 'solana'>): readonly Settlement[] {
  return [
    ...chain.movements.map((one) => ({ ...one, id: one.nonce, isFinal: chain.isFinal(one) })),
    ...solana.landed.map((one) => ({
      id: one.hash,
      to: payeeOf(one.destination),
      value: one.amount,
      at: Math.min(one.at, solana.countsUntil(one)),
      isFinal: solana.isFinal(one),
    })),
  ]
}

/** Answers what a payment's chain takes once. */
export function idOf({ terms }: Pick<Payment, 'terms'>): string {
  return terms.details?.['messageHash'] ?? terms.nonce
}

const fields = ['from', 'to', 'value', 'validAfter', 'validBefore', 'nonce'] as const

/** Writes what is signed, and what is sent, alike. */
export function wireOf(transfer: Readonly<Record<string, unknown>>): string {
  return fields.map((field) => String(transfer[field]).toLowerCase()).join(' ')
}
