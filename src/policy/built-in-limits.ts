import { domainOf } from '../hosts/registered-domain.js'
import { isAction, isTransfer } from '../resource.js'
import type { Limit, Resource, Window } from '../types.js'

const day = 86_400

/**
 * Adds the limits that hold until the owner sets his own: $1 a payment, unless a limit on single payments is set; $10 a
 * day over the whole wallet, unless a limit on the wallet's spending over time is set; and a hundred payments under
 * way at once to one registered domain, unless a limit on payments under way is set.
 *
 * The last is for servers that take payments and say nothing of them: each holds its amount for as long as it can be
 * executed, so a server that is cheap to run could hold the budget of all others. A payment that its server says is paid
 * is not under way any more, although no chain has confirmed it: else a feed that is honest would come to a halt in a
 * wallet without chains. What a server that lies about being paid can use up is for `spendingLimit` by host or domain.
 */
export function withBuiltInLimits(limits: readonly Limit[], resource: Resource | undefined): readonly Limit[] {
  const money = limits.filter((limit) => limit.measure === 'microUsd')
  const hasPerPayment = money.some(({ window }) => window.type === 'payment')
  const hasWallet = money.some(({ window, scope }) => window.type !== 'payment' && scope === 'wallet')
  const hasUnderWay = limits.some(({ measure }) => measure === 'open')
  const asks = resource && !isTransfer(resource) && !isAction(resource) ? resource : undefined
  return [
    ...limits,
    ...(hasPerPayment ? [] : [perPayment()]),
    ...(hasWallet ? [] : [perDay()]),
    ...(hasUnderWay || !asks ? [] : [underWay(domainOf(asks.host))]),
  ]
}

function perPayment(): Limit {
  const window = { type: 'payment' } as const
  return { name: 'built-in per-payment limit', scope: 'wallet', window, measure: 'microUsd', max: 1_000_000n }
}

function perDay(): Limit {
  const window = { type: 'rolling', seconds: day } as const
  return { name: 'built-in daily limit', scope: 'wallet', window, measure: 'microUsd', max: 10_000_000n }
}

function underWay(domain: string): Limit {
  const name = `built-in limit on payments under way for ${domain}`
  return { name, scope: `domain:${domain}`, window: whileExecutable, measure: 'open', max: 100n }
}

/** Holds what can still be executed, give or take a second. */
export const whileExecutable: Extract<Window, { type: 'rolling' }> = Object.freeze({ type: 'rolling', seconds: 1 })
