import type { Payment } from '../../../../src/index.js'
import { type Habits, sound } from '../habits.ts'
import { type Mistake, wait } from './mistake.ts'

const isUnknown = ({ status }: Pick<Payment, 'status'>): boolean => status === 'unknown'
const isOpen = ({ status }: Pick<Payment, 'status'>): boolean => status === 'unknown' || status === 'authorized'
const withShare = (open: typeof isOpen, unknown: typeof isUnknown): Partial<Habits> => ({
  share: (limit, payment) => {
    if (limit.measure === 'open') return open(payment) ? 1n : 0n
    return limit.measure === 'unknown' ? BigInt(unknown(payment)) : sound.share(limit, payment)
  },
})
/** Mistakes with payments that are open. */
export const openMistakes: readonly Mistake[] = [
  [
    'counts as open what is claimed',
    withShare(({ status }) => status !== 'confirmed', isUnknown),
    'a limit on open payments counts those of which nobody has said what became of them',
  ],
  [
    'counts as open only what is unknown',
    withShare(isUnknown, isUnknown),
    'a limit on open payments counts those of which nobody has said what became of them',
  ],
  [
    'counts as unknown all that is open',
    withShare(isOpen, isOpen),
    'a limit on payments without an answer counts those that are unknown',
  ],
  [
    'counts no payment as unknown',
    withShare(isOpen, () => false),
    'a limit on payments without an answer counts those that are unknown',
  ],
  [
    'adds up money where payments are counted',
    { share: ({ measure }, { microUsd }) => (measure === 'count' ? 1n : microUsd) },
    'a limit on open payments counts those of which nobody has said what became of them',
  ],
  [
    'counts an open payment for ever',
    { isIn: (window, entry, now) => isOpen(entry.payment) || sound.isIn(window, entry, now) },
    'an open payment leaves a window when it would, and a refusal says when',
  ],
  [
    'says when a payment leaves that is not open',
    { fitsAt: (limit, counted, excess) => sound.fitsAt({ ...limit, measure: 'count' }, counted, excess) },
    'an open payment leaves a window when it would, and a refusal says when',
  ],
  [
    'counts what is open, waits and writes',
    { pause: wait },
    'of a hundred reservations at once as many are open as a limit allows',
  ],
  [
    'counts an open payment and the one that takes its place',
    { replaces: () => {} },
    'a payment that takes the place of an open one counts as open once',
  ],
  [
    'gives a payment the status of the one whose place it takes',
    {
      replaces: (entries, id) => {
        const old = entries.find(({ payment }) => payment.id === id)
        sound.replaces(entries, id)
        if (old) entries.push({ payment: { ...old.payment, id: 'pay_old', microUsd: 0n }, until: old.until })
      },
    },
    'a payment that takes the place of an open one counts as open once',
  ],
]
