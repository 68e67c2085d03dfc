import { isUnresolved } from '../ledger/lifecycle.js'
import { listPages } from '../ledger/list-pages.js'
import type { PayContext, SignedIn, SigningIn } from './context.js'
import { claimOf, isNothingAllowed, use } from './sign-in.js'

/**
 * Shows what a payment of this wallet's or session's own brought, where that opens what is asked; one to which nobody had an
 * answer is delivered by it.
 */
export async function showPaid(how: SigningIn, context: PayContext): Promise<SignedIn | undefined> {
  const { resource } = how.asked
  const { ledger, sessions, keyStore, clock } = context
  const session = sessions.at(-1)
  const scope = session === undefined ? 'wallet' : `session:${session}`
  const own = listPages(ledger, { host: resource.host, scope })
  const paid = await how.method.findPaid?.(own, { resource, now: clock() })
  const signer = paid && (await keyStore.getSigner(paid.asset.network))
  if (!paid || signer?.address !== paid.terms.payer) return undefined
  const claim = claimOf({ ...how, paid }, signer, paid, context)
  if (!claim || !(await isNothingAllowed(paid, how.asked, context))) return undefined
  const shown = await use(claim, { ...how, signer, about: paid }, context)
  const note = async (isOpened: boolean): Promise<void> => {
    await shown?.note(isOpened)
    if (!isOpened || !isUnresolved(paid)) return
    await ledger.update(paid.id, { status: 'claimed', note: 'what it brought opened what was paid' }).catch(() => {})
  }
  return shown && { ...shown, note }
}
