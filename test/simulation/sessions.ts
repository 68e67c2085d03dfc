import { type AgentWallet, narrowToken, type Session } from 'stipend'
import { toBuy } from './buy.ts'
import type { Settlement } from './rails.ts'
import { require } from './require.ts'
import type { World } from './world.ts'

/** What the owner has handed on, or whoever holds it has narrowed. */
export type HandedOn = {
  /** That of the one it was narrowed from, a dot, and a number. */
  readonly name: string
  readonly token: string
  /** Opens it in a process: by its token, or by making it once more under its name. */
  readonly open: (wallet: AgentWallet) => Promise<Session>
  /** Micro-USD, and payments. */
  readonly most: { readonly total: bigint; readonly payments: number }
}

const totals = [200_000n, 600_000n, 1_200_000n]
const maxSessions = 8

/** The owner hands on a session, or whoever holds one narrows it; either may ask for more than there is. */
export async function handOn(world: World): Promise<string> {
  const { chance, sessions } = world
  if (sessions.length >= maxSessions) return 'there are enough'
  const most = { total: chance.pick(totals), payments: chance.pick([1, 2, 5, 50]) }
  const scope = { limits: { totalLimitUsd: Number(most.total) / 1e6, perPaymentUsd: 1 }, maxPayments: most.payments }
  const parent = sessions.length > 0 && chance.is(0.4) ? chance.pick(sessions) : undefined
  const name = `${parent?.name ?? ''}.${sessions.length}`
  const named = { ...scope, ...(chance.is(0.5) && { name }) }
  const token = parent ? narrowToken(parent.token, named) : await world.wallet().session(named).token()
  const isMadeAnew = !parent && 'name' in named
  const open: HandedOn['open'] = async (wallet) => (isMadeAnew ? wallet.session(named) : wallet.openSession(token))
  sessions.push({ name, token, most, open })
  return `${name}: ${most.total}, ${most.payments} payments`
}

/** Buys by a session, in whichever process; some calls at once, of one session or several. */
export async function buyInSession(world: World): Promise<string> {
  const { chance, sessions } = world
  if (sessions.length === 0) return 'there is none'
  const calls = Array.from({ length: chance.pick([1, 1, 2, 4]) }, () => {
    const { name, open } = chance.pick(sessions)
    const path = `/session/${name}/${chance.below(chance.pick([3, 2 ** 31]))}`
    world.turnTo(chance.pick(world.processes))
    return toBuy(world, path, undefined, async (wallet, url, init) => (await open(wallet)).fetch(url, init))
  })
  return (await Promise.all(calls.map((call) => call()))).join(', ')
}

/** Whatever holds a session that was revoked, or one that was made from it, signs nothing any more. */
export async function revokeSession(world: World): Promise<string> {
  const { chance, sessions, revoked, wallet } = world
  if (sessions.length === 0) return 'there is none'
  const { name, open } = chance.pick(sessions)
  const session = await open(wallet()).catch(String)
  if (typeof session === 'string') return session
  const opened = await Promise.all(world.processes.map((process) => open(process.wallet())))
  await wallet().revokeSession(session)
  revoked.set(name, signedBy(world, name))
  const path = `/session/${name}/${chance.below(2 ** 31)}`
  const buy = toBuy(world, path, undefined, (_, url, init) => chance.pick(opened).fetch(url, init))
  return `${name}: ${await buy()}`
}

/** I1: what each session has spent, and all that was made from it, stays within its limits; once revoked it spends nothing. */
export function checkSessions(world: World, settlements: ReadonlyMap<string, Settlement>): void {
  for (const { name, most } of world.sessions) {
    const spent = new Map<string, bigint>()
    for (const one of world.shop.sightings.filter(({ path }) => isOf(path, name))) {
      const taken = settlements.get(one.id)?.value ?? (one.canExecute() ? one.value : 0n)
      if (taken > (spent.get(one.id) ?? 0n)) spent.set(one.id, taken)
    }
    const total = [...spent.values()].reduce((sum, one) => sum + one, 0n)
    require('I1', total <= most.total, `${name} has spent ${total} of ${most.total}`)
    require('I1', spent.size <= most.payments, `${name} has made ${spent.size} payments of ${most.payments}`)
  }
  for (const [name, count] of world.revoked)
    require('sessions', signedBy(world, name) === count, `${name} was revoked, and has signed since`)
}

function signedBy({ signed, shop }: World, name: string): number {
  const ids = new Set(shop.sightings.flatMap(({ path, id }) => (isOf(path, name) ? [id] : [])))
  return signed.filter(({ id }) => ids.has(id)).length
}

function isOf(path: string, name: string): boolean {
  return path.startsWith(`/session/${name}/`) || path.startsWith(`/session/${name}.`)
}
