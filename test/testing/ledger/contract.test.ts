import { describe, expect, test } from 'vitest'
import type { Payment } from '../../../src/index.js'
import { ledgerContract } from '../../../src/testing/index.js'
import type { CreateLedger } from '../../../src/testing/ledger/checks.js'
import { journalMistakes, type Mistake, timeMistakes, wholeMistakes } from './mistakes.ts'
import { type Entry, type Habits, naiveLedger, sound } from './naive-ledger.ts'

const without = (status: Payment['status']) => ({
  counts: (payment: Payment) => payment.status !== status && sound.counts(payment),
})
const isUnknown = ({ status }: Pick<Payment, 'status'>): boolean => status === 'unknown'
const isOpen = ({ status }: Pick<Payment, 'status'>): boolean => status === 'unknown' || status === 'authorized'
const withShare = (open: typeof isOpen, unknown: typeof isUnknown): Partial<Habits> => ({
  share: (limit, payment) => {
    if (limit.measure === 'open') return open(payment) ? 1n : 0n
    return limit.measure === 'unknown' ? BigInt(unknown(payment)) : sound.share(limit, payment)
  },
})
const keepFirst = (notes: Map<string, string>, name: string, text: string): void => {
  if (!notes.has(name)) notes.set(name, text)
}
const wait = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })
const earliest = (counted: readonly Entry[]): number | undefined => counted[0] && counted[0].until + 60_000

const maximum = 'a payment of a maximum counts as that, until a final block shows that less was taken'
const taken = ({ receipt, microUsd }: Payment): bigint => receipt?.amount ?? microUsd

/** Ledgers that each do one thing wrong, and the check that must find it. */
const mistakes: readonly Mistake[] = [
  ...timeMistakes,
  ...journalMistakes,
  ...wholeMistakes,
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
  [
    'believes old news',
    { advance: (payment, update) => sound.advance(payment, { ...update, ifTerms: undefined }) },
    'news of a payment from before it was renewed does not move it',
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
  [
    'is not stopped by a revocation',
    { halts: () => false },
    'a revoked session records nothing more, and neither does one that was made from it',
  ],
  [
    'looks at the last session only',
    { isRevoked: (revoked, ids) => sound.isRevoked(revoked, ids.slice(-1)) },
    'a revoked session records nothing more, and neither does one that was made from it',
  ],
  [
    'hands out payments to a revoked session',
    { halts: (_session, found) => found === undefined },
    'a revoked session records nothing more, and neither does one that was made from it',
  ],
  [
    'judges an end by the clock of who asks',
    { isLate: (notAfter, _now, payment) => payment.createdAt >= notAfter },
    'what asks has an end by the ledger’s time, which is not put off by a clock that is put back',
  ],
  [
    'includes the end',
    { isLate: (notAfter, now) => now > notAfter },
    'what asks has an end by the ledger’s time, which is not put off by a clock that is put back',
  ],
  [
    'names the session that was revoked last',
    { isRevoked: (revoked, ids) => ids.findLast((id) => revoked.has(id)) },
    'a session stays revoked, and the others go on',
  ],
  [
    'stops all sessions by revoking one',
    { isRevoked: (revoked, ids) => (revoked.size > 1 ? ids[0] : undefined) },
    'a session stays revoked, and the others go on',
  ],
  [
    'takes no pin seriously',
    { agrees: () => true },
    'what the first payment says is remembered, and one that says something else is refused',
  ],
  [
    'remembers nothing',
    { pin: () => {} },
    'what the first payment says is remembered, and one that says something else is refused',
  ],
  [
    'holds to the last payment',
    { pin: sound.repin },
    'a number may rise by its percentage over the one that is remembered, to the unit',
  ],
  [
    'adds percents as numbers',
    {
      agrees: (pin, remembered) =>
        pin.maxRisePercent === undefined
          ? sound.agrees(pin, remembered, undefined)
          : Number(pin.value) <= Number(remembered) * (1 + pin.maxRisePercent / 100),
    },
    'a number may rise by its percentage over the one that is remembered, to the unit',
  ],
  [
    'lets nothing rise',
    { agrees: ({ maxRisePercent: _most, ...pin }, remembered) => sound.agrees(pin, remembered, undefined) },
    'a number may rise by its percentage over the one that is remembered, to the unit',
  ],
  ['remembers what it refused', { pinsRefused: true }, 'a payment that is refused is not remembered'],
  [
    'does not replace what it remembers',
    { repin: sound.pin },
    'what a person has agreed to is remembered in place of what was',
  ],
  [
    'waits between what is remembered and the write',
    { pause: wait },
    'of twenty payments at once that all say something else one is remembered',
  ],
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

describe('the ledger contract', () => {
  test.each(Object.entries(ledgerContract))(
    'is kept by a ledger that adds everything up anew: %s',
    async (_sentence, check) => {
      await expect(check((options) => naiveLedger(sound, options))).resolves.toBeUndefined()
    },
  )

  test.each(mistakes)('finds a ledger that %s', async (_what, mistake, sentence) => {
    const check = ledgerContract[sentence]
    expect(check).toBeTypeOf('function')
    const create: CreateLedger = (options) =>
      typeof mistake === 'function' ? mistake() : naiveLedger({ ...sound, ...mistake }, options)
    const error = await check?.(create).catch((thrown: unknown) => thrown)
    // A sentence of the contract, and not the naive ledger falling over itself.
    expect(error).toMatchObject({ name: 'Error', message: expect.stringMatching(/^[A-Z].* /) })
  })

  test('has no check that cannot fail', () => {
    const proven = new Set(mistakes.map(([, , sentence]) => sentence))
    expect(Object.keys(ledgerContract).filter((sentence) => !proven.has(sentence))).toEqual([])
  })

  test('can be run by any ledger that is made in a moment', async () => {
    const check = ledgerContract['each scope is counted for itself']
    await expect(check?.(async () => naiveLedger())).resolves.toBeUndefined()
  })
})
