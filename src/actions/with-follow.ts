import type { Action, Waiting } from '../ports/action.js'
import type { Chain, Evidence } from '../ports/chain.js'
import type { Payment } from '../types.js'

/**
 * Lets an action be executed only once nothing is waited for any more, such as that it arrives on another network: until then
 * it is open, and its record says why.
 */
export function withFollow(chains: readonly Chain[], own: readonly Action[]): readonly Chain[] {
  const chainOf = (network: string) => chains.find((chain) => chain.network === network)?.actions
  const examine = async (payment: Payment, chain: Chain): Promise<Evidence> => {
    const evidence = await chain.examine(payment)
    const plan = evidence.type === 'executed' && chain.actions?.planOf(payment)
    const follow = plan && own.find(({ name }) => name === plan.action)?.follow
    const waits = follow && (await ask(() => follow({ payment, plan, transaction: evidence.transaction, chainOf })))
    return waits ? { type: 'open', reason: waits.note, note: waits.note, canExecute: waits.canCome } : evidence
  }
  const isAny = own.some(({ follow }) => follow)
  return isAny ? chains.map((chain) => ({ ...chain, examine: (payment) => examine(payment, chain) })) : chains
}

/** Where nobody says, it can still come: its money has left. */
async function ask(follow: () => Promise<Waiting | undefined>): Promise<Waiting | undefined> {
  try {
    return await follow()
  } catch {
    return { note: 'it was executed, and nothing says yet whether it has arrived', canCome: true }
  }
}
