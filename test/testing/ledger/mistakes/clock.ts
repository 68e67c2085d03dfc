import { sound } from '../habits.ts'
import type { Mistake } from './mistake.ts'

/** Mistakes with a ledger with its time. */
export const clockMistakes: readonly Mistake[] = [
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
