import { errorOf } from './caller.js'
import type { Dialect, DialectTerms } from './dialect.js'
import { buy, type DialectCase, dialectCases, type DialectSeen } from './dialect-cases.js'
import type { GauntletResult } from './gauntlet.js'
import { createL402Dialect } from './l402-dialect.js'
import { mppDialect } from './mpp-dialect.js'
import { type GauntletScene, type PayerFeature, scene } from './payer.js'
import { permitCases } from './permit-cases.js'
import { runPermit } from './permit-gauntlet.js'
import { price } from './problems.js'
import { runSignIn, signInCases } from './sign-in-cases.js'
import { tempoDialect } from './tempo-dialect.js'
import { uptoDialect } from './upto-dialect.js'
import { createWorld } from './world.js'

/** What else than x402's `exact` a payer may speak. */
export type PayerDialect = 'mpp' | 'tempo' | 'l402' | 'upto' | 'sign-in' | 'permit' | 'approval'

/** A client that pays in such a dialect: how to set it up. */
export type DialectsGauntletPayer = {
  /** Creates a client that has paid nothing yet. */
  readonly create: (scene: GauntletScene) => typeof globalThis.fetch | Promise<typeof globalThis.fetch>
  /** What it has: a case about what it does not have is not held against it. @default none */
  readonly features?: readonly PayerFeature[] | undefined
}

const dialects = {
  mpp: () => mppDialect,
  tempo: () => tempoDialect,
  l402: createL402Dialect,
  upto: () => uptoDialect,
} as const

/**
 * Runs a payer through the ways in which a server of one dialect fails or lies: of MPP, on an EVM chain or on Tempo, of L402, of x402's price by use, of signing in to
 * what was paid, or of what is signed so that Permit2 may move a payment: a permit, or an approval. As `gauntlet` does, without a
 * chain and a network.
 */
export async function dialectsGauntlet(
  dialect: PayerDialect,
  payer: DialectsGauntletPayer,
): Promise<readonly GauntletResult[]> {
  const results: GauntletResult[] = []
  if (dialect === 'permit' || dialect === 'approval')
    for (const one of permitCases) results.push(await runPermit(one, dialect, payer))
  else if (dialect === 'sign-in') for (const one of signInCases) results.push(await runSignIn(one, payer))
  else for (const one of dialectCases) results.push(await runCase(one, dialects[dialect](), payer))
  return Object.freeze(results)
}

async function runCase(
  one: DialectCase,
  dialect: Dialect,
  { create, features = [] }: DialectsGauntletPayer,
): Promise<GauntletResult> {
  const world = createWorld('x402', [])
  world.intercept(createShop(one, dialect, () => world.seen().now))
  const caller: string[] = []
  try {
    const pay = await create({ fetch: world.fetch, ...scene, lightning: dialect.lightning })
    for (let call = 0; call < (one.calls ?? 1); call += 1)
      caller.push(await buy(pay, one.isOther ? `/report?${call}` : '/report'))
  } catch (error) {
    caller.push(errorOf(error))
  }
  const { requests, paidOrigins, now } = world.seen()
  const read = dialect.taken?.() ?? requests.flatMap(({ headers }) => dialect.read(headers) ?? [])
  const taken = [...new Map(read.map((sent) => [sent.nonce, sent])).values()]
  const reason = one.problem({ taken, paidOrigins, caller, now } satisfies DialectSeen)
  const lacks = one.feature !== undefined && !features.includes(one.feature)
  return Object.freeze({
    name: one.name,
    expected: one.expected,
    verdict: reason === undefined ? 'pass' : lacks ? 'no feature' : 'fail',
    reason: reason ?? '',
    authorizations: taken.length,
    exposed: taken.reduce((sum, { amount }) => sum + amount, 0n),
    paidOrigins,
    caller: Object.freeze(caller),
  })
}

/** A shop of one dialect; whoever was sent elsewhere meets the same there. */
function createShop(one: DialectCase, dialect: Dialect, clock: () => number): (request: Request) => Promise<Response> {
  const { terms = () => ({}), answer = () => 'goods', claimed } = one
  let [asked, paid] = [0, 0]
  const ask = (url: string): Response => {
    const own: DialectTerms = { amount: price, payTo, seconds: 60, ...terms(asked) }
    asked += 1
    return dialect.ask(url, own, { count: asked, now: clock() })
  }
  return async ({ url, headers }) => {
    const taken = dialect.read(Object.fromEntries(headers))
    if (!taken) return ask(url)
    const said = answer(paid)
    paid += 1
    if (said === 'ask') return ask(url)
    if (said === 'drop') throw new TypeError('fetch failed')
    if (said === 'fail') return new Response('out of order', { status: 500 })
    if (said === 'redirect')
      return new Response(null, { status: 307, headers: { location: 'https://elsewhere.invalid/report' } })
    return new Response('the report', { headers: dialect.receipt(claimed ?? taken.amount, clock()) })
  }
}

const payTo = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
