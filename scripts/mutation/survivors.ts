import type { Mutant } from './mutants.ts'

/** Why no test can, or need, notice a change: by file, the line as it stands, and what is changed in it. */
const reasons: readonly (readonly [file: string, source: string, from: string, reason: string])[] = [
  [
    'src/policy/json/policy-from-json.ts',
    'if (!isStipendError(cause)) throw cause',
    'throw cause',
    'The forms throw errors of ours alone; anything else would be a slip in them, which no document brings about.',
  ],
  [
    'src/policy/rules/time-window.ts',
    'openings < 15',
    '<',
    'One more day is looked at for an opening; the days of a week have all been looked at by then.',
  ],
  [
    'src/policy/rules/hosts.ts',
    'refuseUnknown(name, options',
    'true',
    'Of the list of options only the names are looked at.',
  ],
  [
    'src/ledger/counters.ts',
    'return until <= now &&',
    '<=',
    'At that very millisecond a payment that counts nothing more stays in memory until the next look.',
  ],
  [
    'src/ledger/entry-list.ts',
    'lastOf(part) <= upTo',
    '<=',
    'A part that ends just there is added up entry by entry instead, to the same sum.',
  ],
  [
    'src/ledger/entry-list.ts',
    'isWhole || !isNode(part)',
    '||',
    'A part that lies wholly within is added up entry by entry instead, to the same sum.',
  ],
  [
    'src/ledger/memory.ts',
    'if (now < from) meters.forget()',
    '<',
    'Sums that are forgotten for nothing are added up anew, to the same.',
  ],
  [
    'src/pay/sign.ts',
    'if (!recorded.has(payment)) throw',
    'throw',
    'It guards against a slip of ours: whatever reaches it has been recorded.',
  ],
  [
    'src/ledger/list-pages.ts',
    'if (page.length > 0) yield page',
    '>',
    'Whoever reads an empty page more does nothing with it.',
  ],
  [
    'src/ledger/memory-payments.ts',
    'ordered.length < 2 * kept.size + 1000',
    '+',
    'It says only how often the list is rid of what is gone.',
  ],
  [
    'src/ledger/memory.ts',
    'OptionNames<MemoryLedgerOptions>',
    'true',
    'Of the list of options only the names are looked at.',
  ],
  [
    'src/ledger/reserve.ts',
    'unresolvedForMs !== undefined && !live',
    '&&',
    'It only spares a search: the purchase itself comes before others, and without a time no other is found.',
  ],
  [
    'src/ledger/time.ts',
    'now > 0 && told < now',
    '>',
    'A ledger that has heard no time yet is at 0, and no clock before.',
  ],
  [
    'src/protocols/x402/v2.ts',
    'whole.length <= maxWholeHeader',
    '<=',
    'A header of exactly that length is as good without its description as with it.',
  ],
  [
    'src/pay/sign.ts',
    'sessions.length > 0 ? ledger.revoked',
    '>',
    'Of no sessions none is revoked: the ledger is only spared the question.',
  ],
  [
    'src/ledger/memory-payments.ts',
    'looks < looksAtOnce && nextLook < end',
    '<',
    'It only says at how many payments one step looks.',
  ],
]

/** Says why a mutant may live, or nothing where a test is missing. */
export function reasonFor({ file, source, from }: Mutant): string | undefined {
  return reasons.find(([where, line, what]) => where === file && source.includes(line) && from.startsWith(what))?.[3]
}
