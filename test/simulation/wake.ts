import type { Process } from './process.ts'
import type { World } from './world.ts'

/** A process that starts compares its clock with the chain before it pays; nothing lies or fails meanwhile. */
export async function wake(world: World, process: Process): Promise<void> {
  const { state } = world
  const { lie, outage } = state
  Object.assign(state, { lie: 'nothing', outage: { ledger: 0, network: 0 } })
  await reconcileNow(world, process)
  Object.assign(state, { lie, outage })
}

/** Asks the chain what became of payments. */
export function reconcileNow(world: World, process: Process): ReturnType<ReturnType<Process['wallet']>['reconcile']> {
  world.state.isChainAsked = true
  return process.wallet().reconcile()
}
