import { bindsTwin, countsAsSpent } from '../ledger/lifecycle.js'
import type { Payment } from '../types.js'
import type { PayContext } from './context.js'
import { nameIn, paymentId, requestDigest } from './purchase-id.js'

/** What a purchase is known by. */
export type StandingRequest = {
  readonly payer: string
  readonly key: string | undefined
  /** Whether it goes on from an identical one too. @default where it has no name */
  readonly sameRequest?: boolean | undefined
  readonly requestHash: string
  /** The host of its resource, such as `transfer`. */
  readonly host: string
}

type Sources = Pick<PayContext, 'ledger' | 'secret' | 'sessions' | 'time' | 'unresolvedForMs'>

/**
 * Finds the payment that stands for a purchase already: the one of its name or, where it goes on from those, an identical one of
 * which nobody knows what became.
 */
export async function findStanding(
  { payer, key, sameRequest = key === undefined, requestHash, host }: StandingRequest,
  { ledger, secret: secretOf, sessions, time, unresolvedForMs }: Sources,
): Promise<Payment | undefined> {
  const secret = await secretOf(payer)
  const session = sessions.at(-1)
  if (key !== undefined) {
    const known = await ledger.get(paymentId(secret, nameIn(session, key)))
    if (known && countsAsSpent(known)) return known
  }
  if (!sameRequest) return undefined
  const digest = requestDigest(secret, nameIn(session, requestHash))
  const now = time().ledger
  for (const status of ['unknown', 'authorized'] as const) {
    const found = (await ledger.list({ status, host })).find((one) => one.requestDigest === digest)
    if (found && bindsTwin(found, unresolvedForMs, now)) return found
  }
  return undefined
}
