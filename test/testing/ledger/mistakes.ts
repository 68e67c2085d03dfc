import type { Ledger } from '../../../src/index.js'
import { createPayment } from '../../support/payments.ts'
import { type Habits, naiveLedger, sound } from './naive-ledger.ts'

/** What a ledger does wrong, how, and the sentence of the contract that must find it. */
export type Mistake = readonly [what: string, how: Partial<Habits> | (() => Ledger), sentence: string]

/** Mistakes of a ledger with its time. */
export const timeMistakes: readonly Mistake[] = [
  [
    'believes whatever time it is told',
    { hear: (told, time) => sound.hear(told, time, undefined) },
    'a client whose clock is apart from the time that has passed is refused, and moves nothing',
  ],
  [
    'is moved by a clock that it refuses',
    {
      hear: (told, time, source) => {
        const heard = sound.hear(told, time, source)
        return heard.ok || !time.base ? heard : { ok: true, time: { ...time, now: Math.max(time.now, told) } }
      },
    },
    'a client whose clock is apart from the time that has passed is refused, and moves nothing',
  ],
  [
    'does not know that time has passed',
    { hear: (told, time, source) => sound.hear(told, time, source && { ...source, elapsed: () => 0 }) },
    'the time may be told as far as it has passed, and a little further',
  ],
  [
    'measures each client by the one before',
    {
      hear: (told, time, source) => {
        const heard = sound.hear(told, time, source)
        return heard.ok && source ? { ok: true, time: sound.rebase(heard.time.now, source, time) } : heard
      },
    },
    'clients that are each a little ahead do not make time pass faster',
  ],
  ['is moved on by being looked at', { afterAsking: (_time, heard) => heard }, 'to ask what is used moves no time'],
  [
    'takes a request for approval at any time',
    { hearRequest: (told, time) => sound.hear(told, time, undefined) },
    'an approval cannot be asked for or given at a time that has not come, and always be denied',
  ],
  [
    'takes a yes at any time',
    { hearYes: (told, time) => sound.hear(told, time, undefined) },
    'an approval cannot be asked for or given at a time that has not come, and always be denied',
  ],
  [
    'lets its time be put forward only',
    { rebase: (now, source, time) => sound.rebase(Math.max(now, time.now), source, time) },
    "the owner can put the ledger's time right, on record, and nothing that is spent is forgotten",
  ],
  [
    'keeps the last word of its owner only',
    { event: (event, at) => sound.event(event, at, undefined) },
    "the owner can put the ledger's time right, on record, and nothing that is spent is forgotten",
  ],
]

/** Mistakes of a ledger with what it keeps of each payment, and with what its owner says. */
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

/** Ledgers that are sound but for one method. */
export const wholeMistakes: readonly Mistake[] = [
  [
    'has a payment for every id',
    () => ({ ...naiveLedger(), get: async () => createPayment() }),
    'an unknown id has no payment',
  ],
  [
    'lists payments from the start',
    () => ({ ...naiveLedger(), list: async () => [createPayment()] }),
    'an unknown id has no payment',
  ],
  ['lets go twice of what is released twice', createForgetful, 'a payment that was released twice is let go of once'],
  ['takes no news of a revoked session', createDeaf, 'news of a payment is taken after its session is revoked'],
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
