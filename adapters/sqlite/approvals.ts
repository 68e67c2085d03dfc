import type { Approval, ApprovalId } from 'stipend'
import {
  approvalAtLedgerTime,
  decideApproval,
  decodeApproval,
  encodeApproval,
  isStandingApproval,
  isUsableApproval,
  maxApprovals,
} from 'stipend/ledger'
import { read, type SqliteDatabase } from './database.js'

/** Requests for approval as a database keeps them; called within a transaction. */
export type Approvals = {
  readonly get: (id: ApprovalId) => Approval | undefined
  readonly request: (approval: Approval, now: number) => Approval
  readonly decide: (id: ApprovalId, status: 'approved' | 'denied', now: number) => Approval | undefined
  /** Uses an approval up, or answers `false` when it does not let its payment be recorded. */
  readonly use: (id: ApprovalId, now: number) => boolean
  readonly list: (now: number) => readonly Approval[]
}

/** Creates the requests over a database's tables. */
export function createApprovals(database: SqliteDatabase): Approvals {
  const byId = database.prepare('SELECT approval FROM approvals WHERE id = ?')
  const insert = database.prepare('INSERT INTO approvals (id, expires_at, approval) VALUES (?, ?, ?)')
  const change = database.prepare('UPDATE approvals SET approval = ? WHERE id = ?')
  const expire = database.prepare('DELETE FROM approvals WHERE expires_at <= ? OR id = ?')
  const drop = database.prepare('DELETE FROM approvals WHERE seq <= (SELECT MAX(seq) FROM approvals) - ?')
  const latest = database.prepare('SELECT approval FROM approvals WHERE expires_at > ? ORDER BY seq DESC LIMIT ?')

  const get = (id: ApprovalId): Approval | undefined => decodeRow(byId.get(id))
  const put = (approval: Approval | undefined): Approval | undefined => {
    if (approval) change.run(encodeApproval(approval), approval.id)
    return approval
  }
  return {
    get,
    request: (approval, now) => {
      const standing = get(approval.id)
      if (standing && isStandingApproval(standing, now)) return standing
      expire.run(now, approval.id)
      const kept = approvalAtLedgerTime(approval, now)
      insert.run(kept.id, kept.expiresAt, encodeApproval(kept))
      drop.run(maxApprovals)
      return kept
    },
    decide: (id, status, now) => {
      const approval = get(id)
      return put(approval && decideApproval(approval, status, now))
    },
    use: (id, now) => {
      const approval = get(id)
      return (
        put(approval && isUsableApproval(approval, now) ? { ...approval, status: 'used' } : undefined) !== undefined
      )
    },
    list: (now) => latest.all(now, maxApprovals).flatMap((row) => decodeRow(row) ?? []),
  }
}

function decodeRow(row: unknown): Approval | undefined {
  const approval = read(row, 'approval')
  return approval === undefined ? undefined : decodeApproval(String(approval))
}
