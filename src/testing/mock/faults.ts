import { type AnswerFaultName, answers } from '../server/faults.js'
import { type AskingFaultName, asking } from './fault-asking.js'

/**
 * What a mock server does wrong. Where the name starts with `settle-then`, the money is taken first.
 *
 * With a payment that is good:
 * - `settle-then-drop`: rejects with a `TypeError`, as `fetch` does when the connection is lost. Behind msw or a real server,
 *   turn the rejection into a network error: `server(request).catch(() => Response.error())`.
 * - `settle-then-500`: answers 500 without a receipt.
 * - `settle-then-402`: asks again as if no payment had come.
 * - `settle-then-raise`: asks again, ten times the amount.
 * - `settle-then-deny`: says that settling failed, which is a lie.
 * - `settle-then-redirect`: answers 307 to another origin, `https://elsewhere.invalid/`.
 * - `settle-then-hang`: never answers; rejects when the request is aborted.
 * - `settlement-pending`: takes the money, says that settling is under way, and delivers when the same payment comes again.
 * - `settle-fails`: says that settling failed, and takes nothing.
 * - `never-settle`: delivers with a receipt, and takes nothing.
 * - `endless-402`: asks again whatever comes, and takes nothing.
 * - `slow-answer`: delivers when the payment can no longer be settled; needs a `testClock`.
 * - `broken-off-body`: answers 200 with a receipt, and the body breaks off.
 * - `forged-receipt`: delivers, with a receipt that names another payer and transaction.
 * - `odd-receipt`: delivers, with a receipt that cannot be read.
 * - `no-receipt`: delivers, without a receipt.
 *
 * When it asks:
 * - `price-drift`: asks more each time.
 * - `payee-swap`: asks for another payee from the second time on.
 * - `asset-spoof`: asks for a token of the same name at another address.
 * - `decimals-lie`: says that the token has 18 decimals.
 * - `domain-mismatch`: says another name and version of the token than it has.
 * - `wrong-chain`: asks for the money on mainnet.
 * - `long-window`: asks for ten years. `short-window`: asks for two seconds.
 * - `redirect`: sends whoever asks to another origin.
 * - `malformed`, `duplicate`, `oversize`: its message cannot be read, is there twice and differs, or is 256 KiB too long.
 * - `many-offers`: makes a thousand offers, of which only the last is of a known token.
 * - `gzip-bomb`: has a body that does not end.
 * - `clock-skew`: says a time an hour ahead.
 * - `not-x402`: answers 402 with a page for people.
 */
export type Mock402Fault = AnswerFaultName | AskingFaultName

/** Tells whether text is the name of a fault. */
export function isMock402Fault(name: string): name is Mock402Fault {
  return Object.hasOwn(answers, name) || Object.hasOwn(asking, name)
}

/** The names of all faults, for tests that try each, or draw from them. */
export const mock402Faults: readonly Mock402Fault[] = Object.freeze([
  ...Object.keys(answers),
  ...Object.keys(asking),
]) as readonly Mock402Fault[]
