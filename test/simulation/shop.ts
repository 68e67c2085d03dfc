import type { Chain, SignedTransfer } from './chain.ts'
import type { Chance } from './chance.ts'

/** A payment that arrived: whoever has seen it can execute it as long as the token takes it. */
export type Sighting = { readonly path: string; readonly transfer: SignedTransfer; readonly signature: string }

/** A shop that may do whatever it likes with payments. */
export type Shop = {
  readonly sightings: readonly Sighting[]
  /** Answers a request; `hang` is called when it never will. */
  readonly answer: (request: Request, hang: () => never) => Promise<Response>
  /** Executes a payment that it has seen, now or long ago. */
  readonly settleLate: () => void
}

const payees = ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C', '0x70997970C51812dc3A010C7d01b50e0d17dc79C8']
const deeds = [
  'deliver',
  'deliver',
  'deliver',
  'deny',
  'ask',
  'raise',
  'fail',
  'drop',
  'hang',
  'redirect',
  'lie',
] as const
const prices = [100_000n, 250_000n, 400_000n, 900_000n]

type Deed = (typeof deeds)[number]
type Scene = {
  readonly offer: (path: string, times?: bigint) => Response
  readonly path: string
  readonly transaction: string
}

/** Opens a shop that settles on a chain, and behaves by chance. */
export function openShop(chain: Chain, chance: Chance, clock: () => number): Shop {
  const sightings: Sighting[] = []
  const priceOf = new Map<string, { readonly amount: bigint; readonly payTo: string }>()

  const offer: Scene['offer'] = (path, times = 1n) => {
    const known = priceOf.get(path) ?? { amount: chance.pick(prices), payTo: chance.pick(payees) }
    // Some ask something else each time.
    if (!chance.is(0.1)) priceOf.set(path, known)
    return ask(path, { ...known, amount: known.amount * times, clock, isDated: chance.is(0.3) })
  }
  return {
    sightings,
    async answer(request, hang) {
      const path = new URL(request.url).pathname
      const header = request.headers.get('payment-signature')
      if (header === null) return offer(path)
      const { payload } = JSON.parse(atob(header))
      sightings.push({ path, transfer: payload.authorization, signature: payload.signature })
      const isSettled = chance.is(0.6) && chain.execute(payload.authorization)
      const transaction = isSettled ? (chain.movements.at(-1)?.transaction ?? '') : `0x${'77'.repeat(32)}`
      const deed = chance.pick(deeds)
      return deed === 'hang' ? hang() : misdeeds[deed]({ offer, path, transaction })
    },
    settleLate: () => {
      if (sightings.length > 0) chain.execute(chance.pick(sightings).transfer)
    },
  }
}

const misdeeds: Readonly<Record<Exclude<Deed, 'hang'>, (scene: Scene) => Response>> = {
  deliver: ({ transaction }) => answer(200, { success: true, transaction, network: 'eip155:84532' }),
  deny: () =>
    answer(402, { success: false, errorReason: 'insufficient_funds', transaction: '', network: 'eip155:84532' }),
  lie: () => answer(200, { success: true, transaction: 'none', network: 'eip155:1', payer: payees[0] }),
  ask: ({ offer, path }) => offer(path),
  raise: ({ offer, path }) => offer(path, 10n),
  fail: () => new Response('out of order', { status: 500 }),
  redirect: () => new Response(null, { status: 307, headers: { location: 'https://elsewhere.example/' } }),
  drop: () => {
    throw new TypeError('fetch failed')
  },
}

function answer(status: number, receipt: unknown): Response {
  return new Response('{}', { status, headers: { 'payment-response': encode(receipt) } })
}

function ask(
  path: string,
  terms: { readonly amount: bigint; readonly payTo: string; readonly clock: () => number; readonly isDated: boolean },
): Response {
  const entry = {
    scheme: 'exact',
    network: 'eip155:84532',
    amount: terms.amount.toString(),
    asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
    payTo: terms.payTo,
    maxTimeoutSeconds: 60,
    extra: { name: 'USDC', version: '2' },
  }
  const resource = { url: `https://shop.example${path}` }
  const required = encode({ x402Version: 2, error: 'Payment required', resource, accepts: [entry] })
  const date = terms.isDated ? { date: new Date(terms.clock()).toUTCString() } : undefined
  return new Response('{}', { status: 402, headers: { 'payment-required': required, ...date } })
}

function encode(message: unknown): string {
  return btoa(JSON.stringify(message))
}
