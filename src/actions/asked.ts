import type { Usd } from '../money.js'
import type { Action, ActionChain, ActionRequest } from '../ports/action.js'
import type { Chain } from '../ports/chain.js'
import type { Labels, Network } from '../types.js'

/** A request, and what it is planned and sent with. */
export type Asked = {
  readonly request: ActionRequest
  /** What it is known by where it has no name. */
  readonly hash: string
  readonly key: string | undefined
  /** Whether it goes on from an identical one of which nobody knows what became. */
  readonly sameRequest: boolean
  readonly labels: Labels
  readonly maxUsd: Usd | undefined
  readonly action: Action
  readonly chain: Chain
  readonly actions: ActionChain
  /** Those that the wallet has a chain of. */
  readonly networks: readonly Network[]
  readonly payer: string
}
