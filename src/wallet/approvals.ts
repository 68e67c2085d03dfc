import type { AgentWallet } from './wallet.js'
import { jsonSafe } from '../lib/json-safe.js'
import type { PayContext } from '../pay/context.js'
import type { Approval, ApprovalId } from '../types.js'

/** The payments that wait for a person, and what that person says. */
export function approvalsOf({ ledger, time, emit }: PayContext): AgentWallet['approvals'] {
  const decide = async (id: ApprovalId, status: 'approved' | 'denied'): Promise<Approval | undefined> => {
    const approval = await ledger.decideApproval(id, status, time().ledger)
    if (approval) emit('approval.decided', { approval })
    return approval
  }
  return Object.freeze({
    list: async () => (await ledger.listApprovals(time().ledger)).map(jsonSafe),
    approve: (id: ApprovalId) => decide(id, 'approved'),
    deny: (id: ApprovalId) => decide(id, 'denied'),
  })
}
