import { sound } from '../habits.ts'
import type { Mistake } from './mistake.ts'

/** Mistakes with purchases that come again. */
export const purchaseMistakes: readonly Mistake[] = [
  [
    'checks limits before it looks for the payment',
    { existsFirst: false },
    'an id that counts is answered with its payment, even when limits are used up',
  ],
  [
    'records a purchase twice',
    { existing: () => undefined, replaces: () => {} },
    'an id that counts is answered with its payment, even when limits are used up',
  ],
  [
    'forgets to count presentations',
    { present: ({ payment }) => payment },
    'an id that counts is answered with its payment, even when limits are used up',
  ],
  [
    'counts whatever is found as sent again',
    { isPresentable: () => true },
    'an id that counts is answered with its payment, even when limits are used up',
  ],
  [
    'counts what other terms are asked for as sent again',
    { isPresentable: (known, { requestDigest }) => sound.isPresentable(known, { ...known, requestDigest }) },
    'a payment counts as sent again only where it is for the same terms, and may be',
  ],
  [
    'counts what another request finds as sent again',
    {
      isPresentable: (known, payment) =>
        sound.isPresentable({ ...known, requestDigest: payment.requestDigest }, payment),
    },
    'a payment counts as sent again only where it is for the same terms, and may be',
  ],
  [
    'counts what may not be sent any more as sent again',
    { isPresentable: (known, payment) => sound.isPresentable({ ...known, presentations: 1 }, payment) },
    'a payment counts as sent again only where it is for the same terms, and may be',
  ],
  [
    'keeps what was released',
    { existing: (entries, payment) => entries.find((entry) => entry.payment.id === payment.id) },
    'an id that was released can be reserved anew',
  ],
  [
    'does not look for the same request',
    {
      existing: (entries, payment, options, now) =>
        sound.existing(entries, payment, { ...options, unresolvedForMs: undefined }, now),
    },
    'the same request is answered with its payment while nobody has resolved that',
  ],
  [
    'always looks for the same request',
    {
      existing: (entries, payment, options, now) =>
        sound.existing(entries, payment, { ...options, unresolvedForMs: 3_600_000 }, now),
    },
    'the same request is answered with its payment while nobody has resolved that',
  ],
  [
    'finds the same request for ever',
    { existing: (entries, payment, options) => sound.existing(entries, payment, options, 0) },
    'an unresolved payment binds while it can be settled, and for a while after it was last sent',
  ],
  [
    'looks for the same request among the newest alone',
    { existing: (entries, ...rest) => sound.existing(entries.slice(-16), ...rest) },
    'an unresolved payment binds, however many later ones of the same request are over',
  ],
  [
    'forgets when a payment was last sent',
    {
      present: (entry) => {
        entry.payment = { ...entry.payment, presentations: entry.payment.presentations + 1 }
        return entry.payment
      },
    },
    'an unresolved payment binds while it can be settled, and for a while after it was last sent',
  ],
  [
    'looks for payments that are unknown alone',
    {
      existing: (entries, payment, options, now) => {
        const found = sound.existing(entries, payment, options, now)
        return found?.payment.id === payment.id || found?.payment.status === 'unknown' ? found : undefined
      },
    },
    'the same request is answered with its payment while nobody has resolved that',
  ],
  [
    'takes an answer that broke off for a whole one',
    { advance: (payment, update) => sound.advance(payment, { ...update, undelivered: undefined }) },
    'a payment whose answer broke off is unresolved again',
  ],
  [
    'finds a payment by a request that it was of once',
    {
      existing: (entries, payment, options, now) => {
        const known = sound.existing(entries, payment, options, now)
        return known ?? (options.unresolvedForMs ? entries.find(({ payment: { id } }) => id.endsWith('1')) : undefined)
      },
    },
    'the same request is answered with its payment while nobody has resolved that',
  ],
  [
    'renews by whatever comes later',
    {
      existing: (entries, payment, options, now) => {
        const endless = { ...payment, terms: { ...payment.terms, validBefore: Number.MAX_SAFE_INTEGER } }
        return sound.existing(entries, options.renew ? endless : payment, options, now)
      },
    },
    'a payment is not renewed by one that ends before it',
  ],
  [
    'renews nothing',
    {
      existing: (entries, payment, options, now) => sound.existing(entries, payment, { ...options, renew: false }, now),
    },
    'a payment that is renewed takes the place of the old one and counts once',
  ],
  [
    'renews what is paid',
    {
      existing: (entries, payment, options, now) =>
        options.renew ? undefined : sound.existing(entries, payment, options, now),
    },
    'a payment that is renewed takes the place of the old one and counts once',
  ],
  [
    'counts what it renews twice',
    {
      replaces: (entries, id) =>
        entries.at(-1)?.payment.status === 'released' ? sound.replaces(entries, id) : undefined,
    },
    'a payment that is renewed takes the place of the old one and counts once',
  ],
  [
    'forgets how often it was sent when it is renewed',
    { renew: (_known, payment) => payment },
    'a payment that was sent counts as sent, also where who renews it does not know',
  ],
  [
    'believes old news',
    { advance: (payment, update) => sound.advance(payment, { ...update, ifTerms: undefined }) },
    'news of a payment from before it was renewed does not move it',
  ],
]
