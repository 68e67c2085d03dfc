import { windowKey } from '../ledger/window.js'
import type { Allowance, Limit, Pin } from '../types.js'

/** Names what a person lets through, so that the same is the same text: what is used of a limit may grow meanwhile. */
export function allowanceKey(allowance: Allowance): string {
  if (allowance.type === 'rule') return JSON.stringify(['rule', allowance.reason])
  if (allowance.type === 'pin') {
    const { key, remembered, value } = allowance
    return JSON.stringify(['pin', key, remembered, value])
  }
  const { name, scope, measure, window, max } = allowance
  return JSON.stringify(['limit', name, scope, measure, windowKey(window), max.toString()])
}

/** Tells whether all of these are among the others. */
export function areAmong(some: readonly Allowance[], all: readonly Allowance[]): boolean {
  const keys = new Set(all.map(allowanceKey))
  return some.every((one) => keys.has(allowanceKey(one)))
}

/** Tells whether a limit is one that a person can let through, and has. */
export function allowsExceeding(allowances: readonly Allowance[], limit: Limit): boolean {
  if (limit.onExceed !== 'approve') return false
  const key = allowanceKey({ type: 'limit', ...limit })
  return allowances.some((one) => allowanceKey(one) === key)
}

/** Tells whether what a pin says is what a person can let through, and has. */
export function allowsDifference(allowances: readonly Allowance[], { key, value, onDiffer }: Pin): boolean {
  return (
    onDiffer === 'approve' && allowances.some((one) => one.type === 'pin' && one.key === key && one.value === value)
  )
}
