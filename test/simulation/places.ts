import { buy, newPath } from './buy.ts'
import type { Process } from './process.ts'
import { require } from './require.ts'
import type { World } from './world.ts'

/** When all calls of a wallet are over, as many as it may have under way begin at once, and none has to wait. */
export async function checkPlaces(world: World, process: Process): Promise<void> {
  const { maxInFlight, shop, time, state } = world
  // A node that is late holds up calls that have their place.
  if (maxInFlight === undefined || state.lie === 'lateness') return
  world.turnTo(process)
  shop.hold(true)
  const stop = new AbortController()
  const begun = Array.from({ length: maxInFlight }, () => {
    const path = newPath(world)
    const call = { path, isOver: false }
    const over = buy(world, path, { payment: { key: path }, signal: stop.signal }).then(() => (call.isOver = true))
    return { call, over }
  })
  await time.pass(5000)
  const waiting = begun.filter(({ call: { path, isOver } }) => !isOver && !world.asked.has(path))
  require('places', waiting.length === 0, `${waiting.length} calls wait although nothing is under way`)
  stop.abort()
  await Promise.all(begun.map(({ over }) => over))
  shop.hold(false)
}
