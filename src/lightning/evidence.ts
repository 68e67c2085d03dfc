import type { Chain, Evidence } from '../ports/chain.js'
import type { Payment } from '../types.js'
import type { LightningAccount } from './account.js'
import { readKeptInvoice, schemeName } from './challenge.js'
import { type LightningNetwork, networks } from './networks.js'

/** What the wallet's clock and ours may be apart. */
const marginMs = 120_000

type Options = { readonly account: LightningAccount; readonly network: LightningNetwork; readonly clock: () => number }

/** Nothing is sent to a server but a preimage that fits, and what it answers is of that: it was paid, whatever is said since. */
function wasShown({ status, receipt }: Payment): boolean {
  return status === 'claimed' || receipt !== undefined
}

/** Says what the owner's Lightning wallet knows of its payments. */
export function lightningEvidence({ account, network, clock }: Options): Chain {
  const examine = async (payment: Payment): Promise<Evidence> => {
    const { terms, scheme, amount } = payment
    const invoice = readKeptInvoice(terms.challenge)
    const isOurs =
      scheme === schemeName && terms.payer === account.signer.address && invoice?.paymentHash === terms.nonce
    if (!isOurs || !invoice) return { type: 'open', reason: 'it is no payment of this Lightning wallet' }
    const found = await account.find(terms.nonce)
    if (found.type === 'paid') {
      const { feesMsat } = found.proof
      const paid = feesMsat === undefined ? amount : (invoice.amountMsat ?? 0n) + feesMsat
      return { type: 'executed', transaction: terms.nonce, amount: paid }
    }
    // What failed can be an earlier try, while ours is still on its way to the wallet, which pays no invoice that is over.
    const isOver = clock() > invoice.expiresAt * 1000 + marginMs
    if (found.type === 'failed' && isOver && !wasShown(payment)) return { type: 'expired' }
    const reason = 'the Lightning wallet does not say that it was paid, or that it can be paid no more'
    return { type: 'open', reason, canExecute: found.type === 'open' || !isOver }
  }
  return Object.freeze({
    network: networks[network].id,
    examine: async (payment) =>
      examine(payment).catch(() => ({ type: 'open', reason: 'the Lightning wallet did not answer' }) as const),
  } satisfies Chain)
}
