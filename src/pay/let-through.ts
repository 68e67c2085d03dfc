import { allowanceKey } from './allowance.js'
import { type Question, questionOf } from './question.js'
import { isSoft } from './try-reserve.js'
import type { Hold, LetThrough, Limit } from '../types.js'

/** What a payment has been given to be recorded: a person's yes, or its time. */
export type Given = Pick<Question, 'kind' | 'allows' | 'seconds'>

/** Notes why nothing that can be let through stopped a payment; nothing where nothing could have. */
export function noteLetThrough(limits: readonly Limit[], given: Given | undefined): LetThrough | undefined {
  const names = [...new Set([...limits.filter(isSoft).map(limitKey), ...(given?.allows ?? []).map(allowanceKey)])]
  if (names.length === 0 && !given) return undefined
  return {
    names,
    ...(given?.kind === 'approval' && { by: 'owner' as const }),
    ...(given?.seconds !== undefined && { seconds: given.seconds }),
  }
}

/** Notes the same of a payment that is signed anew, which keeps what it was given. */
export function noteAgain(limits: readonly Limit[], before: LetThrough | undefined): LetThrough | undefined {
  const now = noteLetThrough(limits, undefined)
  return before ? { ...before, names: [...new Set([...before.names, ...(now?.names ?? [])])] } : now
}

/** Tells whether a payment was recorded under just this limit: within it, or beyond it with a person's leave. */
export function wasWithin(limit: Limit, letThrough: LetThrough | undefined): boolean {
  return letThrough?.names.includes(limitKey(limit)) === true
}

/** Tells whether a payment had the yes, or the delay, that a hold asks for; a person's word is more than any delay. */
export function hasPassed(hold: Hold, letThrough: LetThrough | undefined): boolean {
  if (!letThrough) return false
  const { by, names, seconds = 0 } = letThrough
  if (hold.kind === 'delay') return by === 'owner' || seconds >= hold.seconds
  const { allows = [] } = questionOf(hold, []) ?? {}
  return by === 'owner' && allows.every((one) => names.includes(allowanceKey(one)))
}

function limitKey(limit: Limit): string {
  return allowanceKey({ type: 'limit', ...limit })
}
