import type { Payment } from 'stipend'
import type { SignedPermit } from './allowances.ts'
import type { Chain, SignedTransfer } from './chain.ts'
import type { Lightning } from './lightning.ts'
import { contracts, readPermit2, wireOf } from './permit2.ts'
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
  /** Whether it has failed for good, where a payment can before anybody has executed it. */
  readonly hasFailed?: () => boolean
  /** What proves that the payer signed it, where the chain takes no payment without it. */
  readonly signature?: string | undefined
  /** The permit beside it. */
  readonly permit?: Permit | undefined
}

/** A signed permit: whoever has seen it can hand it in, without the payment beside it. */
export type Permit = {
  readonly signature: string
  readonly submit: () => boolean
  readonly canSubmit: () => boolean
}

/** Money that moved. */
export type Settlement = Pick<SignedPayment, 'id' | 'to' | 'value'> & {
  /** Unix milliseconds; no later than it counts for. */
  readonly at: number
  readonly isFinal: boolean
}

/** What a payment's request carries. */
export type Payload = {
  readonly authorization?: Omit<SignedTransfer, 'contract'>
  readonly permit2Authorization?: Readonly<Record<string, unknown>>
  readonly signature?: string
  readonly transaction?: string
}

type Chains = {
  readonly chain: Chain
  readonly solana: SolanaChain
  readonly now: () => number
  /** Every permit that was signed, by its signature: a token takes no other. */
  readonly permits: ReadonlyMap<string, SignedPermit>
}

/** Reads what a request carries, and the signature of the permit beside it. */
export function readPayment(payload: Payload, permitSignature: string | undefined, chains: Chains): SignedPayment {
  const { authorization, permit2Authorization, signature, transaction = '' } = payload
  if (permit2Authorization) {
    const permit = permitSignature === undefined ? undefined : permitOf(permitSignature, chains)
    return { ...readTransferOf(readPermit2(permit2Authorization), chains, permitSignature), signature, permit }
  }
  if (!authorization) return readMessageOf(transaction, chains)
  return { ...readTransferOf({ ...authorization, contract: contracts.token }, chains), signature }
}

function permitOf(signature: string, { chain, permits }: Chains): Permit {
  const signed = permits.get(signature)
  return {
    signature,
    submit: () => signed !== undefined && chain.permit(signed),
    canSubmit: () => signed !== undefined && chain.takesPermit(signed),
  }
}

function readTransferOf(transfer: SignedTransfer, chains: Chains, permitSignature = ''): SignedPayment {
  const { nonce, to, value, validBefore, contract } = transfer
  const { chain, permits, now } = chains
  const isUsed = (): boolean => chain.movements.some((one) => one.nonce === nonce && one.contract === contract)
  return {
    id: nonce,
    wire: wireOf(transfer),
    to,
    value: BigInt(value),
    countsUntil: Number.POSITIVE_INFINITY,
    execute: () =>
      chain.execute(transfer, permits.get(permitSignature)) ? chain.movements.at(-1)?.transaction : undefined,
    // By Permit2 too: what it may not move now, a permit that is handed in later lets it move.
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

type Settling = Pick<Chains, 'chain' | 'solana'> & { readonly lightning: Lightning }

/** Lists all money that has moved, on both chains and over Lightning. */
export function settlementsOf({ chain, solana, lightning }: Settling): readonly Settlement[] {
  return [
    ...chain.movements.map((one) => ({ ...one, id: one.nonce, isFinal: chain.isFinal(one) })),
    ...solana.landed.map((one) => ({
      id: one.hash,
      to: payeeOf(one.destination),
      value: one.amount,
      at: Math.min(one.at, solana.countsUntil(one)),
      isFinal: solana.isFinal(one),
    })),
    ...lightning.moved.map((one) => ({ ...one, isFinal: true })),
  ]
}

/** Answers what a payment's chain takes once. */
export function idOf({ terms }: Pick<Payment, 'terms'>): string {
  return terms.details?.['messageHash'] ?? terms.nonce
}

/** Tells whether a payment counts no more. */
export function isFree(status: Payment['status']): boolean {
  return status === 'released' || status === 'expired' || status === 'cancelled'
}
