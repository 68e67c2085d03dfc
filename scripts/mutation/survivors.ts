import type { Mutant } from './mutants.ts'

/** Why no test can, or need, notice a change: by file, the line as it stands, and what is changed in it. */
const reasons: readonly (readonly [file: string, source: string, from: string, reason: string])[] = []

/** Says why a mutant may live, or nothing where a test is missing. */
export function reasonFor({ file, source, from }: Mutant): string | undefined {
  return reasons.find(([where, line, what]) => where === file && source.includes(line) && from.startsWith(what))?.[3]
}
