import type { Approval } from '../types.js'

/** Requests beyond this many drop the oldest: an agent that asks for ever fills no disk. */
export const maxApprovals = 1000

/**
 * Moves the end of a request, and of its delay, to the ledger's own time: a clock that is behind must not make a delay
 * shorter than its owner has to cancel it.
 */
export function approvalAtLedgerTime(approval: Approval, ledgerNow: number): Approval {
  const { requestedAt, expiresAt, executableAt } = approval
  const behindMs = Math.max(0, ledgerNow - requestedAt)
  if (behindMs === 0) return approval
  const due = executableAt === undefined ? {} : { executableAt: executableAt + behindMs }
  return Object.freeze({ ...approval, expiresAt: expiresAt + behindMs, ...due })
}

/** Tells whether a request still stands for its terms, whatever was decided. */
export function isStandingApproval({ status, expiresAt }: Approval, now: number): boolean {
  return status !== 'used' && now < expiresAt
}

/** Tells whether a request lets its payment be recorded at an instant in Unix milliseconds. */
export function isUsableApproval(approval: Approval, now: number): boolean {
  const { kind, status, executableAt = Number.POSITIVE_INFINITY } = approval
  const isDue = kind === 'delay' && status === 'pending' && now >= executableAt
  return isStandingApproval(approval, now) && (status === 'approved' || isDue)
}

/** Decides on a request; a denial is final, so that of two answers at once the no stands. */
export function decideApproval(approval: Approval, status: 'approved' | 'denied', now: number): Approval | undefined {
  const isOpen =
    isStandingApproval(approval, now) &&
    (approval.status === 'pending' || (approval.status === 'approved' && status === 'denied'))
  return isOpen ? Object.freeze({ ...approval, status }) : undefined
}
