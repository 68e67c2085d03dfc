import { forgetOldest } from '../../src/lib/recent.js'

/** How long the answer to a wrong guess waits. */
export type Throttle = {
  /** Counts a wrong guess, and answers for how many milliseconds its answer waits. */
  readonly blame: (source: string) => number
  /** Forgets the guesses of a source. */
  readonly forgive: (source: string) => void
}

/** Guesses whose answers come at once; each one after them waits, twice as long as the one before. */
const freeGuesses = 5
const firstDelayMs = 125
const maxDelayMs = 2000
/** After which a source has a clean sheet. */
const quietMs = 300_000
const maxSources = 1000

/** Counts wrong guesses by where they come from; the sources that were quiet for longest are forgotten first. */
export function createThrottle(clock: () => number): Throttle {
  const sources = new Map<string, { readonly failures: number; readonly at: number }>()
  return {
    blame: (source) => {
      const now = clock()
      const last = sources.get(source)
      const failures = (last && Math.abs(now - last.at) < quietMs ? last.failures : 0) + 1
      sources.delete(source)
      sources.set(source, { failures, at: now })
      forgetOldest(sources, maxSources)
      return failures <= freeGuesses ? 0 : Math.min(firstDelayMs * 2 ** (failures - freeGuesses), maxDelayMs)
    },
    forgive: (source) => {
      sources.delete(source)
    },
  }
}
