import type { PaymentUpdate } from '../ports/ledger.js'
import type { PurchaseRequest, SignedIn, SignInAsked } from './context.js'
import type { Protocol, ProtocolAnswer } from '../ports/protocol.js'
import type { Quote } from './quote.js'
import type { Authorization, Payment, PaymentRequired } from '../types.js'

/** What a transport needs of a wallet or a session to answer a 402: nothing in it reaches a key, a rule or a limit. */
export type Payer = {
  readonly protocols: readonly Protocol[]
  /** Judges, records and signs. */
  readonly authorize: (required: PaymentRequired, options: AuthorizeOptions) => Promise<Authorization>
  /** Notes what became of a payment after it left; never throws, since the answer it goes with must not be lost. */
  readonly settle: (payment: Payment, update: PaymentOutcome) => Promise<Payment>
  /** Says what each offer of a 402 would cost and what the policy makes of it; nothing is recorded or signed. */
  readonly appraise: (required: PaymentRequired, options: AppraiseOptions) => Promise<Quote>
  /** Signs in to what was paid before, where its owner lets it; absent: it never does. */
  readonly signIn?: ((required: PaymentRequired, options: SignInRequest) => Promise<SignedIn | undefined>) | undefined
  /** Whether what a URL asked last is paid before it asks again, where a call does not say; absent: nowhere. */
  readonly paysAhead?: ((url: URL) => boolean) | undefined
  /** Unix milliseconds. */
  readonly clock: () => number
}

/** What became of a payment, with what the server signed of it, as it came. */
export type PaymentOutcome = PaymentUpdate & Pick<ProtocolAnswer, 'attestation'>

/** What a payment is asked for; without a name it is a purchase of its own. */
export type AuthorizeOptions = Omit<
  PurchaseRequest,
  'purchaseKey' | 'isNamed' | 'ownerLabels' | 'serverAheadMs' | 'aside' | 'permitTurn'
> & {
  readonly purchaseKey?: string | undefined
}

/** What a price is asked for, and within what bounds of its own. */
export type AppraiseOptions = Pick<AuthorizeOptions, 'resource' | 'labels' | 'maxMicroUsd'>

/** What is signed in to, and until when. */
export type SignInRequest = Omit<SignInAsked, 'ownerLabels'>
