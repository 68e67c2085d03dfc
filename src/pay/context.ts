import type { AssetTable } from '../assets/table.js'
import type { AskPrices } from './ask-prices.js'
import type { Recent } from '../lib/recent.js'
import type { Reading } from './clock.js'
import type { Emit, Events } from './events.js'
import type { FindShortage } from './funds.js'
import type { JudgedAction } from '../ports/action.js'
import type { Attestations } from '../ports/attestations.js'
import type { KeyStore, Signer } from '../ports/key-store.js'
import type { Ledger } from '../ports/ledger.js'
import type { InsufficientFundsError, PaymentDeniedError } from '../errors.js'
import type { Place, TakePlace } from './places.js'
import type { TakeTurn } from './turns.js'
import type { PolicyEngine } from '../ports/policy.js'
import type { ContractQuestions } from './contract-payer.js'
import type { FindAllowancePermit, RefuseOnChain } from './refuse-on-chain.js'
import type { Scheme } from '../ports/scheme.js'
import type { SignInMethod } from '../ports/sign-in.js'
import type {
  Approval,
  ApprovalId,
  Authorization,
  Hold,
  Labels,
  Limit,
  MicroUsd,
  Network,
  Offer,
  Payment,
  PaymentId,
  PaymentRequired,
  Pin,
  Resource,
  SessionId,
} from '../types.js'

/** What the steps of a payment share: those parts of a wallet, or of a session, that stand between a 402 and a signature. */
export type PayContext = {
  readonly keyStore: KeyStore
  readonly schemes: readonly Scheme[]
  readonly assets: AssetTable
  /** Asks for prices that are not in the table; absent: all are. */
  readonly askPrices?: AskPrices | undefined
  /** Already guarded: it answers a verdict, whatever the owner's engine does. */
  readonly policy: PolicyEngine
  readonly ledger: Ledger
  /** Which signatures are compared with their payments, besides the first of each key. */
  readonly checkSignatures: 'foreign' | 'always'
  /** How long an unresolved payment stands in the way of an identical request after it was last sent. */
  readonly unresolvedForMs: number
  readonly takeTurn: TakeTurn
  readonly takePlace: TakePlace
  /** Takes a turn among the payments that need a permit of one token. */
  readonly tokenTurn: TakeTurn
  /** Takes a turn with what the wallet sends on a network itself. */
  readonly accountTurn: (network: Network) => TakeTurn
  /** Whether what a URL asked last is paid before it asks again; absent: nowhere. */
  readonly paysAhead: ((url: URL) => boolean) | undefined
  /** What this process has handed over: another one, or this after a crash, may ask a server for it once more. */
  readonly delivered: Recent<PaymentId>
  /** The wall clock, in Unix milliseconds. */
  readonly clock: () => number
  /** What time it is, for us and for the ledger. */
  readonly time: () => Reading
  /** Lets the chains say whether the wall clock is right; never rejects. */
  readonly askTime: () => Promise<void>
  /** Asks the chain of an offer's network whether it would execute its payment as it stands now; never rejects. */
  readonly refuseOnChain: RefuseOnChain
  /** Asks it which permit has to be signed beside the payment; never rejects. */
  readonly findAllowancePermit: FindAllowancePermit
  /** Asks the chain of a network what payers that are contracts can do there. */
  readonly contracts: ContractQuestions
  /** Looks, before anything is signed, whether there is enough to pay; a chain that does not say stops nothing. */
  readonly findShortage: FindShortage
  /** What is done on chain, where it is an action that is paid for: it is judged by it, and counts as much as it. */
  readonly action?: ActionContext | undefined
  /** 32 bytes that the nonces and ids of a payer's purchases are derived from. */
  readonly secret: (payer: string) => Promise<Uint8Array>
  /** The sessions that pay, from the widest to the narrowest; none when the wallet itself does. */
  readonly sessions: readonly SessionId[]
  /** Unix milliseconds from which on these sessions pay nothing. */
  readonly notAfter?: number | undefined
  readonly emit: Emit
  /** Tells whether anybody listens, where finding out what to say costs something. */
  readonly hasListeners: (name: keyof Events) => boolean
  /** Reads what servers sign of their offers and receipts; absent: nobody looks. */
  readonly attestations?: Attestations | undefined
  /** How it signs in to what was paid before, or costs nothing; absent: it does not. */
  readonly signIn?: readonly SignInMethod[] | undefined
  /** Opens by those methods that show what a payment brought; absent: there are none. */
  readonly showPaid?: ((how: SigningIn, context: PayContext) => Promise<SignedIn | undefined>) | undefined
  /** Answers in this process whether a payment that needs approval is approved. */
  readonly onApproval?: ((approval: Approval) => boolean | Promise<boolean>) | undefined
}

/** An action that is being paid for. */
export type ActionContext = JudgedAction & {
  /** Says what is in the way of a new payment for it, such as that the chain's simulation departs from the plan. */
  readonly obstacle: (payment: Payment) => PaymentDeniedError | InsufficientFundsError | undefined
}

/** What a payment is asked for, and within what bounds of the call itself. */
export type PurchaseRequest = {
  readonly resource: Resource
  readonly purchaseKey: string
  /** Whether the caller named the purchase; else its key is drawn for this one call. */
  readonly isNamed: boolean
  /** Whether it goes on from an unresolved payment of an identical request, before anything new is signed. */
  readonly sameRequest: boolean
  /** Whether it is sent before the server has asked: only by what can be signed once more for another price. @default false */
  readonly ahead?: boolean | undefined
  /** The payment of this purchase that the server has answered with other terms: these are signed under its nonce. */
  readonly again?: Payment | undefined
  /** A hash of what the request consists of. */
  readonly requestHash: string
  /** What the payment is filed under, whoever said so. */
  readonly labels: Labels
  /** Those of them that the owner's side gave: what rules judge and limits count by. */
  readonly ownerLabels: Labels
  /** The most this call may cost; it can only lower what the policy allows. */
  readonly maxMicroUsd?: MicroUsd | undefined
  /** The only approval that this call goes on with: where another is needed, it is refused instead of asked for. */
  readonly approval?: ApprovalId | undefined
  /** Waits for what can take a person's time without a place among the payments under way; absent: it has none. */
  readonly aside?: Place['aside'] | undefined
  /** Waits for what else needs a permit of the same token, until that is settled. */
  readonly permitTurn?: ((name: string, takeTurn: TakeTurn) => Promise<void>) | undefined
  /** Tells, where it had to wait for an identical call, whether what that one bought has opened it: then nothing is paid. */
  readonly isOpenedMeanwhile?: (() => Promise<boolean>) | undefined
  /** Nothing is signed once it is aborted. */
  readonly signal?: AbortSignal | undefined
  /** The server's clock in Unix milliseconds, as it says. */
  readonly serverTime?: number | undefined
  /** By how much the server's clock was ahead of ours when it asked, in milliseconds; less than 0 where it was behind. */
  readonly serverAheadMs?: number | undefined
  /** Says why an authorization cannot be sent by this transport, measured before anything is signed. */
  readonly whyUnsendable?: ((authorization: Authorization) => string | undefined) | undefined
}

/** A proof of who paid before, and what is told of it afterwards. */
export type SignedIn = {
  readonly headers: Readonly<Record<string, string>>
  /** Notes whether it opened what was asked. */
  readonly note: (isOpened: boolean) => Promise<void>
}

/** What is signed in to, and until when. */
export type SignInAsked = Pick<PurchaseRequest, 'resource' | 'labels' | 'ownerLabels' | 'signal'> & {
  /** Whether it is bought anew where nobody answers what was paid for it. @default false */
  readonly isNew?: boolean | undefined
  /** Names the request as that of a payment does; absent: it is that of no payment. */
  readonly requestHash?: string | undefined
  /** Tells whether the request has a header of this name itself. */
  readonly hasHeader?: ((name: string) => boolean) | undefined
}

/** What a method signs in to. */
export type SigningIn = {
  readonly method: SignInMethod
  readonly required: PaymentRequired
  readonly asked: SignInAsked
  /** What was paid before, where it is that which is shown. */
  readonly paid?: Payment | undefined
}

/** An offer that this wallet could pay: by which scheme, with which key. */
export type Candidate = { readonly offer: Offer; readonly scheme: Scheme; readonly signer: Signer }

/** An offer that the policy allows, under limits that the ledger will enforce. */
export type Allowed = Candidate & {
  readonly limits: readonly Limit[]
  readonly hold?: Hold | undefined
  readonly pins?: readonly Pin[] | undefined
  /** Whether the owner wants to hear of it. */
  readonly notify?: boolean | undefined
}
