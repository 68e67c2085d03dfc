import type { Ledger, Payment } from '../../../../src/index.js'
import { sound } from '../habits.ts'
import { naiveLedger } from '../naive-ledger.ts'
import type { Mistake } from './mistake.ts'

const without = (status: Payment['status']) => ({
  counts: (payment: Payment) => payment.status !== status && sound.counts(payment),
})
const maximum = 'a payment of a maximum counts as that, until a final block shows that less was taken'
const taken = ({ receipt, microUsd }: Payment): bigint => receipt?.amount ?? microUsd

/** Mistakes with what becomes of payments. */
export const lifecycleMistakes: readonly Mistake[] = [
  ['lets go twice of what is released twice', createForgetful, 'a payment that was released twice is let go of once'],
  [
    'loses the receipt when a payment is confirmed',
    { advance: (payment, update) => ({ ...sound.advance(payment, update), receipt: update.receipt }) },
    'a payment moves on from one status to the next, and keeps its receipt',
  ],
  [
    'knows no way from unknown',
    { advance: (payment, update) => (payment.status === 'unknown' ? payment : sound.advance(payment, update)) },
    'a payment moves on from one status to the next, and keeps its receipt',
  ],
  ['forgets release', { counts: () => true }, 'a payment counts unless it is released, expired or cancelled'],
  [
    'frees what the server says it did not take',
    { share: (limit, payment) => (limit.measure === 'microUsd' ? taken(payment) : sound.share(limit, payment)) },
    maximum,
  ],
  [
    'holds a maximum for ever',
    { share: (limit, payment) => (limit.measure === 'microUsd' ? payment.amount : sound.share(limit, payment)) },
    maximum,
  ],
  ['frees what the server claims', without('claimed'), 'a payment counts unless it is released, expired or cancelled'],
  ['frees what is unknown', without('unknown'), 'a payment counts unless it is released, expired or cancelled'],
  ['frees what is confirmed', without('confirmed'), 'a payment counts unless it is released, expired or cancelled'],
  [
    'lets every update through',
    { advance: (payment, { status }) => ({ ...payment, status }) },
    'what comes late does not undo a claim or an end',
  ],
  [
    'releases what another call has sent',
    {
      advance: (payment, update) => ({
        ...sound.advance({ ...payment, presentations: 1 }, update),
        presentations: payment.presentations,
      }),
    },
    'a payment that was sent twice cannot be released',
  ],
  ['takes an update of nothing', { missing: (id) => ({ id }) as Payment }, 'an update of an unknown id throws'],
]

function createForgetful(): Ledger {
  const ledger = naiveLedger()
  let released = 0n
  return {
    ...ledger,
    update: async (id, update) => {
      if (update.status === 'released') released += 10n
      return ledger.update(id, update)
    },
    usage: async (limits, now) =>
      (await ledger.usage(limits, now)).map((usage) => ({ ...usage, used: 20n - released })),
  }
}
