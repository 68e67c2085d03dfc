import { forgetOldest } from '../lib/recent.js'
import { frozenCopy } from '../lib/freeze.js'
import type { Approval, ApprovalId, Freeze, SessionId } from '../types.js'
import { approvalAtLedgerTime, decideApproval, isStandingApproval, maxApprovals } from './approvals.js'
import { agreesWithPin } from './pins.js'
import type { LedgerTables } from './reserve.js'

type Approvals = LedgerTables['approvals'] & {
  readonly request: (approval: Approval, now: number) => Approval
  readonly decide: (id: ApprovalId, status: 'approved' | 'denied', now: number) => Approval | undefined
  readonly list: (now: number) => readonly Approval[]
}

/** Creates the requests for approval of a ledger in memory. */
export function createMemoryApprovals(): Approvals {
  const approvals = new Map<ApprovalId, Approval>()
  return {
    get: (id) => approvals.get(id),
    use: (id) => {
      const approval = approvals.get(id)
      if (approval) approvals.set(id, Object.freeze({ ...approval, status: 'used' }))
    },
    request: (approval, now) => {
      const standing = approvals.get(approval.id)
      if (standing && isStandingApproval(standing, now)) return standing
      for (const one of approvals.values()) if (now >= one.expiresAt) approvals.delete(one.id)
      approvals.delete(approval.id)
      const kept = frozenCopy(approvalAtLedgerTime(approval, now))
      approvals.set(approval.id, kept)
      forgetOldest(approvals, maxApprovals)
      return kept
    },
    decide: (id, status, now) => {
      const approval = approvals.get(id)
      const decided = approval && decideApproval(approval, status, now)
      if (decided) approvals.set(id, decided)
      return decided
    },
    list: (now) => [...approvals.values()].filter(({ expiresAt }) => now < expiresAt).toReversed(),
  }
}

type Halts = LedgerTables['halts'] & {
  readonly freeze: (freeze: Freeze | undefined) => void
  readonly revoke: (id: SessionId) => void
}

/** Creates what stops the payments of a ledger in memory. */
export function createMemoryHalts(): Halts {
  const revoked = new Set<SessionId>()
  let current: Freeze | undefined
  return {
    freeze: (freeze) => {
      current = freeze && Object.freeze({ ...freeze })
    },
    frozen: () => current,
    revoke: (id) => void revoked.add(id),
    revoked: (ids) => ids.find((id) => revoked.has(id)),
  }
}

/** Creates what a ledger in memory remembers of what was paid, to compare later payments with. */
export function createMemoryPins(): LedgerTables['memory'] {
  const remembered = new Map<string, string>()
  return {
    differs: (pins) => {
      for (const pin of pins) {
        const value = remembered.get(pin.key)
        if (value !== undefined && !agreesWithPin(pin, value)) return { pin, remembered: value }
      }
      return undefined
    },
    pin: (pins, newPins) => {
      for (const { key, value } of pins) if (!remembered.has(key)) remembered.set(key, value)
      for (const { key, value } of newPins) remembered.set(key, value)
    },
  }
}
