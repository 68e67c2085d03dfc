import { isUnresolved } from '../ledger/lifecycle.js'
import { listPages } from '../ledger/list-pages.js'
import type { PayContext, SignedIn, SignInAsked, SigningIn } from './context.js'
import { nameIn, requestDigest } from './purchase-id.js'
import { claimOf, isNothingAllowed, use } from './sign-in.js'
import { ChainUnavailableError } from '../errors.js'
import type { SignInClaim } from '../ports/sign-in.js'
import { withoutQuery } from '../resource.js'
import type { Payment } from '../types.js'

/**
 * Shows what a payment of this wallet's or session's own brought, where that opens what is asked; one to which nobody had an
 * answer is delivered by it, where it was made for the same request.
 *
 * @throws ChainUnavailableError when whoever knows what was paid for just that does not answer, unless it is to be bought anew.
 */
export async function showPaid(how: SigningIn, context: PayContext): Promise<SignedIn | undefined> {
  const { resource } = how.asked
  const { ledger, sessions, keyStore, clock } = context
  const session = sessions.at(-1)
  const scope = session === undefined ? 'wallet' : `session:${session}`
  const own = listPages(ledger, { host: resource.host, scope })
  const paid = await how.method.findPaid?.(own, { resource, now: clock(), protocol: how.required.protocol })
  const signer = paid && (await keyStore.getSigner(paid.asset.network))
  if (!paid || signer?.address !== paid.terms.payer) return undefined
  const claim = claimOf({ ...how, paid }, signer, paid, context)
  if (!claim || !(await isNothingAllowed(paid, how.asked, context))) return undefined
  const shown = await use(claim, { ...how, signer, about: paid }, context)
  if (!shown) stopUnanswered(claim, paid, how)
  const note = async (isOpened: boolean): Promise<void> => {
    await shown?.note(isOpened)
    if (!isOpened || !isUnresolved(paid) || !(await isFor(paid, how.asked, context))) return
    await ledger.update(paid.id, { status: 'claimed', note: 'what it brought opened what was paid' }).catch(() => {})
  }
  return shown && { ...shown, note }
}

/** What was paid for is not paid again because nobody says what it brought. */
function stopUnanswered(claim: SignInClaim, paid: Payment, { method, asked }: SigningIn): void {
  const reason = method.whyUnanswered?.(claim)
  const { url, method: verb } = withoutQuery(asked.resource)
  const isSame = paid.resource.url === url && paid.resource.method === verb
  if (reason === undefined || asked.isNew || !isSame) return
  throw new ChainUnavailableError(reason, {
    details: [
      `It was paid for before (${paid.id}), and is not paid again until what that brought can be shown: nothing was paid now.`,
      'Try again. To buy anew, give the call a payment.key of its own, or set payment.repeatable.',
    ],
  })
}

/** Another request that is opened by a payment is not what it was made for: that one is still to come. */
async function isFor(paid: Payment, { requestHash }: SignInAsked, context: PayContext): Promise<boolean> {
  if (requestHash === undefined) return false
  const secret = await context.secret(paid.terms.payer).catch(() => undefined)
  return (
    secret !== undefined && paid.requestDigest === requestDigest(secret, nameIn(context.sessions.at(-1), requestHash))
  )
}
