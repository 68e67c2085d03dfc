import { buy, buyAlone, burst, crash, dieBuying, newPath, oldPath, outage, retry } from './buy.ts'
import type { Chance } from './chance.ts'
import { crowd } from './crowd.ts'
import { followFeed } from './feed.ts'
import { require } from './require.ts'
import { countUses } from './keys.ts'
import { contracts } from './permit2.ts'
import { checkPlaces } from './places.ts'
import { buyInSession, handOn, revokeSession } from './sessions.ts'
import { transfer } from './transfers.ts'
import { reconcileNow, wake } from './wake.ts'
import type { Fault, World } from './world.ts'

const second = 1000
const hour = 3_600_000

/** How often something happens, and what. */
export type Step = readonly [often: number, name: string, run: (world: World) => Promise<unknown>]

const steps: readonly Step[] = [
  [6, 'buy', (world) => buyAlone(world, newPath(world))],
  [4, 'buy the same again', (world) => buyAlone(world, oldPath(world))],
  [3, 'buy at once', burst],
  [1, 'more calls than there are places', crowd],
  [3, 'a client that tries again', retry],
  [2, 'follow a feed', followFeed],
  [1, 'hand on a session', handOn],
  [3, 'buy in a session', buyInSession],
  [0.3, 'revoke a session', revokeSession],
  [1.5, 'transfer', transfer],
  [1, 'ledger and network fail at once', outage],
  [3, 'some seconds pass', (world) => pass(world, world.chance.below(90) * second)],
  [1, 'a long time passes', (world) => pass(world, hour / 6 + world.chance.below(hour))],
  [3, 'the shop settles late', async ({ shop }) => shop.settleLate()],
  [1, 'the shop takes a permit alone', async ({ shop }) => shop.takePermit()],
  [1, 'the chain undoes a block', async (world) => reorganise(world)],
  [0.5, 'a chain is slow', async (world) => slow(world)],
  [1, 'nodes are behind', lag],
  [1, 'the clock is set', setClock],
  [2, 'the clock is set right', async (world) => (world.process().wrongBy = 0)],
  [0.3, 'the owner sets the time', setTime],
  [2, 'a process dies while it buys', dieBuying],
  [0.5, 'crash', (world) => crash(world, world.process())],
  [3, 'reconcile', reconcile],
  [
    1,
    'look at the budget',
    ({ wallet }) =>
      wallet()
        .budget()
        .then(() => 'seen', String),
  ],
  [0.3, 'freeze', ({ wallet }) => wallet().freeze('by the owner')],
  [1, 'unfreeze', ({ wallet }) => wallet().unfreeze()],
  [2, 'decide', decide],
  [1.5, 'something is broken', buyBroken],
  [0.5, 'theft', theft],
  [0.2, "the payer's contract is locked, or unlocked", async ({ contract }) => contract?.lock() ?? 'it is none'],
]

/** Picks what happens next. */
export function pickStep(chance: Chance): Step {
  const all = steps.reduce((total, [often]) => total + often, 0)
  let left = (chance.below(1_000_000) / 1_000_000) * all
  for (const step of steps) {
    left -= step[0]
    if (left < 0) return step
  }
  return steps[0] as Step
}

async function pass({ time }: World, milliseconds: number): Promise<string> {
  await time.pass(milliseconds)
  return `${milliseconds / second} s`
}

async function lag({ state, chance }: World): Promise<string> {
  for (const index of [0, 1] as const) state.lagMs[index] = chance.pick([0, 0, 30, 600, 7200]) * second
  return state.lagMs.map((milliseconds) => `${milliseconds / second} s`).join(', ')
}

function reorganise({ chain, solana }: World): void {
  for (const one of [chain, solana]) one.reorganise()
}

function slow({ chain, solana, chance }: World): number {
  const times = chance.pick([1, 1, 5, 30])
  chance.pick([chain, solana]).slow(times)
  return times
}

async function setClock(world: World): Promise<string> {
  const process = world.process()
  const seconds = [-60, 60, 240, -240, 600, 25 * 3600, -25 * 3600, 30 * 86_400, -365 * 86_400]
  process.wrongBy += world.chance.pick(seconds) * second
  return `wrong by ${process.wrongBy / second} s`
}

/** An owner whose clock is right. */
async function setTime(world: World): Promise<string> {
  world.process().wrongBy = 0
  await world.wallet().setLedgerTime({ reason: 'the owner looked at a clock' })
  return 'set'
}

async function reconcile(world: World): Promise<string> {
  const { state, chance } = world
  const lies = ['nothing', 'nothing', 'head', 'nonce', 'time', 'silence', 'lateness', 'permit'] as const
  state.lie = state.hasLiar ? chance.pick(lies) : 'nothing'
  const found = await reconcileNow(world, world.process())
  return `${state.lie}: ${Object.entries(found)
    .map(([name, list]) => `${list.length} ${name}`)
    .join(', ')}`
}

async function decide(world: World): Promise<string> {
  const [approval] = (await world.wallet().approvals.list()).filter(({ status }) => status === 'pending')
  if (!approval) return 'nothing to decide'
  if (world.chance.is(0.2)) return `denied ${(await world.wallet().approvals.deny(approval.id))?.status}`
  const decided = await world.wallet().approvals.approve(approval.id).catch(String)
  if (typeof decided === 'string') return decided
  if (decided) world.state.approvals += 1
  return `approved ${decided?.status}`
}

/** I11: what cannot be judged, recorded or timed is not signed. */
async function buyBroken(world: World): Promise<string> {
  const used = countUses(world)
  world.state.fault = world.chance.pick<Fault>(['policy', 'ledger', 'ledger afterwards', 'clock', 'signer', 'forger'])
  const outcome = await buy(world, newPath(world))
  const { fault } = world.state
  // What a signer makes up is not sent; what it signs else is.
  if (fault !== 'forger') {
    require('I11', used === countUses(world), `the key was used although the ${fault} was broken`)
    require('I11', !outcome.startsWith('200'), `${outcome} although the ${fault} was broken`)
  }
  world.state.fault = undefined
  return `${fault}: ${outcome}`
}

/** I6: money that leaves by another hand freezes the wallet, once it is final. */
async function theft(world: World): Promise<string> {
  const { chain, time, ledger, chance, state, signed } = world
  const payer = signed.find(({ validBefore }) => validBefore !== undefined)?.wire.split(' ')[0]
  if (payer === undefined) return 'nothing to steal from'
  calm(world)
  await reconcileNow(world, world.process())
  const nonce = `0x${'f'.repeat(40)}${chance.below(1e9).toString(16).padStart(24, '0')}`
  const validBefore = String(Math.floor(time.now() / 1000) + 60)
  const to = '0x000000000000000000000000000000000000bEEF'
  chain.execute({ from: payer, to, value: '1', validAfter: '0', validBefore, nonce, contract: contracts.token })
  await time.pass(120 * second)
  await reconcileNow(world, world.process())
  require('I6', (await ledger.frozen()) !== undefined, 'money was stolen, and the wallet is not frozen')
  await world.wallet().unfreeze()
  state.lie = 'nothing'
  return 'frozen'
}

/** Mends what is broken outside of the wallets. */
function calm({ chain, solana, contract, state }: World): void {
  if (contract?.isLocked()) contract.lock()
  for (const one of [chain, solana]) one.slow(1)
  Object.assign(state, { lie: 'nothing', outage: { ledger: 0, network: 0 }, fault: undefined })
  state.lagMs.fill(0)
}

/** Lets all that is open come to its end, where the chain says of everything what became of it. */
export async function endWell(world: World): Promise<void> {
  calm(world)
  for (const process of world.processes) process.wrongBy = 0
  world.lightning.end()
  await world.time.pass(2 * hour)
  await world.wallet().setLedgerTime({ reason: 'it is over' })
  await world.wallet().unfreeze()
  for (const process of world.processes) await checkPlaces(world, process)
  await world.time.pass(2 * hour)
  for (let round = 0; round < 2; round += 1) await wake(world, world.process())
}
