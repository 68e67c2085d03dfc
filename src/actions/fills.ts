import { spokePools } from '../assets/pinned-contracts.js'
import { chainIdOf, encodeFillStatus, filled, findDepositId, networkOf, readDeposit } from '../evm/across.js'
import type { ExecutedAction, Waiting } from '../ports/action.js'
import { readNumber } from './tokens.js'

/** Says what a deposit still waits for; nothing where it has arrived. */
export async function findFill({ payment, plan, transaction, chainOf }: ExecutedAction): Promise<Waiting | undefined> {
  const { network } = plan
  const [call] = plan.calls
  const here = chainOf(network)
  if (!here || !call) return { note: 'nothing says what was deposited', canCome: true }
  const deposit = readDeposit(call.data)
  const to = networkOf(deposit.destination)
  const [there, pool] = [chainOf(to), spokePools[to]]
  const id = findDepositId(deposit, call.to, (await here.logs(transaction)) ?? [])
  if (id === undefined) return { note: 'its deposit is not in the logs of its transaction', canCome: true }
  if (!there || !pool)
    return { note: `deposit ${id}: the wallet has no chain of ${to} to see it arrive by`, canCome: true }
  const view = await there.view()
  const status = await readNumber(view, pool, encodeFillStatus(deposit, { id, origin: chainIdOf(network) }))
  if (status === undefined)
    return { note: `deposit ${id}: the pool on ${to} does not say whether it has arrived`, canCome: true }
  if (status === filled) return undefined
  const until = new Date(Number(deposit.fillDeadline) * 1000).toISOString()
  if (view.timestamp <= Number(deposit.fillDeadline))
    return { note: `deposit ${id} has not arrived on ${to} yet, and can until ${until}`, canCome: true }
  const back = `Across sends it back to ${payment.terms.payer} on ${network}, within hours`
  const note = `deposit ${id} has not arrived on ${to} by ${until}: ${back}; resolve it once it has come`
  return { note, canCome: false }
}
