import { sound } from '../habits.ts'
import type { Mistake } from './mistake.ts'

/** Mistakes with approvals. */
export const approvalMistakes: readonly Mistake[] = [
  [
    'forgets a request when it is made again',
    { stands: () => false },
    'a request for approval is kept until it is used or expires, and is then asked for anew',
  ],
  [
    'keeps a request when it has expired',
    { stands: ({ status }) => status !== 'used' },
    'a request for approval is kept until it is used or expires, and is then asked for anew',
  ],
  [
    'keeps a request when it is used',
    { stands: ({ expiresAt }, now) => now < expiresAt },
    'a request for approval is kept until it is used or expires, and is then asked for anew',
  ],
  [
    'lists what has just expired',
    { isListed: ({ expiresAt }, now) => now <= expiresAt },
    'requests are listed newest first, without those that have expired',
  ],
  [
    'lets a delay begin before the time it knows of',
    { ask: (approval) => approval },
    'a clock that is behind shortens neither a delay nor the time to answer',
  ],
  [
    'turns a denial',
    { decide: (approval, status, now) => sound.decide({ ...approval, status: 'pending' }, status, now) },
    'a denial stands, and nothing is decided on what is used, expired or unknown',
  ],
  [
    'approves what has expired',
    { decide: (approval, status) => sound.decide(approval, status, 0) },
    'a denial stands, and nothing is decided on what is used, expired or unknown',
  ],
  [
    'lets nobody take an approval back',
    {
      decide: (approval, status, now) =>
        approval.status === 'approved' ? undefined : sound.decide(approval, status, now),
    },
    'a denial stands, and nothing is decided on what is used, expired or unknown',
  ],
  [
    'takes a request for a yes',
    { isUsable: ({ status }) => status !== 'used' },
    'only what was approved, or is due after its delay, lets a payment through',
  ],
  [
    'does not look whether an approval has expired',
    { isUsable: (approval, now) => sound.isUsable({ ...approval, expiresAt: Number.POSITIVE_INFINITY }, now) },
    'only what was approved, or is due after its delay, lets a payment through',
  ],
  [
    'waits for a yes after a delay',
    { isUsable: (approval, now) => approval.status === 'approved' && sound.isUsable(approval, now) },
    'only what was approved, or is due after its delay, lets a payment through',
  ],
  [
    'is early with a delay',
    { isUsable: (approval, now) => sound.isUsable(approval, now + 1) },
    'only what was approved, or is due after its delay, lets a payment through',
  ],
  [
    'lets an approval be used again',
    { use: (approval) => approval },
    'an approval is used by one payment, however many come at once',
  ],
  ['uses up what it refuses', { usesRefused: true }, 'a refused payment does not use its approval up'],
  [
    'asks before it looks at limits and pins',
    { asksFirst: true },
    'an approval is asked for only where no limit and no pin is in the way',
  ],
  ['is not stopped by a freeze', { blocks: () => false }, 'a frozen ledger records nothing until it is unfrozen'],
  [
    'hands out payments while it is frozen',
    { blocks: (_freeze, found) => found === undefined },
    'a frozen ledger records nothing until it is unfrozen',
  ],
]
