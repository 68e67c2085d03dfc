import { isStipendError, type PayingRequestInit, type Payment } from 'stipend'
import { type Chance, createChance } from './chance.ts'
import { check, require } from './invariants.ts'
import { createWorld, type Fault, type World } from './world.ts'

/** What became of one simulation: what happened, step by step. */
export type Story = { readonly seed: number; readonly steps: readonly string[]; readonly world: World }

const second = 1000
const hour = 3_600_000

/** How often something happens, and what. */
type Step = readonly [often: number, name: string, run: (world: World) => Promise<unknown>]

/**
 * Simulates purchases by one seed, and checks every promise after every step.
 *
 * @throws Broken with the story so far, when one does not hold.
 */
export async function simulate(seed: number, length: number): Promise<Story> {
  const chance = createChance(seed)
  const world = createWorld(chance)
  const story: string[] = []
  await wake(world)
  try {
    for (let count = 0; count < length; count += 1) {
      const [, name, run] = pickStep(chance)
      story.push(name)
      const before = await world.payments()
      const isFrozen = (await world.ledger.frozen()) !== undefined
      const used = world.signed.length
      const outcome = await run(world)
      story.push(`${name}: ${String(outcome)}`)
      if (isFrozen && name !== 'unfreeze') require('freeze', used === world.signed.length, 'the key was used')
      if (!reconciling.has(name)) checkWord(before, await world.payments())
      await check(world)
    }
  } catch (error) {
    const tail = story.slice(-40).join('\n  ')
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}\n  ${tail}`, { cause: error })
  }
  return { seed, steps: story, world }
}

/** I9: what is no chain's word ends no payment. */
function checkWord(before: readonly Payment[], after: readonly Payment[]): void {
  const known = new Map(before.map(({ id, status }) => [id, status]))
  for (const { id, status } of after) {
    const isEnd = status === 'confirmed' || status === 'expired' || status === 'cancelled'
    require('I9', !isEnd || known.get(id) === status, `${id} is ${status}, and no chain was asked`)
  }
}

const reconciling = new Set(['reconcile', 'crash', 'theft', 'a process dies while it buys'])

const steps: readonly Step[] = [
  [6, 'buy', (world) => buyAlone(world, newPath(world))],
  [4, 'buy the same again', (world) => buyAlone(world, oldPath(world))],
  [3, 'buy at once', burst],
  [2, 'a client that tries again', retry],
  [3, 'some seconds pass', ({ time, chance }) => pass(time, chance.below(90) * second)],
  [1, 'a long time passes', ({ time, chance }) => pass(time, hour / 6 + chance.below(hour))],
  [3, 'the shop settles late', async ({ shop }) => shop.settleLate()],
  [1, 'the chain undoes a block', async ({ chain }) => chain.reorganise()],
  [1, 'the clock is set', setClock],
  [2, 'the clock is set right', async ({ time }) => (time.wrongBy = 0)],
  [2, 'a process dies while it buys', dieBuying],
  [0.5, 'crash', (world) => crash(world)],
  [3, 'reconcile', reconcile],
  [0.3, 'freeze', ({ wallet }) => wallet().freeze('by the owner')],
  [1, 'unfreeze', ({ wallet }) => wallet().unfreeze()],
  [2, 'decide', decide],
  [1.5, 'something is broken', buyBroken],
  [0.5, 'theft', theft],
]

function pickStep(chance: Chance): Step {
  const all = steps.reduce((total, [often]) => total + often, 0)
  let left = (chance.below(1_000_000) / 1_000_000) * all
  for (const step of steps) {
    left -= step[0]
    if (left < 0) return step
  }
  return steps[0] as Step
}

/** Each purchase has a path of its own, so that the shop's books tell them apart. */
function newPath({ chance }: World): string {
  return `/named/${chance.below(2 ** 31)}`
}

function oldPath(world: World): string {
  const paths = world.shop.sightings.flatMap(({ path }) => (path.startsWith('/named/') ? [path] : []))
  return paths.length > 0 ? world.chance.pick(paths) : newPath(world)
}

/** Buys what a path sells, under a key of its own unless told otherwise; answers what happened in a word. */
async function buy(world: World, path: string, init: PayingRequestInit = { payment: { key: path } }): Promise<string> {
  const [used, sent] = [world.signed.length, world.shop.sightings.length]
  // A process can die at once, so this is asked before.
  const crashed = world.crashed()
  const call = world.wallet().fetch(`https://shop.example${path}`, init)
  const outcome = await Promise.race([call.then(describe, explain), crashed])
  return `${outcome} [${world.signed.length - used} signed, ${world.shop.sightings.length - sent} sent]`
}

/** What an error says of whether money can have left is true. */
async function buyAlone(world: World, path: string): Promise<string> {
  const sent = world.shop.sightings.length
  const outcome = await buy(world, path)
  require('moved', sent === world.shop.sightings.length || !outcome.includes('(no)'), `${outcome}, and a payment left`)
  return outcome
}

function describe(response: Response): string {
  return String(response.status)
}

function explain(error: unknown): string {
  if (isStipendError(error)) return `${error.code} (${error.moved})`
  if (error instanceof DOMException || error instanceof TypeError) return error.name
  throw error
}

async function burst(world: World): Promise<string> {
  const one = newPath(world)
  const paths = Array.from({ length: 2 + world.chance.below(4) }, () => (world.chance.is(0.3) ? one : newPath(world)))
  return (await Promise.all(paths.map((path) => buy(world, path)))).join(', ')
}

/** The same call again and again, as clients do that know nothing of payments. */
async function retry(world: World): Promise<string> {
  const path = `/unnamed/${world.chance.below(1_000_000)}`
  const outcomes: string[] = []
  for (let attempt = 0; attempt < 3 && !outcomes.at(-1)?.startsWith('200'); attempt += 1) {
    outcomes.push(await buy(world, path, {}))
    if (outcomes.at(-1)?.startsWith('crashed')) await wake(world)
  }
  return outcomes.join(', ')
}

async function pass(time: World['time'], milliseconds: number): Promise<string> {
  time.now += milliseconds
  return `${milliseconds / 1000} s`
}

async function setClock({ time, chance }: World): Promise<string> {
  time.wrongBy += chance.pick([-60, 60, 240, -240, 600, 25 * 3600, -25 * 3600, 30 * 86_400, -365 * 86_400]) * second
  return `wrong by ${time.wrongBy / 1000} s`
}

async function dieBuying(world: World): Promise<string> {
  world.state.fuse = world.chance.below(40)
  const outcome = await burst(world)
  await crash(world)
  return outcome
}

async function crash(world: World): Promise<void> {
  world.crash()
  await wake(world)
}

/** A process that starts compares its clock with the chain before it pays. */
async function wake(world: World): Promise<void> {
  const { lie } = world.state
  world.state.lie = 'nothing'
  await world.wallet().reconcile()
  world.state.lie = lie
}

async function reconcile(world: World): Promise<string> {
  const lies = ['nothing', 'nothing', 'head', 'nonce', 'time', 'silence'] as const
  world.state.lie = world.state.hasLiar ? world.chance.pick(lies) : 'nothing'
  const found = await world.wallet().reconcile()
  return `${world.state.lie}: ${Object.entries(found)
    .map(([name, list]) => `${list.length} ${name}`)
    .join(', ')}`
}

async function decide(world: World): Promise<string> {
  const [approval] = (await world.wallet().approvals.list()).filter(({ status }) => status === 'pending')
  if (!approval) return 'nothing to decide'
  if (world.chance.is(0.2)) return `denied ${(await world.wallet().approvals.deny(approval.id))?.status}`
  const decided = await world.wallet().approvals.approve(approval.id)
  if (decided) world.state.approvals += 1
  return `approved ${decided?.status}`
}

/** I11: what cannot be judged, recorded or timed is not signed. */
async function buyBroken(world: World): Promise<string> {
  const used = world.signed.length
  world.state.fault = world.chance.pick<Fault>(['policy', 'ledger', 'ledger afterwards', 'clock', 'signer'])
  const outcome = await buy(world, newPath(world))
  require('I11', used === world.signed.length, `the key was used although the ${world.state.fault} was broken`)
  require('I11', !outcome.startsWith('200'), `${outcome} although the ${world.state.fault} was broken`)
  const { fault } = world.state
  world.state.fault = undefined
  return `${fault}: ${outcome}`
}

/** I6: money that leaves by another hand freezes the wallet, once it is final. */
async function theft(world: World): Promise<string> {
  const { chain, time, ledger, chance, state } = world
  const payer = world.signed[0]?.message['from']
  if (payer === undefined) return 'nothing to steal from'
  state.lie = 'nothing'
  await world.wallet().reconcile()
  const nonce = `0x${'f'.repeat(40)}${chance.below(1e9).toString(16).padStart(24, '0')}`
  const validBefore = String(Math.floor(time.now / 1000) + 60)
  const to = '0x000000000000000000000000000000000000bEEF'
  chain.execute({ from: String(payer), to, value: '1', validAfter: '0', validBefore, nonce })
  await pass(time, 120 * second)
  await world.wallet().reconcile()
  require('I6', (await ledger.frozen()) !== undefined, 'money was stolen, and the wallet is not frozen')
  await world.wallet().unfreeze()
  return 'frozen'
}
