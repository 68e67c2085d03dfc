import { refuseUnknown } from '../lib/known-options.js'
import { listPages } from '../ledger/list-pages.js'
import type { Network, Payment } from '../types.js'
import { act, type ActContext } from './act.js'
import { readAllowance } from './allowances.js'

/** Which approval is ended. */
export type RevokeOptions = {
  /** A CAIP-2 id, such as `eip155:8453`. */
  readonly network: Network
  /** A symbol of the table of assets, or an address. */
  readonly token: string
  /** Who may move it until then. */
  readonly spender: string
}

/**
 * Lets a spender move nothing of a token any more. It takes back rather than gives: neither the policy nor what is under way
 * stands in its way, and where it takes the account nonce of an action that never came, that one is told.
 */
export async function revoke(options: RevokeOptions, means: ActContext): Promise<Payment> {
  refuseUnknown('revoke', options, { network: true, token: true, spender: true })
  const payment = await act({ action: 'revoke', ...options }, { ...means, takesBack: true })
  await noteOnOpen(payment, means)
  return payment
}

/**
 * Ends the approvals of actions that were interrupted and can never be done any more, since their time is over. What can
 * still be done is left for whoever asks for it again.
 */
export async function endStranded(means: ActContext): Promise<void> {
  const { context, chains } = means
  const open = await openActions(means)
  if (open.length === 0) return
  // The clock is looked at once the chains have said whether it is right: before, it would be the ledger's time.
  await context.askTime()
  const { ledger, aheadMs } = context.time()
  if (aheadMs !== undefined) return
  for (const payment of open) {
    const { network } = payment.asset
    const actions = chains.find((one) => one.network === network)?.actions
    const plan = actions?.planOf(payment)
    if (!actions || !plan || ledger / 1000 <= payment.terms.validBefore) continue
    const view = await actions.view()
    for (const { token, spender } of plan.approvals) {
      const left = await readAllowance(view, { owner: payment.terms.payer, token, spender })
      if (left > 0n) await revoke({ network, token: token.address, spender }, means)
    }
  }
}

/** What is known to have been executed in its place proves that an action never comes. */
async function noteOnOpen({ receipt, terms, asset }: Payment, means: ActContext): Promise<void> {
  if (!receipt) return
  const stranded = (await openActions(means)).filter(
    (one) => one.asset.network === asset.network && one.terms.payer === terms.payer && one.receipt,
  )
  for (const { id, receipt: own, terms: theirs } of stranded) {
    if (!own) continue
    const transactions = [...new Set([...(own.transactions ?? [own.transaction]), receipt.transaction])]
    const note = `its approval was ended by ${receipt.transaction}`
    await means.context.ledger.update(id, {
      status: 'unknown',
      receipt: { ...own, transactions },
      note,
      ifTerms: theirs,
    })
  }
}

async function openActions({ context: { ledger } }: ActContext): Promise<readonly Payment[]> {
  const found: Payment[] = []
  for (const status of ['authorized', 'unknown'] as const) {
    for await (const page of listPages(ledger, { status, host: 'action' })) {
      found.push(...page.filter(({ scheme }) => scheme === 'action'))
    }
  }
  return found
}
