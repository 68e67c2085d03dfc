import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Mutant } from './mutants.ts'

/** What became of mutants in earlier runs, kept beside the sources: a whole run takes an hour. */
export type Outcomes = {
  /** Tells whether a test has noticed this very change of this very source. */
  readonly isKilled: (mutant: Mutant) => boolean
  /** Notes what became of one, and writes all down. */
  readonly note: (mutant: Mutant, killed: boolean) => void
}

const path = fileURLToPath(new URL('../../.cache/mutation.json', import.meta.url))

/** Reads what is known of earlier runs; a source that has changed since is not known. */
export function readOutcomes(): Outcomes {
  const killed = new Set<string>(existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [])
  return {
    isKilled: (mutant) => killed.has(keyOf(mutant)),
    note: (mutant, isNoticed) => {
      if (isNoticed) killed.add(keyOf(mutant))
      else killed.delete(keyOf(mutant))
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, JSON.stringify([...killed]))
    },
  }
}

function keyOf({ file, changed }: Mutant): string {
  return createHash('sha256').update(`${file}\n${changed}`).digest('hex').slice(0, 32)
}
