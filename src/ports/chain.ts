import type { ActionChain } from './action.js'
import type { Signer } from './key-store.js'
import type { Scheme } from './scheme.js'
import type { Asset, Hex, Network, Offer, Payload, Payment } from '../types.js'

/**
 * What final blocks say of a payment.
 *
 * - `executed`: the transfer that was authorized is in a final block
 * - `expired`: its time is over by a final block's clock, and its nonce was not used by then
 * - `cancelled`: its nonce was cancelled in a final block
 * - `diverted`: its nonce was used, but our transfer is not there; somebody has to look
 * - `open`: nothing is final yet, or those asked cannot or do not agree to say; the reason says which
 */
export type Evidence =
  | { readonly type: 'executed'; readonly transaction: string; readonly amount: bigint }
  | { readonly type: 'expired' }
  | { readonly type: 'cancelled'; readonly transaction: string }
  | { readonly type: 'diverted'; readonly transaction: string }
  | {
      readonly type: 'open'
      readonly reason: string
      /** The chain can execute it at any time to come: what is signed has no end of its own. @default false */
      readonly canExecute?: boolean | undefined
      /** What its record says meanwhile, where somebody may have to know. @default what it said before */
      readonly note?: string | undefined
    }

/** A transfer out of an account, in a final block. */
export type OutgoingTransfer = {
  readonly transaction: string
  /** The token's address. */
  readonly asset: string
  readonly to: string
  /** Atomic units. */
  readonly amount: bigint
  /** What was used up in the same transaction, and by no other: nonces of the account, or the hash of its message. */
  readonly nonces: readonly string[]
}

/** Which transfers to look for. */
export type OutgoingSearch = {
  /** The account whose money leaves. */
  readonly account: string
  readonly assets: readonly Asset[]
  /** Where the last search ended, in the chain's own words. */
  readonly checkpoint?: string | undefined
  /** Unix milliseconds at which the first search begins. */
  readonly since: number
}

/**
 * What final blocks show of transfers out of an account.
 *
 * - `seen`: all of them up to a checkpoint, whose block has a time in Unix seconds
 * - `open`: those asked cannot or do not agree to say; the reason says which
 */
export type Outgoing =
  | {
      readonly type: 'seen'
      readonly transfers: readonly OutgoingTransfer[]
      readonly checkpoint: string
      readonly until: number
    }
  | { readonly type: 'open'; readonly reason: string }

/** Says what a chain shows of payments on one network. */
export type Chain = {
  readonly network: Network
  /** Looks a payment up; a failure to look is `open`, never a throw. */
  readonly examine: (payment: Payment) => Promise<Evidence>
  /** Looks for what left an account; a failure to look is `open`, never a throw. */
  readonly outgoing?: ((search: OutgoingSearch) => Promise<Outgoing>) | undefined
  /** Names by what, of a transfer's `nonces`, a payment is known. @default its own nonce */
  readonly proofsOf?: ((payment: Payment) => readonly string[]) | undefined
  /** The time of a final block in Unix seconds, late rather than early; nothing where it cannot be said. */
  readonly time?: (() => Promise<number | undefined>) | undefined
  /** Says what an address holds of these assets. */
  readonly balances?: ((address: string, assets: readonly Asset[]) => Promise<readonly bigint[]>) | undefined
  /** Says why the chain would not execute an offer's payment as it stands now, or nothing; asked before it is recorded. */
  readonly refuse?: ((offer: Offer, payer: string) => Promise<string | undefined>) | undefined
  /** Says which permit has to be signed beside an offer's payment, where its server takes one; nothing where none has to. */
  readonly allowancePermit?: ((offer: Offer, signer: Signer) => Promise<Offer['allowancePermit']>) | undefined
  /** Answers those of some payments beside which an approval was signed that the chain can still execute. */
  readonly openApprovals?: ((payments: readonly Payment[]) => Promise<readonly Payment[]>) | undefined
  /** Says what signatures of contracts are worth; without it, no contract pays on this network. */
  readonly contracts?: ContractPayers | undefined
  readonly transfers?: Transfers | undefined
  readonly actions?: ActionChain | undefined
  /**
   * Says whether a transfer in one of a payment's own transactions is that of the payment; nothing where its asset, payee and
   * amount tell.
   */
  readonly explains?: ((payment: Payment, transfer: OutgoingTransfer) => boolean | undefined) | undefined
  /** Sends a payer's signed cancellation of a payment, where somebody is configured to pay for it; answers the transaction. */
  readonly cancel?: ((payment: Payment, signature: Hex) => Promise<string>) | undefined
}

/** A signature of a contract, deployed or not yet. */
export type ContractSignature = {
  readonly payer: string
  /** The 32 bytes that it has to be over. */
  readonly digest: Hex
  readonly signature: string
}

/** Says what payers that are contracts can do. */
export type ContractPayers = {
  /** Says why a contract could not pay an offer, or nothing; asked before it is recorded. */
  readonly refuse: (offer: Offer, payer: string) => Promise<string | undefined>
  /** Says why the contract does not take a signature as its own, or nothing; asked before it is sent. */
  readonly check: (signature: ContractSignature) => Promise<string | undefined>
}

/** What is to be moved of the owner's own accord. */
export type TransferRequest = {
  readonly payer: string
  readonly payTo: string
  readonly asset: Asset
  /** Atomic units. */
  readonly amount: bigint
}

/** Moves money of the owner's own accord. */
export type Transfers = {
  /** Signs what the schemes of the wallet do not; only transfers are ever paid by it, so that no server can ask for it. */
  readonly scheme?: Scheme | undefined
  /** Says by which scheme it is signed, and what that scheme has to know of the chain; sends nothing. */
  readonly prepare: (
    request: TransferRequest,
  ) => Promise<{ readonly scheme: string; readonly extra: Readonly<Record<string, string>> }>
  /** Names the transaction before it is sent, where its name is known then. */
  readonly name: (payload: Payload) => string | undefined
  /** Sends what was signed and answers the transaction; sending the same again moves nothing twice. */
  readonly send: (payment: Payment, payload: Payload) => Promise<string>
}
