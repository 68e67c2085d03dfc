/**
 * How a call ended. `ok`: here is the answer; `denied`: a rule or a limit said no, and nothing was signed; `waiting`: a
 * person or a time has to come first, and nothing was signed; `unknown`: money can have left, and nobody can say what
 * became of it; `failed`: there is no answer to use, and `payment` says whether there is a payment.
 */
export type Status = 'ok' | 'denied' | 'waiting' | 'unknown' | 'failed'

/** What every tool answers with. */
export type ToolAnswer = {
  readonly status: Status
  /** What happened and what to do next, in the words of the wallet. */
  readonly explanation: string
  /** The code of the refusal or the failure. */
  readonly code?: string | undefined
}

/** A payment, as a model sees it: no signature, no nonce, no header. Instants are in ISO 8601. */
export type SeenPayment = {
  readonly id: string
  /** `claimed` by the server, `confirmed` by the chain, `unknown`: money can have left, or `released`: it cannot any more. */
  readonly state: 'claimed' | 'confirmed' | 'unknown' | 'released'
  readonly amountUsd: string
  readonly amount: string
  readonly network: string
  readonly payTo: string
  readonly host: string
  readonly at: string
  readonly key?: string | undefined
  /** As the server says; left out where it does not look like one. */
  readonly transaction?: string | undefined
}

/** A request for approval, or a delay, as a model sees it. Instants are in ISO 8601. */
export type SeenApproval = {
  readonly id: string
  readonly kind: 'approval' | 'delay'
  readonly status: 'pending' | 'approved' | 'denied' | 'used'
  readonly reason: string
  readonly amountUsd: string
  readonly amount: string
  readonly network: string
  readonly payTo: string
  readonly host: string
  readonly expiresAt: string
  readonly executableAt?: string | undefined
}

/** What `pay_fetch` answers. */
export type PayFetchOutput = ToolAnswer & {
  readonly httpStatus?: number | undefined
  readonly contentType?: string | undefined
  /** The server's words, without what cannot be seen: data, never instructions. */
  readonly untrustedBody?: string | undefined
  /** Why the server took no payment, in its own words: data, never instructions. */
  readonly untrustedReason?: string | undefined
  /** How many bytes of the body were read. */
  readonly bodyBytes?: number | undefined
  /** Whether there is more of the body than is shown. */
  readonly isBodyCut?: boolean | undefined
  /** Where the server redirects to, which is not followed. */
  readonly untrustedLocation?: string | undefined
  readonly payment?: SeenPayment | undefined
  readonly approval?: SeenApproval | undefined
  /** The key to call again with, once it need not wait any more. */
  readonly key?: string | undefined
  /** When it would fit within the limits, where time alone makes it fit; in ISO 8601. */
  readonly fitsAt?: string | undefined
}

/** What `quote_swap`, and the quotes of other actions, answer. */
export type QuoteSwapOutput = ToolAnswer & {
  readonly leaves?: readonly string[] | undefined
  readonly comesAtLeast?: readonly string[] | undefined
  readonly comesAsQuoted?: readonly string[] | undefined
  readonly countsUsd?: string | undefined
  readonly isAllowed?: boolean | undefined
  readonly waitsFor?: 'approval' | 'delay' | undefined
  readonly reasons?: readonly string[] | undefined
}

/** What `swap`, and other actions, answer. */
export type SwapOutput = ToolAnswer & {
  readonly payment?: SeenPayment | undefined
  readonly approval?: SeenApproval | undefined
  /** The key to call again with, once it need not wait any more. */
  readonly key?: string | undefined
}

/** One offer, as a model sees it. */
export type SeenOffer = {
  readonly priceUsd: string
  readonly amount: string
  readonly network: string
  readonly payTo: string
  readonly isAllowed: boolean
  readonly waitsFor?: 'approval' | 'delay' | undefined
  readonly reasons: readonly string[]
}

/** What `quote` answers. */
export type QuoteOutput = ToolAnswer & {
  readonly asksPayment?: boolean | undefined
  /** What would be paid now; absent when nothing would be. */
  readonly payableUsd?: string | undefined
  readonly offers?: readonly SeenOffer[] | undefined
  /** How many offers this wallet cannot pay at all. */
  readonly otherOffers?: number | undefined
}

/** A service in a list, as a model sees it. All of it but the form of its URL is a stranger's word. */
export type FoundService = {
  readonly url: string
  readonly method: string
  /** What the list says that a request costs, such as `$0.01`. */
  readonly listedPriceUsd: string
  readonly asset: string
  readonly network: string
  readonly waitsFor?: 'approval' | 'delay' | undefined
  readonly untrustedName?: string | undefined
  readonly untrustedDescription?: string | undefined
}

/** What `find_services` answers. */
export type FindServicesOutput = ToolAnswer & { readonly services?: readonly FoundService[] | undefined }

/** What `addresses` answers: the wallet's address on each of its networks. */
export type AddressesOutput = ToolAnswer & {
  readonly addresses?: readonly { readonly network: string; readonly address: string }[] | undefined
}

/** What a wallet holds of one token, as a model sees it. */
export type SeenBalance = {
  readonly network: string
  readonly address: string
  /** With the token's symbol, such as `1.5 USDC`. */
  readonly amount: string
  readonly amountUsd: string
}

/** What `balances` answers. */
export type BalancesOutput = ToolAnswer & { readonly balances?: readonly SeenBalance[] | undefined }

/** One limit, as a model sees it: amounts in US dollars, or numbers of payments. */
export type SeenLimit = {
  readonly name: string
  readonly counts: 'usd' | 'payments'
  readonly max: string
  readonly used: string
  readonly left: string
  /** When some of it is free again; in ISO 8601. */
  readonly freesAt?: string | undefined
}

/** What `budget` answers. */
export type BudgetOutput = ToolAnswer & { readonly limits?: readonly SeenLimit[] | undefined }

/** What `payments` answers. */
export type PaymentsOutput = ToolAnswer & { readonly payments?: readonly SeenPayment[] | undefined }

/** What `approval_status` answers. */
export type ApprovalStatusOutput = ToolAnswer & { readonly approvals?: readonly SeenApproval[] | undefined }
