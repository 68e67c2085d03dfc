import type { Chance } from './chance.ts'
import { askByInvoice, readProof } from './lightning-offers.ts'
import { ask, encode, network, pickRail, pickTerms, type Rail } from './offers.ts'
import { readPayment, type SignedPayment } from './rails.ts'
import { payees as solanaPayees } from './solana-parties.ts'
import type { World } from './world.ts'

/** A payment that arrived for what a path sells, or for the purchase that its request names. */
export type Sighting = SignedPayment & { readonly path: string }

/** A shop that may do whatever it likes with payments. */
export type Shop = {
  /** What it has seen, and what else was sent. */
  readonly sightings: Sighting[]
  /** Answers a request, late or never; a connection that is aborted fails. */
  readonly answer: (request: Request, signal: AbortSignal | undefined) => Promise<Response>
  /** Executes a payment that it has seen, now or long ago. */
  readonly settleLate: () => void
  /** Hands in a permit that it has seen, and not the payment beside it. */
  readonly takePermit: () => string
  /** Answers no payment while this is true. */
  readonly hold: (isHolding: boolean) => void
  /** Asks something else for a path from now on. */
  readonly reprice: (path: string) => void
}

export const shopPayees = ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C', '0x70997970C51812dc3A010C7d01b50e0d17dc79C8']
const deeds = [
  'deliver',
  'deliver',
  'deliver',
  'deny',
  'ask',
  'raise',
  'fail',
  'fail with a receipt',
  'break off',
  'stall',
  'drop',
  'hang',
  'redirect',
  'lie',
] as const
const prices = [100_000n, 250_000n, 400_000n, 900_000n]
/** Feeds are asked often. */
const feedPrices = [10_000n, 10_000n, 20_000n, 20_000n, 50_000n, 550_000n]

const patientDeeds = deeds.filter((deed) => deed !== 'hang')

type Price = { readonly amount: bigint; readonly payTo: string }
type Deed = (typeof deeds)[number]
type Scene = {
  readonly offer: (path: string, times?: bigint) => Response
  readonly path: string
  readonly transaction: string
  readonly chance: Chance
  readonly signal: AbortSignal | undefined
}

type Parts = Pick<World, 'chain' | 'solana' | 'lightning' | 'permits' | 'chance' | 'time'> & {
  /** What some of its sales are paid by, besides transfers of the token. */
  readonly rails: readonly Rail[]
}

/** Opens a shop that settles on two chains, issues invoices, and behaves by chance. */
export function openShop({ chain, solana, lightning, permits, chance, time: { now }, rails }: Parts): Shop {
  const sightings: Sighting[] = []
  const priceOf = new Map<string, Price>()
  const railOf = new Map<string, Rail>()
  let isHolding = false

  const newPrice = (path: string): Price => {
    const to = railOf.get(path) === 'solana' ? solanaPayees.map(({ address }) => address) : shopPayees
    return { amount: chance.pick(path.startsWith('/feed/') ? feedPrices : prices), payTo: chance.pick(to) }
  }
  const offer = (path: string, sold: string, times = 1n): Response => {
    if (!priceOf.has(path)) railOf.set(path, pickRail(rails, chance))
    const known = priceOf.get(path) ?? newPrice(path)
    // Some ask something else each time.
    if (!chance.is(0.1)) priceOf.set(path, known)
    const [rail, amount] = [railOf.get(path) ?? 'token', known.amount * times]
    if (rail === 'lightning') return askByInvoice(lightning, { sold, amount, chance })
    return ask({
      ...known,
      path,
      amount,
      ...pickTerms(rail, rails, chance),
      date: chance.is(0.3) ? now() : undefined,
    })
  }
  return {
    sightings,
    async answer(request, signal) {
      const path = new URL(request.url).pathname
      const purchase = request.headers.get('purchase')
      const sold = purchase ?? path
      const ask: Scene['offer'] = (asked, times) => offer(asked, sold, times)
      const behave = (all: readonly Deed[], transaction = `0x${'77'.repeat(32)}`): Response | Promise<Response> => {
        const deed = purchase !== null && chance.is(0.5) ? 'deliver' : chance.pick(all)
        return misdeeds[isHolding ? 'hang' : deed]({ offer: ask, path, transaction, chance, signal })
      }
      const [header, proof] = ['payment-signature', 'authorization'].map((name) => request.headers.get(name))
      const paid = proof ? readProof(proof, lightning) : undefined
      // What was paid can also be shown by a request that pays nothing, for which its caller waits without end.
      if (paid?.path === sold) return behave(patientDeeds)
      if (!header) return ask(path)
      const { payload, extensions } = JSON.parse(atob(header))
      const permit = extensions?.eip2612GasSponsoring?.info.signature
      const payment = readPayment(payload, permit, { chain, solana, permits, now })
      sightings.push({ ...payment, path: sold })
      const settled = settle(payment, chance)
      // Whoever asks more by now mostly says so, also after it has taken the money.
      const price = priceOf.get(path)?.amount
      if (!isHolding && price !== undefined && price !== payment.value && chance.is(0.7)) return ask(path)
      return behave(deeds, settled)
    },
    settleLate: () => {
      if (sightings.length > 0) chance.pick(sightings).execute()
    },
    takePermit: () => {
      const seen = sightings.flatMap(({ permit }) => permit ?? [])
      if (seen.length === 0) return 'none was seen'
      return chance.pick(seen.slice(-2)).submit() ? 'taken' : 'not taken'
    },
    hold: (isHeld) => {
      isHolding = isHeld
    },
    reprice: (path) => void priceOf.set(path, newPrice(path)),
  }
}

/** Settles a payment, or not; a permit also by itself, before it or without it, and some payments twice. */
function settle(payment: SignedPayment, chance: Chance): string | undefined {
  const { permit, execute } = payment
  const isSettled = chance.is(0.6)
  if (permit && chance.is(0.3)) permit.submit()
  if (!isSettled) return undefined
  const transaction = execute()
  if (chance.is(0.1)) execute()
  return transaction
}

/** How long an answer can take: some are late, some come when the payment can no longer be settled. */
const stalls = [3_000, 25_000, 70_000, 110_000]

const misdeeds: Readonly<Record<Deed, (scene: Scene) => Response | Promise<Response>>> = {
  deliver: ({ transaction }) => answer(200, { success: true, transaction, network }),
  'fail with a receipt': ({ transaction, chance }) =>
    answer(chance.pick([500, 503, 429]), { success: true, transaction, network }),
  'break off': ({ transaction, chance }) => {
    const { status, headers } = answer(200, { success: true, transaction, network })
    return new Response(breakingOff(chance.below(3)), { status, headers })
  },
  stall: async (scene) => {
    await orAborted(scene.signal, new Promise((resolve) => void setTimeout(resolve, scene.chance.pick(stalls))))
    return misdeeds[scene.chance.pick(['deliver', 'fail', 'ask', 'break off'] as const)](scene)
  },
  hang: ({ signal }) => orAborted(signal, new Promise<never>(() => {})),
  deny: () => answer(402, { success: false, errorReason: 'insufficient_funds', transaction: '', network }),
  lie: () => answer(200, { success: true, transaction: 'none', network: 'eip155:1', payer: shopPayees[0] }),
  ask: ({ offer, path }) => offer(path),
  raise: ({ offer, path }) => offer(path, 10n),
  fail: () => new Response('out of order', { status: 500 }),
  redirect: () => new Response(null, { status: 307, headers: { location: 'https://elsewhere.example/' } }),
  drop: () => {
    throw new TypeError('fetch failed')
  },
}

/** A body that ends after so many bytes, without its end. */
function breakingOff(length: number): ReadableStream<Uint8Array> {
  let left = length
  return new ReadableStream({
    pull: (controller) => {
      left -= 1
      if (left < 0) controller.error(new TypeError('terminated'))
      else controller.enqueue(Uint8Array.of(0x20))
    },
  })
}

async function orAborted<value>(signal: AbortSignal | undefined, answered: Promise<value>): Promise<value> {
  if (!signal) return answered
  if (signal.aborted) throw signal.reason
  return Promise.race([
    answered,
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    }),
  ])
}

function answer(status: number, receipt: unknown): Response {
  return new Response('{}', { status, headers: { 'payment-response': encode(receipt) } })
}
