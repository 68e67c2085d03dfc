import type { PlanToken } from '../ports/action.js'

/** The chain's own coin. */
export const coin: PlanToken = Object.freeze({
  kind: 'coin',
  address: `0x${'0'.repeat(40)}`,
  symbol: 'native coin',
  decimals: 18,
})
