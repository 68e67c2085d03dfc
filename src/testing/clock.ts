/** A clock that stands still until it is told to go on. */
export type TestClock = (() => number) & {
  /** Moves on by some seconds. */
  readonly advance: (seconds: number) => void
  /** Milliseconds that never go back, for the option `monotonic` of a wallet. */
  readonly monotonic: () => number
}

/**
 * Creates a clock for tests: the option `clock` of a wallet and of `mock402`.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet } from 'stipend'
 * import { testClock, testKeyStore } from 'stipend/testing'
 *
 * const clock = testClock()
 * const policy = [allowHosts(['api.example.com'])]
 * const wallet = createAgentWallet({ keyStore: testKeyStore(), policy, clock, monotonic: clock.monotonic })
 * clock.advance(3600)
 * ```
 *
 * @param start Unix milliseconds; by default noon of the first day of 2026, UTC.
 */
export function testClock(start: number = Date.UTC(2026, 0, 1, 12)): TestClock {
  let passed = 0
  const clock = (): number => start + passed
  return Object.freeze(
    Object.assign(clock, {
      advance: (seconds: number) => {
        passed += seconds * 1000
      },
      monotonic: () => passed,
    }),
  )
}
