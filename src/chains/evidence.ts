import type { Hex, Network, Payment } from '../types.js'

/**
 * What final blocks say of a payment.
 *
 * - `executed`: the transfer that was authorized is in a final block
 * - `expired`: its time is over by a final block's clock, and its nonce was not used by then
 * - `cancelled`: its nonce was cancelled in a final block
 * - `diverted`: its nonce was used, but our transfer is not there; somebody has to look
 * - `open`: nothing is final yet, or those asked cannot or do not agree to say; the reason says which
 */
export type Evidence =
  | { readonly type: 'executed'; readonly transaction: string; readonly amount: bigint }
  | { readonly type: 'expired' }
  | { readonly type: 'cancelled'; readonly transaction: string }
  | { readonly type: 'diverted'; readonly transaction: string }
  | { readonly type: 'open'; readonly reason: string }

/** Says what a chain shows of payments on one network. */
export type Chain = {
  readonly network: Network
  /** Looks a payment up; a failure to look is `open`, never a throw. */
  readonly examine: (payment: Payment) => Promise<Evidence>
  /** Sends a payer's signed cancellation of a payment, where somebody is configured to pay for it; answers the transaction. */
  readonly cancel?: ((payment: Payment, signature: Hex) => Promise<string>) | undefined
}
