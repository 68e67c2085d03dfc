import { type Entry, sound } from '../habits.ts'
import type { Mistake } from './mistake.ts'

const earliest = (counted: readonly Entry[]): number | undefined => counted[0] && counted[0].until + 60_000
/** Mistakes with windows of time. */
export const windowMistakes: readonly Mistake[] = [
  [
    'lets a payment go a moment late',
    { isIn: (window, { until, ...rest }, now) => sound.isIn(window, { ...rest, until: until + 1 }, now) },
    'a rolling window lets go of a payment its length after the instant that it counts until',
  ],
  [
    'lets a payment go a moment early',
    { isIn: (window, { until, ...rest }, now) => sound.isIn(window, { ...rest, until: until - 1 }, now) },
    'a rolling window lets go of a payment its length after the instant that it counts until',
  ],
  [
    'counts a payment when it was made',
    { until: ({ createdAt }) => createdAt },
    'a rolling window lets go of a payment its length after the instant that it counts until',
  ],
  [
    'forgets after a day what counts for ever',
    {
      isIn: (window, entry, now) =>
        sound.isIn(window.type === 'lifetime' ? { type: 'rolling', seconds: 60 } : window, entry, now),
    },
    'a rolling window lets go of a payment its length after the instant that it counts until',
  ],
  [
    'takes a day for the last 24 hours',
    {
      isIn: (window, entry, now) =>
        sound.isIn(window.type === 'calendar' ? { type: 'rolling', seconds: 86_400 } : window, entry, now),
    },
    'a calendar window holds the payments that count until an instant of its day or month',
  ],
  [
    'has days in UTC only',
    {
      isIn: (window, entry, now) =>
        sound.isIn(window.type === 'calendar' ? { ...window, timeZone: 'UTC' } : window, entry, now),
    },
    'a calendar window holds the payments that count until an instant of its day or month',
  ],
  [
    'does not see what it made later than now',
    {
      hear: (told, time) => ({ ok: true, time: { ...time, now: told } }),
      isIn: (window, entry, now) => entry.payment.createdAt <= now && sound.isIn(window, entry, now),
    },
    'a clock that is set back frees nothing',
  ],
  [
    'believes the time of a payment after a jump',
    { until: ({ countsUntil }) => countsUntil },
    'a clock that jumped ahead and was set right again lets nothing slip through',
  ],
  [
    'never says when it fits',
    { fitsAt: () => undefined },
    'a refusal says from which instant on the payment fits, where time alone makes it fit',
  ],
  [
    'says when the first one leaves',
    { fitsAt: (_limit, counted) => earliest(counted) },
    'a refusal says from which instant on the payment fits, where time alone makes it fit',
  ],
  [
    'promises what can never be',
    { fitsAt: (limit, counted, excess) => sound.fitsAt(limit, counted, excess) ?? earliest(counted) },
    'a refusal says from which instant on the payment fits, where time alone makes it fit',
  ],
  [
    'never says when it is free',
    { freesAt: () => undefined },
    'usage is what a reservation meets, and says when some of it is free again',
  ],
  [
    'answers usage of the time of the last payment',
    { hear: (told, time) => ({ ok: true, time: { now: time.now || told } }) },
    'usage is what a reservation meets, and says when some of it is free again',
  ],
]
