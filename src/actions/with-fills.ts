import { isAction } from '../resource.js'
import type { Chain, Evidence } from '../ports/chain.js'
import type { Payment } from '../types.js'

/**
 * Lets what was brought to another network be executed once it has arrived there: until then it is open, and its record says
 * what it waits for.
 */
export function withFills(chains: readonly Chain[]): readonly Chain[] {
  return chains.map((chain) =>
    chain.actions ? { ...chain, examine: (payment) => examine(payment, chain, chains) } : chain,
  )
}

async function examine(payment: Payment, chain: Chain, chains: readonly Chain[]): Promise<Evidence> {
  const evidence = await chain.examine(payment)
  if (evidence.type !== 'executed' || !isAction(payment.resource)) return evidence
  const plan = chain.actions?.planOf(payment)
  if (plan?.action !== 'bridge') return evidence
  const { findFill } = await import('./fills.js')
  return (await findFill(payment, evidence.transaction, chains)) ?? evidence
}
