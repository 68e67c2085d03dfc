import { isUnresolved } from '../ledger/lifecycle.js'
import { listPages } from '../ledger/list-pages.js'
import type { PayContext, SignedIn, SignInAsked, SigningIn } from './context.js'
import { nameIn, requestDigest } from './purchase-id.js'
import { claimOf, isNothingAllowed, use } from './sign-in.js'
import type { Payment } from '../types.js'

/**
 * Shows what a payment of this wallet's or session's own brought, where that opens what is asked; one to which nobody had an
 * answer is delivered by it, where it was made for the same request.
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
  const note = async (isOpened: boolean): Promise<void> => {
    await shown?.note(isOpened)
    if (!isOpened || !isUnresolved(paid) || !(await isFor(paid, how.asked, context))) return
    await ledger.update(paid.id, { status: 'claimed', note: 'what it brought opened what was paid' }).catch(() => {})
  }
  return shown && { ...shown, note }
}

/** Another request that is opened by a payment is not what it was made for: that one is still to come. */
async function isFor(paid: Payment, { requestHash }: SignInAsked, context: PayContext): Promise<boolean> {
  if (requestHash === undefined) return false
  const secret = await context.secret(paid.terms.payer).catch(() => undefined)
  return (
    secret !== undefined && paid.requestDigest === requestDigest(secret, nameIn(context.sessions.at(-1), requestHash))
  )
}
