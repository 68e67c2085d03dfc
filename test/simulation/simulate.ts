import type { Payment } from 'stipend'
import { createChance } from './chance.ts'
import { countUses } from './keys.ts'
import { check, checkEnd } from './invariants.ts'
import { require } from './require.ts'
import { endWell, pickStep } from './steps.ts'
import { wake } from './wake.ts'
import { createWorld, type World } from './world.ts'

/** What became of one simulation: what happened, step by step. */
export type Story = { readonly seed: number; readonly steps: readonly string[]; readonly world: World }

/**
 * Simulates purchases by one seed, and checks every promise after every step; at last, that the ledger agrees with the
 * chain.
 *
 * @throws Broken with the story so far, when one does not hold.
 */
export async function simulate(seed: number, length: number): Promise<Story> {
  const world = createWorld(createChance(seed))
  const story: string[] = []
  try {
    for (const process of world.processes) await world.time.until(wake(world, process))
    for (let count = 0; count < length; count += 1) await runStep(world, story)
    story.push('the end')
    await world.time.until(endWell(world))
    await check(world)
    await checkEnd(world)
  } catch (error) {
    const tail = story.slice(-40).join('\n  ')
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}\n  ${tail}`, { cause: error })
  } finally {
    world.end()
  }
  return { seed, steps: story, world }
}

async function runStep(world: World, story: string[]): Promise<void> {
  world.turnTo(world.chance.pick(world.processes))
  const [, name, run] = pickStep(world.chance)
  story.push(name)
  const before = await world.payments()
  const isFrozen = (await world.ledger.frozen()) !== undefined
  const used = countUses(world)
  world.state.isChainAsked = false
  const outcome = await world.time.until(run(world))
  // What a call that was given up leaves to be written comes after its answer.
  await world.time.pass(0)
  story.push(`${name}: ${String(outcome)}`)
  if (isFrozen && name !== 'unfreeze') require('freeze', used === countUses(world), 'the key was used')
  if (!world.state.isChainAsked) checkWord(before, await world.payments())
  await check(world)
}

/** I9: what is no chain's word ends no payment. */
function checkWord(before: readonly Payment[], after: readonly Payment[]): void {
  const known = new Map(before.map(({ id, status }) => [id, status]))
  for (const { id, status } of after) {
    const isEnd = status === 'confirmed' || status === 'expired' || status === 'cancelled'
    require('I9', !isEnd || known.get(id) === status, `${id} is ${status}, and no chain was asked`)
  }
}
