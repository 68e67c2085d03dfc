import { buy, checkMoved, crash } from './buy.ts'
import { wake } from './wake.ts'
import type { World } from './world.ts'

const second = 1000

/**
 * Buys again and again at one URL, each time for a purchase of its own or once more for the last: its terms are known from
 * the second time on, and paid ahead. Its price can change in between, and the process can die.
 */
export async function followFeed(world: World): Promise<string> {
  const { chance, shop, time, processes } = world
  const path = `/feed/${chance.below(3)}`
  const outcomes: string[] = []
  let purchase = newPurchase(world, path)
  for (let left = 3 + chance.below(8); left > 0; left -= 1) {
    if (chance.is(0.3)) shop.reprice(path)
    if (chance.is(0.7)) purchase = newPurchase(world, path)
    const process = world.process()
    if (chance.is(0.03)) process.fuse = chance.below(40)
    outcomes.push(await buyAhead(world, path, purchase))
    if (outcomes.at(-1)?.startsWith('crashed')) await wake(world, process)
    else if (process.fuse >= 0) await crash(world, process)
    await time.pass(chance.pick([0, 0, 1, 20, 120]) * second)
    if (chance.is(0.1)) world.turnTo(chance.pick(processes))
  }
  return outcomes.join(', ')
}

function newPurchase({ chance }: World, path: string): string {
  return `${path}/${chance.below(2 ** 31)}`
}

/** What an error says of whether money can have left is true, also of what is sent before it is asked for. */
async function buyAhead(world: World, path: string, purchase: string): Promise<string> {
  const sent = world.shop.sightings.length
  const outcome = await buy(world, path, { headers: { purchase }, payment: { key: purchase, ahead: true } })
  checkMoved(world, sent, outcome)
  return outcome
}
