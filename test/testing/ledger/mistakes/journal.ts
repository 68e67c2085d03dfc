import { sound } from '../habits.ts'
import type { Mistake } from './mistake.ts'

/** Mistakes with a journal. */
export const journalMistakes: readonly Mistake[] = [
  [
    'does not chain its entries',
    { record: (payment, at, head) => ({ ...sound.record(payment, at, head), previous: '' }) },
    'every change of a payment is an entry of its history, each chained to the one before',
  ],
  [
    'hashes without the entry before',
    {
      record: (payment, at, head) => {
        const { hash } = sound.record(payment, at, head && { ...head, hash: '' })
        return { ...sound.record(payment, at, head), hash }
      },
    },
    'every change of a payment is an entry of its history, each chained to the one before',
  ],
  [
    'keeps no entry of an update',
    { isChange: () => false },
    'every change of a payment is an entry of its history, each chained to the one before',
  ],
  ['keeps an entry of every call', { isChange: () => true }, 'what changes nothing adds no entry to a history'],
  [
    'begins a history anew with a payment that is made again',
    {
      head: (journal, { status, presentations }) =>
        status === 'authorized' && presentations === 1 ? undefined : journal.at(-1),
    },
    'a payment that is made again under its id goes on with its history',
  ],
  [
    'does not listen to its owner',
    { advance: (payment, update) => (update.resolution ? payment : sound.advance(payment, update)) },
    'the owner can say of an unresolved payment that it was not paid, paid or delivered',
  ],
  [
    'believes its owner over a final block',
    {
      advance: (payment, update) =>
        update.resolution
          ? { ...payment, status: update.status, resolution: update.resolution }
          : sound.advance(payment, update),
    },
    'what a final block has shown is not for the owner to undo',
  ],
]
