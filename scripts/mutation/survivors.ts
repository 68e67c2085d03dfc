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
    'src/ledger/entry-list.ts',
    'lastOf(part) <= upTo',
    '<=',
    'A part that ends just there is added up entry by entry instead, to the same sum.',
  ],
  [
    'src/ledger/list-pages.ts',
    'if (page.length > 0) yield page',
    '>',
    'Whoever reads an empty page more does nothing with it.',
  ],
]

/** Says why a mutant may live, or nothing where a test is missing. */
export function reasonFor({ file, source, from }: Mutant): string | undefined {
  return reasons.find(([where, line, what]) => where === file && source.includes(line) && from.startsWith(what))?.[3]
}
