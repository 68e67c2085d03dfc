import { quoteWith, wrapFetch } from '../fetch/wrap-fetch.js'
import { budget } from '../pay/budget.js'
import type { Payer } from '../pay/payer.js'
import { approvalsOf } from './approvals.js'
import { setLedgerTime } from './clock.js'
import type { WalletContext } from './context.js'
import { freezerOf } from './freezer.js'
import { paymentsOf } from './payments.js'
import type { AgentWallet } from './wallet.js'

/** A wallet that pays and keeps its owner's rules; it asks no chain, moves nothing else, and makes no sessions. */
export type LeanWallet = Payer &
  Pick<AgentWallet, 'fetch' | 'quote' | 'budget' | 'approvals' | 'freeze' | 'unfreeze' | 'frozen'> &
  Pick<AgentWallet, 'setPolicy' | 'restrict' | 'on' | 'confirmClock' | 'setLedgerTime'> & {
    readonly payments: Omit<AgentWallet['payments'], 'export'>
  }

/** What every wallet has: it pays, and lets its owner see and stop what it pays. */
export function payingPartOf(
  { context, setPolicy, restrict, trusted, on }: WalletContext,
  { payer, fetch }: { readonly payer: Payer; readonly fetch: typeof globalThis.fetch },
): LeanWallet {
  const { ledger, emit } = context
  return {
    ...payer,
    fetch: wrapFetch(fetch, payer),
    quote: quoteWith(fetch, payer),
    budget: (url?: string | URL) => budget(context, url),
    payments: Object.freeze(paymentsOf(ledger)),
    approvals: approvalsOf(context),
    confirmClock: trusted.confirm,
    setLedgerTime: ({ reason }: { readonly reason: string }) => setLedgerTime(reason, { ledger, trusted, emit }),
    ...freezerOf(context),
    setPolicy,
    restrict,
    on,
  }
}
