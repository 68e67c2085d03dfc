import type { Usd } from '../../money.js'
import type { TestClock } from '../clock.js'
import type { Mock402Fault } from './faults.js'
import type { Mock402Protocol } from './messages.js'
import type { Mock402Method } from './book.js'

/** Options of `mock402`. */
export type Mock402Options = {
  /** How it asks; of several, in all at once. @default ['x402'] */
  readonly protocols?: readonly Mock402Protocol[] | undefined
  /**
   * What it takes, in the order in which it offers them: EIP-3009, Permit2 and `upto` on Base Sepolia, and Solana devnet.
   *
   * @default ['eip3009']
   */
  readonly methods?: readonly Mock402Method[] | undefined
  /** What it asks; in `upto` the most that it may take. @default '$0.01' */
  readonly price?: Usd | undefined
  /** What it takes in `upto`. @default half of the price */
  readonly used?: Usd | undefined
  /** What it does wrong: all of it together, or with a `seed` one of these now and then. */
  readonly faults?: readonly Mock402Fault[] | undefined
  /** Draws a fault for every other request or so; without `faults` from all of them. */
  readonly seed?: number | undefined
  /**
   * Delivers what was bought, after the money was taken.
   *
   * @default a JSON response of `{ "ok": true }`
   */
  readonly respond?: ((request: Request) => Response | Promise<Response>) | undefined
  /** Whether the very same payment is answered again, without taking the money again. @default true */
  readonly idempotent?: boolean | undefined
  /** How long an authorization may live, in seconds. @default 60 */
  readonly maxTimeoutSeconds?: number | undefined
  /** Extensions to declare, in x402 v2. */
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
  /** Unix milliseconds. @default Date.now */
  readonly clock?: TestClock | (() => number) | undefined
}
