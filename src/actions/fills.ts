import { spokePools } from '../assets/pinned-contracts.js'
import { chainIdOf, encodeFillStatus, filled, findDepositId, networkOf, readDeposit } from '../evm/across.js'
import type { Chain, Evidence } from '../ports/chain.js'
import type { Payment } from '../types.js'

/** Says what a deposit still waits for; nothing where it has arrived. */
export async function findFill(
  payment: Payment,
  transaction: string,
  chains: readonly Chain[],
): Promise<Evidence | undefined> {
  const { network } = payment.asset
  const actionsOn = (one: string) => chains.find((chain) => chain.network === one)?.actions
  const actions = actionsOn(network)
  const plan = actions?.planOf(payment)
  const [call] = plan?.calls ?? []
  if (!actions || !call) return open('nothing says what it was')
  const deposit = readDeposit(call.data)
  const to = networkOf(deposit.destination)
  const [there, pool] = [actionsOn(to), spokePools[to]]
  const id = findDepositId(deposit, call.to, (await actions.logs(transaction)) ?? [])
  if (id === undefined) return open('its deposit is not in the logs of its transaction')
  if (!there || !pool) return waiting(`deposit ${id}: the wallet has no chain of ${to} to see it arrive by`)
  const view = await there.view()
  const answer = await view.call(pool, encodeFillStatus(deposit, { id, origin: chainIdOf(network) }))
  if (answer !== undefined && BigInt(answer) === filled) return undefined
  const until = new Date(Number(deposit.fillDeadline) * 1000).toISOString()
  if (view.timestamp <= Number(deposit.fillDeadline))
    return waiting(`deposit ${id} has not arrived on ${to} yet, and can until ${until}`)
  const back = `Across sends it back to ${payment.terms.payer} on ${network}, within hours`
  const note = `deposit ${id} has not arrived on ${to} by ${until}: ${back}; resolve it once it has come`
  return { type: 'open', reason: note, note }
}

function waiting(note: string): Evidence {
  return { type: 'open', reason: note, note, canExecute: true }
}

function open(reason: string): Evidence {
  return { type: 'open', reason, canExecute: true }
}
