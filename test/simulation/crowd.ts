import { buy, newPath } from './buy.ts'
import { checkPlaces } from './places.ts'
import { wake } from './wake.ts'
import type { World } from './world.ts'

const second = 1000

/**
 * More calls at once than there may be payments under way, by callers that wait for as long as they like: until any turn of
 * what happens, some seconds, or for good. The process can die.
 */
export async function crowd(world: World): Promise<string> {
  const { chance } = world
  const process = world.process()
  const one = newPath(world)
  if (chance.is(0.1)) process.fuse = chance.below(80)
  const calls = Array.from({ length: 3 + chance.below(5) }, () => {
    const path = chance.is(0.2) ? one : newPath(world)
    return buy(world, path, { payment: { key: path }, signal: patience(world) ?? null })
  })
  const outcomes = await Promise.all(calls)
  if (outcomes.some((outcome) => outcome.startsWith('crashed'))) await wake(world, process)
  process.fuse = -1
  if (chance.is(0.3)) await checkPlaces(world, process)
  return outcomes.join(', ')
}

function patience({ chance, time }: World): AbortSignal | undefined {
  const kind = chance.pick(['endless', 'some', 'little', 'little'] as const)
  if (kind === 'endless') return undefined
  if (kind === 'some') return time.timeout(chance.pick([0, 1, 12, 45, 100, 170, 200]) * second)
  const stop = new AbortController()
  void giveUp(stop, chance.below(250))
  return stop.signal
}

/** Gives up after so many turns, in any of which something else can have happened. */
async function giveUp(stop: AbortController, turns: number): Promise<void> {
  for (let left = turns; left > 0; left -= 1) await Promise.resolve()
  stop.abort()
}
