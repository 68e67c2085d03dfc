import { sound } from '../habits.ts'
import { type Mistake, wait } from './mistake.ts'

/** Mistakes with limits. */
export const limitMistakes: readonly Mistake[] = [
  [
    'waits between the check and the write',
    { pause: wait },
    'of a hundred reservations at once as many are recorded as a limit allows',
  ],
  [
    'waits before it looks whether a payment exists',
    { pause: wait },
    'of twenty reservations of one id at once one is recorded',
  ],
  [
    'stops one short of a limit',
    { fits: (sum, { max }) => sum < max },
    'a payment that reaches a limit exactly is recorded, and one unit more is refused',
  ],
  [
    'lets the last payment go over',
    { fits: (sum, { max }) => sum <= max + 1n },
    'a payment that reaches a limit exactly is recorded, and one unit more is refused',
  ],
  [
    'does not count payments, only money',
    { fits: (sum, limit) => limit.measure === 'count' || sum <= limit.max },
    'a payment that reaches a limit exactly is recorded, and one unit more is refused',
  ],
  ['writes before it checks', { recordsRefused: true }, 'a refused reservation leaves nothing behind'],
  [
    'checks the first limit only',
    { checked: (limits) => limits.slice(0, 1) },
    'several limits hold all at once, or nothing is recorded',
  ],
  ['adds up all scopes', { isOf: () => true }, 'each scope is counted for itself'],
  [
    'counts in the first scope only',
    { isOf: ({ scope }, { scopes }) => scopes.at(-1) === scope },
    'each scope is counted for itself',
  ],
  [
    'adds up a limit on one payment',
    { isIn: (window, entry, now) => window.type === 'payment' || sound.isIn(window, entry, now) },
    'a limit on one payment looks at that payment alone',
  ],
  [
    'adds up numbers',
    { add: (sum, cost) => BigInt(Number(sum) + Number(cost)) },
    'sums are exact beyond 53 bits and never wrap around',
  ],
  [
    'adds up 64 bits',
    { add: (sum, cost) => BigInt.asIntN(64, sum + cost) },
    'sums are exact beyond 53 bits and never wrap around',
  ],
]
