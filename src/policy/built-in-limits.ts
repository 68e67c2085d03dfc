import type { Limit } from '../types.js'

const day = 86_400

/**
 * Adds the limits that hold until the owner sets his own: $1 a payment, unless a limit on single payments is set, and
 * $10 a day over the whole wallet, unless a limit on the wallet's spending over time is set.
 */
export function withBuiltInLimits(limits: readonly Limit[]): readonly Limit[] {
  const money = limits.filter((limit) => limit.measure === 'microUsd')
  const hasPerPayment = money.some(({ window }) => window.type === 'payment')
  const hasWallet = money.some(({ window, scope }) => window.type !== 'payment' && scope === 'wallet')
  return [...limits, ...(hasPerPayment ? [] : [perPayment()]), ...(hasWallet ? [] : [perDay()])]
}

function perPayment(): Limit {
  const window = { type: 'payment' } as const
  return { name: 'built-in per-payment limit', scope: 'wallet', window, measure: 'microUsd', max: 1_000_000n }
}

function perDay(): Limit {
  const window = { type: 'rolling', seconds: day } as const
  return { name: 'built-in daily limit', scope: 'wallet', window, measure: 'microUsd', max: 10_000_000n }
}
