import { createPayment } from '../../../support/payments.ts'
import { sound } from '../habits.ts'
import { naiveLedger } from '../naive-ledger.ts'
import type { Mistake } from './mistake.ts'

const keepFirst = (notes: Map<string, string>, name: string, text: string): void => {
  if (!notes.has(name)) notes.set(name, text)
}
/** Mistakes with what is kept and listed. */
export const recordMistakes: readonly Mistake[] = [
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
  [
    'keeps what it was given, as it is',
    { copy: (payment) => payment },
    'what a caller changes in its own objects changes nothing in the ledger',
  ],
  [
    'copies the outside only',
    { copy: (payment) => ({ ...payment }) },
    'what a caller changes in its own objects changes nothing in the ledger',
  ],
  [
    'keeps amounts as numbers',
    { copy: (payment) => ({ ...structuredClone(payment), amount: BigInt(Number(payment.amount)) }) },
    'a payment reads back as it was recorded, every field and every digit',
  ],
  [
    'loses the labels',
    { copy: (payment) => ({ ...structuredClone(payment), labels: {} }) },
    'a payment reads back as it was recorded, every field and every digit',
  ],
  [
    'lists the oldest first',
    { arrange: (payments, { limit = 100 }) => payments.slice(0, limit) },
    'payments are listed newest first',
  ],
  ['lists all there are', { arrange: (payments) => payments.toReversed() }, 'payments are listed newest first'],
  [
    'begins each page anew',
    { older: (payments) => payments },
    'a list goes on after the last payment of a page, until there is none',
  ],
  [
    'lists the last payment of a page again',
    { older: (payments, before) => payments.slice(0, payments.findIndex(({ id }) => id === before) + 1) },
    'a list goes on after the last payment of a page, until there is none',
  ],
  [
    'tells pages apart by their time',
    {
      older: (payments, before) => {
        const last = payments.find(({ id }) => id === before)
        return payments.filter(({ createdAt }) => createdAt < (last?.createdAt ?? 0))
      },
    },
    'a list goes on after the last payment of a page, until there is none',
  ],
  [
    'loses its place when a payment moves on',
    {
      older: (payments, before, filter) => {
        const matching = payments.filter((payment) => sound.matches(payment, filter))
        return matching.slice(
          0,
          Math.max(
            0,
            matching.findIndex(({ id }) => id === before),
          ),
        )
      },
    },
    'a list goes on after the last payment of a page, until there is none',
  ],
  [
    'lists until an instant, inclusive',
    { matches: (payment, { until, ...filter }) => sound.matches(payment, { ...filter, until: until && until + 1 }) },
    'a list holds the payments that every given filter matches',
  ],
  [
    'lists after an instant, exclusive',
    { matches: (payment, { since, ...filter }) => sound.matches(payment, { ...filter, since: since && since + 1 }) },
    'a list holds the payments that every given filter matches',
  ],
  [
    'does not filter by label',
    { matches: (payment, filter) => sound.matches(payment, { ...filter, labels: {} }) },
    'a list holds the payments that every given filter matches',
  ],
  [
    'does not filter by host',
    { matches: (payment, filter) => sound.matches(payment, { ...filter, host: undefined }) },
    'a list holds the payments that every given filter matches',
  ],
  [
    'draws a new secret each time',
    { secret: () => crypto.getRandomValues(new Uint8Array(32)) },
    'a secret is 32 bytes, drawn once for each name',
  ],
  [
    'has one secret for all names',
    { secret: (secrets) => sound.secret(secrets, '') },
    'a secret is 32 bytes, drawn once for each name',
  ],
  [
    'gives out the secret that it keeps',
    {
      secret: (secrets, name) => {
        sound.secret(secrets, name)
        return secrets.get(name) as Uint8Array
      },
    },
    'a secret is 32 bytes, drawn once for each name',
  ],
  [
    'draws a secret although one is given',
    { secret: (secrets, name) => sound.secret(secrets, name) },
    'a secret that is given is kept where there is none yet, the first one of several',
  ],
  [
    'keeps the last secret that is given',
    { secret: (secrets, name, first) => sound.secret(first ? new Map([[name, first]]) : secrets, name) },
    'a secret that is given is kept where there is none yet, the first one of several',
  ],
  [
    'keeps the bytes of whoever gave a secret',
    {
      secret: (secrets, name, first) => {
        if (first && !secrets.has(name)) secrets.set(name, first)
        return sound.secret(secrets, name)
      },
    },
    'a secret that is given is kept where there is none yet, the first one of several',
  ],
  [
    'does not filter by scope',
    { matches: (payment, filter) => sound.matches(payment, { ...filter, scope: undefined }) },
    'a list holds the payments that every given filter matches',
  ],
  ['keeps the first text', { note: keepFirst }, 'a text is kept under its name, the last one of several'],
  [
    'keeps one text for all names',
    { note: (notes, _name, text) => ['note', 'other'].forEach((name) => notes.set(name, text)) },
    'a text is kept under its name, the last one of several',
  ],
]
