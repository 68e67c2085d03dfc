import { deepFreeze } from '../lib/freeze.js'
import type { PurchaseRequest, PayContext } from './context.js'
import { isSamePurchase } from '../ledger/lifecycle.js'
import { windowStart } from '../ledger/window.js'
import { hasPassed, noteAgain, wasWithin } from './let-through.js'
import { type Payable, prepare, type Prepared } from './prepare.js'
import { isDearer } from './question.js'
import { isSoft, type Tried, tryReserve } from './try-reserve.js'
import type { Limit, Payment } from '../types.js'

type Allowing = Pick<Payable, 'required'> & Pick<Prepared, 'allowed'>

/** Judges a purchase once more, and fixes it with a time that begins now. */
export function prepareAnew(
  known: Payment,
  { required, allowed }: Allowing,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Prepared> {
  return prepare({ required, candidates: [allowed] }, { ...request, purchaseKey: known.purchaseKey }, context)
}

/** What was recorded in place of a payment, and what the ledger made of it. */
type Renewed = { readonly payment: Payment; readonly tried: Tried }

/**
 * Records a purchase with another time in place of what it had under the same nonce, or answers nothing where that nonce
 * cannot be made again. A limit beyond which a person is asked holds it up no more than when it was recorded, as long as it
 * counts there already, as much as it counts now: in a window that it has left, that leave was given for another day; what is
 * worth more by now was let count as less; and a limit that has changed since is another. A yes or a delay that the policy asks
 * for by now has to have been given to it, for what it is worth now; a payee or a price that was replaced since is not gone back
 * to.
 */
export async function renew(
  known: Payment,
  { payment: anew, allowed: { hold, limits, pins } }: Prepared,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Renewed | undefined> {
  const isAsBefore = isSamePurchase(known, anew)
  const hasItsNonce = anew.id === known.id && anew.terms.nonce === known.terms.nonce
  // Found with other terms, it was not taken to be sent again; now it is.
  const presentations = known.presentations + (isAsBefore ? 0 : 1)
  if (!hasItsNonce || !(isAsBefore || canReprice(known, anew, request))) return undefined
  const before = isAsBefore ? known.letThrough : undefined
  const letThrough = noteAgain(limits, before)
  const payment = deepFreeze({
    ...anew,
    presentations,
    ...dearestOf(known, anew),
    ...(letThrough && { letThrough }),
  })
  if (hold && (isDearer(payment, known) || !hasPassed(hold, before))) return { payment, tried: { type: 'waiting' } }
  const { sessions, notAfter } = context
  const now = context.time().ledger
  const counts = (limit: Limit): boolean => payment.microUsd <= known.microUsd && countsIn(limit, known, now)
  const held = limits.filter((limit) => !isSoft(limit) || !wasWithin(limit, before) || !counts(limit))
  return { payment, tried: await tryReserve(payment, held, { renew: true, sessions, notAfter, pins }, context) }
}

/**
 * Tells whether other terms can be signed under a payment's nonce, because the server answered it with them: the same token
 * must refuse the nonce a second time, and take exactly what is signed.
 */
export function canReprice(known: Payment, anew: Payment, { again }: Pick<PurchaseRequest, 'again'>): boolean {
  const isExact = !known.terms.isMaximum && !anew.terms.isMaximum && known.terms.challenge === undefined
  const { amount, payTo } = known
  return again?.id === known.id && isExact && isSamePurchase(known, { ...anew, amount, payTo })
}

/** Whichever of all that was signed is executed, the payment counts as the dearest, and for each payee. */
function dearestOf(known: Payment, anew: Payment): Partial<Pick<Payment, 'earlier' | 'microUsd' | 'scopes'>> {
  const { amount, payTo, earlier = [] } = known
  const others = isSamePurchase(known, anew) ? earlier : [...earlier, { amount, payTo }]
  if (others.length === 0) return {}
  return {
    earlier: others,
    microUsd: known.microUsd > anew.microUsd ? known.microUsd : anew.microUsd,
    scopes: [...new Set([...known.scopes, ...anew.scopes])],
  }
}

function countsIn({ scope, window }: Limit, { scopes, countsUntil }: Payment, now: number): boolean {
  return scopes.includes(scope) && countsUntil > windowStart(window, now)
}
