/** Chance that is the same for the same seed. */
export type Chance = {
  /** From 0 up to, and without, a number. */
  readonly below: (end: number) => number
  /** True that often, from 0 to 1. */
  readonly is: (often: number) => boolean
  readonly pick: <item>(items: readonly item[]) => item
  readonly bytes: (length: number) => Uint8Array
}

/** Creates chance from a seed (mulberry32). */
export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number): number => Math.floor(next() * end)
  return {
    below,
    is: (often) => next() < often,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  }
}
