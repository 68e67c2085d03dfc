import type { Scheme } from './scheme.js'
import type { Asset, Hex, MicroUsd, Network, Payload, Payment } from '../types.js'

/** Something that an action moves. */
export type PlanToken = {
  readonly kind: 'coin' | 'erc20' | 'erc721' | 'erc1155'
  /** The contract; of a chain's own coin, the zero address. */
  readonly address: string
  readonly symbol: string
  readonly decimals: number
  /** Which one it is, of an NFT. */
  readonly id?: bigint | undefined
  /**
   * By how many units its contract's own rounding may move a balance besides the amount, such as of a token that grows by
   * interest; up to 2.
   *
   * @default none
   */
  readonly rounding?: bigint | undefined
}

/** An amount of something, in atomic units. */
export type Flow = { readonly token: PlanToken; readonly amount: bigint }

/** A call of a contract by the wallet's own account. */
export type PlanCall = {
  readonly to: string
  /** Atomic units of the chain's own coin that go with it. */
  readonly value: bigint
  readonly data: Hex
}

/** What a spender may move for the length of an action, exactly. */
export type PlanApproval = { readonly token: PlanToken; readonly spender: string; readonly amount: bigint }

/** What rules judge an action by: its parts in words, such as the tokens of a swap and its slippage. */
export type PlanFacts = Readonly<Record<string, string | number>>

/**
 * What an action does, and within what bounds: built by this library, or by code of the owner's, from addresses and ABIs that
 * it knows; nothing in it is somebody else's bytes.
 */
export type ActionPlan = {
  /** The action's name, such as `swap`. */
  readonly action: string
  readonly network: Network
  readonly facts: PlanFacts
  /** What the account calls, in this order, with the approvals before and their end after. */
  readonly calls: readonly PlanCall[]
  /** All that may leave, at most: gas apart. */
  readonly outflows: readonly Flow[]
  /** What has to come, at least. */
  readonly inflows: readonly Flow[]
  /** What is expected to come, where that is known: it is priced by this. @default what has to come at least */
  readonly expected?: readonly Flow[] | undefined
  readonly approvals: readonly PlanApproval[]
  /** Unix seconds from which on the chain itself does not execute the calls; absent: they have no end of their own. */
  readonly expires?: number | undefined
}

/** One recent block of a chain, on which enough of its nodes agree. */
export type ChainView = {
  readonly number: bigint
  readonly hash: string
  /** Unix seconds. */
  readonly timestamp: number
  /**
   * Calls a contract at this block; nothing where the call reverts there.
   *
   * @throws ChainUnavailableError when the nodes do not agree on the answer.
   */
  readonly call: (to: string, data: Hex) => Promise<Hex | undefined>
}

/** What a transaction logged, in lower case. */
export type ChainLog = { readonly address: string; readonly topics: readonly string[]; readonly data: string }

/** What an action is asked for, besides its own parts. */
export type ActionRequest = { readonly action: string; readonly network: Network; readonly [part: string]: unknown }

/** What an action plans with. */
export type PlanningContext = {
  readonly payer: string
  readonly view: ChainView
  /** Unix seconds. */
  readonly now: number
  /** Finds a token by its symbol or address: in the wallet's table of assets, then among those that come with the package. */
  readonly findToken: (named: string) => PlanToken | undefined
  /** The same, on another network; only where the wallet has a chain of it. */
  readonly findTokenOn: (network: Network, named: string) => PlanToken | undefined
}

/** One kind of thing that a wallet can do on chain. */
export type Action = {
  /** What requests and rules call it, such as `swap`. */
  readonly name: string
  /**
   * Reads a request, and says what it would take; it signs and sends nothing.
   *
   * @throws ConfigurationError when the request is not usable.
   */
  readonly plan: (request: ActionRequest, context: PlanningContext) => Promise<ActionPlan>
  /**
   * Says what it still waits for once its transaction is final, such as on another network; nothing where it is done.
   *
   * @default it is done then
   */
  readonly follow?: ((executed: ExecutedAction) => Promise<Waiting | undefined>) | undefined
}

/** What an action whose transaction is final still waits for, in words that its record keeps. */
export type Waiting = {
  readonly note: string
  /** Whether it can still come; if not, its owner may say that it was not paid. */
  readonly canCome: boolean
}

/** An action whose transaction is in a final block. */
export type ExecutedAction = {
  readonly payment: Payment
  readonly plan: ActionPlan
  /** The transaction that does what was asked. */
  readonly transaction: string
  /** Those of the wallet's chains, by their networks, that take actions. */
  readonly chainOf: (network: Network) => ActionChain | undefined
}

/** A plan with everything that will be signed for it, tried out on the chain. */
export type PreparedAction = {
  /** Signs exactly this plan; what is resumed is signed by what its record says. */
  readonly scheme: Scheme
  /** What its gas costs at most, in atomic units of the chain's own coin. */
  readonly gas: bigint
  /** What comes in the simulation of what has to come, which can be far more: it is priced by this too. */
  readonly comes?: readonly Flow[] | undefined
  /** Why it may not be signed, as the chain's own simulation shows; nothing where it stays within the plan. */
  readonly departure: string | undefined
}

/** Where actions are tried out and sent. */
export type ActionChain = {
  /**
   * Answers one recent block, for an account one that has all that it has sent.
   *
   * @throws ChainUnavailableError where too few nodes agree, or there is no such block.
   */
  readonly view: (payer?: string) => Promise<ChainView>
  /**
   * Fixes the transactions of a plan, and simulates all of them together on the block that it was planned at. What the wallet
   * holds afterwards, and who may move how much of it, has to lie within the plan.
   */
  readonly prepare: (
    plan: ActionPlan,
    context: { readonly payer: string; readonly view: ChainView; readonly held: readonly Asset[] },
  ) => Promise<PreparedAction>
  /** Signs a recorded action once more: the same transactions. */
  readonly recorded: Scheme
  /** Reads what a recorded action does. */
  readonly planOf: (payment: Payment) => ActionPlan | undefined
  /** Names the transactions of a payload, in the order in which they are sent, and the one that does what was asked. */
  readonly name: (payload: Payload) => { readonly transaction: string; readonly transactions: readonly string[] }
  /** Sends what was signed; sending the same again moves nothing twice. */
  readonly send: (payload: Payload) => Promise<void>
  /** What a transaction that is executed logged, as enough nodes say; nothing where it is not. */
  readonly logs: (transaction: string) => Promise<readonly ChainLog[] | undefined>
  /** Waits for a while, and says whether the chain executed it; nothing where it does not say yet. */
  readonly outcome: (transaction: string) => Promise<'executed' | 'failed' | undefined>
}

/** An action as the policy judges it: the plan, and what all that leaves is worth, gas included. */
export type JudgedAction = { readonly plan: ActionPlan; readonly microUsd: MicroUsd }
