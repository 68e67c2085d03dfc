import { errorOf } from './caller.js'
import { type Case, cases } from './cases.js'
import { type GauntletPayer, sceneOn } from './payer.js'
import { createWorld, type World } from './world.js'

/** What happened in one case. */
export type GauntletResult = {
  readonly name: string
  /** What has to hold, in a sentence. */
  readonly expected: string
  /** `unmarked` where the case is about a feature that the payer does not have. */
  readonly verdict: 'pass' | 'fail' | 'no feature'
  /** Why it failed, or what happened instead. */
  readonly reason: string
  /** How many authorizations were sent that could be settled together. */
  readonly authorizations: number
  /** What could be taken of them, in atomic units. */
  readonly exposed: bigint
  /** The origins that payment headers were sent to. */
  readonly paidOrigins: readonly string[]
  /** What each call of the case came to, such as `200` or the name of an error. */
  readonly caller: readonly string[]
}

/**
 * Runs a payer through every case in which a server fails or lies, and says what happened. It needs no chain and no
 * network.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 * import { gauntlet } from 'stipend/testing'
 *
 * const results = await gauntlet({
 *   create: ({ fetch, privateKey: key, limits }) =>
 *     createAgentWallet({ keyStore: privateKey(key), policy: [allowHosts([limits.host])], fetch }).fetch,
 *   features: ['assets', 'window', 'purchases', 'outcomes'],
 * })
 * console.log(results.filter(({ verdict }) => verdict === 'fail'))
 * ```
 */
export async function gauntlet(payer: GauntletPayer): Promise<readonly GauntletResult[]> {
  const results: GauntletResult[] = []
  for (const one of cases) results.push(await runCase(one, payer))
  return Object.freeze(results)
}

async function runCase(
  one: Case,
  { create, protocol = 'x402', method = 'eip3009', features = [] }: GauntletPayer,
): Promise<GauntletResult> {
  const world = createWorld(protocol, one.faults ?? [], method)
  const given = { fetch: world.fetch, ...sceneOn(method, world.shop.solanaNode) }
  const caller: string[] = []
  const reason = await attempt(one, world, async () => create(given), caller)
  const lacks = one.feature !== undefined && !features.includes(one.feature)
  const { authorizations, exposed, paidOrigins } = world.seen()
  return Object.freeze({
    name: one.name,
    expected: one.expected,
    verdict: reason === undefined ? 'pass' : lacks ? 'no feature' : 'fail',
    reason: reason ?? '',
    authorizations,
    exposed,
    paidOrigins,
    caller: Object.freeze(caller),
  })
}

async function attempt(
  one: Case,
  world: World,
  create: () => Promise<typeof globalThis.fetch>,
  caller: string[],
): Promise<string | undefined> {
  try {
    const pay = await create()
    for (const call of one.calls) caller.push(await call(pay, world))
    return one.problem({ world, seen: world.seen(), caller })
  } catch (error) {
    return `it could not be run: ${errorOf(error)}`
  }
}
