import type { Ledger } from '../../../../src/index.js'
import { createPayment } from '../../../support/payments.ts'
import { sound } from '../habits.ts'
import { naiveLedger } from '../naive-ledger.ts'
import type { Mistake } from './mistake.ts'

/** Mistakes with sessions. */
export const sessionMistakes: readonly Mistake[] = [
  ['takes no news of a revoked session', createDeaf, 'news of a payment is taken after its session is revoked'],
  [
    'is not stopped by a revocation',
    { halts: () => false },
    'a revoked session records nothing more, and neither does one that was made from it',
  ],
  [
    'looks at the last session only',
    { isRevoked: (revoked, ids) => sound.isRevoked(revoked, ids.slice(-1)) },
    'a revoked session records nothing more, and neither does one that was made from it',
  ],
  [
    'hands out payments to a revoked session',
    { halts: (_session, found) => found === undefined },
    'a revoked session records nothing more, and neither does one that was made from it',
  ],
  [
    'judges an end by the clock of who asks',
    { isLate: (notAfter, _now, payment) => payment.createdAt >= notAfter },
    'what asks has an end by the ledger’s time, which is not put off by a clock that is put back',
  ],
  [
    'includes the end',
    { isLate: (notAfter, now) => now > notAfter },
    'what asks has an end by the ledger’s time, which is not put off by a clock that is put back',
  ],
  [
    'names the session that was revoked last',
    { isRevoked: (revoked, ids) => ids.findLast((id) => revoked.has(id)) },
    'a session stays revoked, and the others go on',
  ],
  [
    'stops all sessions by revoking one',
    { isRevoked: (revoked, ids) => (revoked.size > 1 ? ids[0] : undefined) },
    'a session stays revoked, and the others go on',
  ],
]

function createDeaf(): Ledger {
  const ledger = naiveLedger()
  let isRevoked = false
  return {
    ...ledger,
    revokeSession: async (id) => {
      isRevoked = true
      return ledger.revokeSession(id)
    },
    update: async (id, update) => (isRevoked ? createPayment() : ledger.update(id, update)),
  }
}
