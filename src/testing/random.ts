import type { Random } from '../lib/random.js'

/** Chance that is the same for the same seed. */
export type TestRandom = Random & {
  /** Answers a whole number from 0 up to, and without, another. */
  readonly below: (end: number) => number
  /** Answers one of some items. */
  readonly pick: <item>(items: readonly [item, ...item[]]) => item
}

/**
 * Creates chance from a seed (mulberry32), also for the option `random` of a wallet: for tests, and never for real money.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet } from 'stipend'
 * import { testKeyStore, testRandom } from 'stipend/testing'
 *
 * const policy = [allowHosts(['api.example.com'])]
 * const wallet = createAgentWallet({ keyStore: testKeyStore(), policy, random: testRandom(7) })
 * ```
 */
export function testRandom(seed: number): TestRandom {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number): number => Math.floor(next() * end)
  const bytes: Random = (length) => Uint8Array.from({ length }, () => below(256))
  return Object.assign(bytes, {
    below,
    pick: <item>(items: readonly [item, ...item[]]) => items[below(items.length)] ?? items[0],
  })
}
