/** A promise that was broken. */
class Broken extends Error {
  constructor(invariant: string, what: string) {
    super(`${invariant} is broken: ${what}`)
  }
}

/** Throws when a promise does not hold. */
export function require(invariant: string, holds: boolean, what: string): void {
  if (!holds) throw new Broken(invariant, what)
}
