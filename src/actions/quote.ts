import type { Quote } from '../pay/quote.js'
import type { ActionPlan } from '../ports/action.js'
import type { Hold, MicroUsd } from '../types.js'
import type { Planned } from './planned.js'

/** What an action would do and cost, and what the policy, the limits and the chain make of it. */
export type ActionQuote = {
  readonly plan: ActionPlan
  /** What its gas costs at most, in atomic units of the chain's own coin. */
  readonly gas: bigint
  /** What all that leaves is worth, gas included. */
  readonly microUsd: MicroUsd
  readonly allowed: boolean
  /** What it has to wait for: a person, or its time. */
  readonly waitsFor?: Hold['kind'] | undefined
  /** In words: which rules or limits say no, or where the chain's simulation departs from the plan. */
  readonly reasons: readonly string[]
}

/** Puts a plan and what is made of it together. */
export function quoteOf({ plan, gas = 0n, departure, action }: Planned, quote: Quote): ActionQuote {
  const [offer] = quote.offers
  const aside = quote.setAside.map(({ reason }) => reason)
  const simulated = departure === undefined ? [] : [`simulation: ${departure}`]
  const reasons = [...(offer?.reasons ?? aside), ...simulated]
  const allowed = offer?.allowed === true && departure === undefined
  return Object.freeze({ plan, gas, microUsd: action.microUsd, allowed, waitsFor: offer?.waitsFor, reasons })
}
