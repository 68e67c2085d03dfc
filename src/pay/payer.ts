import type { PaymentUpdate } from '../ports/ledger.js'
import type { Ask } from './context.js'
import type { Protocol } from '../ports/protocol.js'
import type { Quote } from './quote.js'
import type { Authorization, Payment, PaymentRequired } from '../types.js'

/** What a transport needs of a wallet or a session to answer a 402: nothing in it reaches a key, a rule or a limit. */
export type Payer = {
  readonly protocols: readonly Protocol[]
  /** Judges, records and signs. */
  readonly authorize: (required: PaymentRequired, ask: PaymentAsk) => Promise<Authorization>
  /** Notes what became of a payment after it left; never throws, since the answer it goes with must not be lost. */
  readonly settle: (payment: Payment, update: PaymentUpdate) => Promise<Payment>
  /** Says what each offer of a 402 would cost and what the policy makes of it; nothing is recorded or signed. */
  readonly appraise: (required: PaymentRequired, ask: QuoteAsk) => Promise<Quote>
  /** Unix milliseconds. */
  readonly clock: () => number
}

/** An ask whose purchase may go unnamed; it is then a purchase of its own. */
export type PaymentAsk = Omit<Ask, 'purchaseKey' | 'isNamed' | 'ownerLabels'> & {
  readonly purchaseKey?: string | undefined
}

/** What a price is asked for, and within what bounds of its own. */
export type QuoteAsk = Pick<PaymentAsk, 'resource' | 'labels' | 'maxMicroUsd'>
