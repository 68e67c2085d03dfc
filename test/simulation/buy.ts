import { type AgentWallet, isStipendError, type PayingRequestInit } from 'stipend'
import { require } from './require.ts'
import { countUses } from './keys.ts'
import { caller } from './flights.ts'
import type { Process } from './process.ts'
import { wake } from './wake.ts'
import type { World } from './world.ts'

const second = 1000
/** How long a call that is given up may take to write down what became of it. */
const soonMs = 5 * second

/** Each purchase has a path of its own, so that the shop's books tell them apart. */
export function newPath({ chance }: World): string {
  return `/named/${chance.below(2 ** 31)}`
}

export function oldPath(world: World): string {
  const paths = world.shop.sightings.flatMap(({ path }) => (path.startsWith('/named/') ? [path] : []))
  return paths.length > 0 ? world.chance.pick(paths) : newPath(world)
}

/** Buys what a path sells, under a key of its own unless told otherwise; answers what happened in a word. */
export async function buy(world: World, path: string, init?: PayingRequestInit): Promise<string> {
  return toBuy(world, path, init)()
}

type Send = (wallet: AgentWallet, url: string, init: PayingRequestInit) => Promise<Response>

/** Decides who buys: whoever begins in the place of a process that dies meanwhile has not compared its clock yet. */
export function toBuy(
  world: World,
  path: string,
  init: PayingRequestInit = { payment: { key: path } },
  send: Send = (wallet, url) => wallet.fetch(url, init),
): () => Promise<string> {
  const process = world.process()
  // A process can die at once, so these are asked before.
  const [wallet, crashed] = [process.wallet(), process.crashed()]
  return async () => {
    const [used, sent] = [countUses(world), world.shop.sightings.length]
    const signal = init.signal ?? undefined
    let givenUpAt = Number.POSITIVE_INFINITY
    signal?.addEventListener('abort', () => (givenUpAt = world.time.now()), { once: true })
    const call = caller.run(signal, () => send(wallet, `https://shop.example${path}`, init))
    const outcome = await Promise.race([call.then(read).catch(explain), crashed])
    const late = world.time.now() - givenUpAt
    require('I15', late <= soonMs, `a call went on for ${late / second} s after it was given up: ${outcome}`)
    return `${outcome} [${countUses(world) - used} signed, ${world.shop.sightings.length - sent} sent]`
  }
}

/** Reads an answer to its end, as clients do. */
async function read(response: Response): Promise<string> {
  await response.text()
  return String(response.status)
}

function explain(error: unknown): string {
  if (isStipendError(error)) return `${error.code} (${error.moved})`
  if (error instanceof DOMException || error instanceof TypeError) return `${error.name}: ${error.message}`
  throw error
}

/** What an error says of whether money can have left is true. */
export function checkMoved({ shop }: World, sent: number, outcome: string): void {
  const left = shop.sightings.slice(sent).filter(({ hasFailed }) => !hasFailed?.())
  require('moved', left.length === 0 || !outcome.includes('(no)'), `${outcome}, and a payment left`)
}

export async function buyAlone(world: World, path: string): Promise<string> {
  const sent = world.shop.sightings.length
  const outcome = await buy(world, path)
  checkMoved(world, sent, outcome)
  return outcome
}

export async function burst(world: World): Promise<string> {
  const one = newPath(world)
  const paths = Array.from({ length: 2 + world.chance.below(4) }, () => (world.chance.is(0.3) ? one : newPath(world)))
  const calls = paths.map((path) => {
    world.turnTo(world.chance.pick(world.processes))
    return toBuy(world, path)
  })
  return (await Promise.all(calls.map((call) => call()))).join(', ')
}

export async function dieBuying(world: World): Promise<string> {
  const process = world.process()
  process.fuse = world.chance.below(40)
  const outcome = await burst(world)
  await crash(world, process)
  return outcome
}

export async function crash(world: World, process: Process): Promise<void> {
  process.crash()
  await wake(world, process)
}

/**
 * The same call without a key again and again until its answer has come whole, as clients do that know nothing of payments:
 * they wait for as long as they like, and try again soon or late, here or in another process.
 */
export async function retry(world: World): Promise<string> {
  const { chance, time } = world
  const path = `/unnamed/${chance.below(2 ** 31)}`
  const outcomes: string[] = []
  for (let attempt = 0; attempt < 4 && !outcomes.at(-1)?.startsWith('200'); attempt += 1) {
    if (attempt > 0) await between(world)
    const patience = chance.pick([undefined, 2, 12, 45, 100])
    outcomes.push(await buy(world, path, patience === undefined ? {} : { signal: time.timeout(patience * second) }))
    if (outcomes.at(-1)?.startsWith('crashed')) await wake(world, world.process())
  }
  return outcomes.join(', ')
}

/** What can happen while a client waits before it tries again; all of it in less than the hour that a payment binds for. */
async function between(world: World): Promise<void> {
  const { chance, time, processes, shop } = world
  await time.pass(chance.pick([0, 1, 20, 120, 300]) * second)
  if (chance.is(0.3)) shop.settleLate()
  if (chance.is(0.3)) world.turnTo(chance.pick(processes))
  if (chance.is(0.15)) await crash(world, world.process())
}

/**
 * The ledger and the network fail at once, for as long as a client tries a few times. It stays in its process: that an
 * answer broke off is known nowhere else before the ledger has taken it.
 */
export async function outage(world: World): Promise<string> {
  const { chance, state, time } = world
  const often = () => chance.pick([0.2, 0.5, 1])
  state.outage = { ledger: often() / 2, network: often() }
  const path = `/unnamed/${chance.below(2 ** 31)}`
  const outcomes: string[] = []
  for (let attempt = 0; attempt < 5 && !outcomes.at(-1)?.startsWith('200'); attempt += 1) {
    if (attempt === 3) state.outage = { ledger: 0, network: 0 }
    outcomes.push(await buy(world, path, {}))
    await time.pass(chance.pick([0, 1, 30, 120]) * second)
  }
  state.outage = { ledger: 0, network: 0 }
  return outcomes.join(', ')
}
