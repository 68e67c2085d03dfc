import type { Mock402Fault } from '../mock/faults.js'
import { callerSees } from './caller.js'
import type { PayerFeature } from './payer.js'
import {
  exceeds,
  livesLong,
  paidAgain,
  paidForAnother,
  paidTwice,
  type Problem,
  price,
  signed,
  unpaid,
} from './problems.js'
import { withMessage, withStatus } from './rewrite.js'
import { type Call, buy, hanging, url, post, body, header, streamed, buyOther } from './calls.js'

/** One way in which a server fails or lies, and what has to hold. */
export type Case = {
  readonly name: string
  readonly expected: string
  /** What it is about, where that is something that a payer need not have. */
  readonly feature?: PayerFeature
  readonly faults?: readonly Mock402Fault[]
  /** In turn; each says what the caller saw. */
  readonly calls: readonly Call[]
  readonly problem: Problem
}

/** Whatever becomes of one payment, it is the only one for its call. */
const once: readonly Mock402Fault[] = [
  'settle-then-drop',
  'settle-then-500',
  'settle-then-402',
  'settle-then-raise',
  'settle-then-deny',
  'settle-then-redirect',
  'settlement-pending',
  'settle-fails',
  'never-settle',
  'endless-402',
  'broken-off-body',
  'forged-receipt',
  'odd-receipt',
  'no-receipt',
  'price-drift',
  'decimals-lie',
  'domain-mismatch',
  'short-window',
  'clock-skew',
  'malformed',
  'duplicate',
  'oversize',
  'many-offers',
  'gzip-bomb',
]

const oneForOne = 'signs no more than one payment for one call, of what was asked, and sends it nowhere else'

const byFault = once.map(
  (fault): Case => ({ name: fault, expected: oneForOne, faults: [fault], calls: [buy], problem: paidTwice }),
)

const forItsRequest = 'pays for the request that the caller made, or not at all'

/** Text where an amount stands, none of which is one. */
const noAmounts = ['-10000', '1e4', '10000.0', '0x2710', ' 10000', '10_000', '１００００']

const others: readonly Case[] = [
  { name: 'honest', expected: 'pays once, and hands over what was bought', calls: [buy], problem: unpaid },
  { name: 'settle-then-hang', expected: oneForOne, faults: ['settle-then-hang'], calls: [hanging], problem: paidTwice },
  {
    name: 'payee-swap',
    expected: 'does not pay somebody else once it has paid',
    faults: ['settle-then-402', 'payee-swap'],
    calls: [buy],
    problem: paidTwice,
  },
  {
    name: 'redirect',
    expected: 'sends no payment to an origin that the caller did not call',
    faults: ['redirect'],
    calls: [buy],
    problem: paidTwice,
  },
  {
    name: 'not-x402',
    expected: 'hands over a 402 that asks for nothing it knows',
    faults: ['not-x402'],
    calls: [buy],
    problem: ({ caller: [saw], ...over }) =>
      signed({ ...over, caller: [] }) ?? (saw === '402' ? undefined : `the caller saw ${saw}`),
  },
  ...[200, 401, 403, 500].map(
    (status): Case => ({
      name: `offer in a ${status}`,
      expected: 'pays for nothing but a 402',
      calls: [
        (pay, world) => {
          world.intercept(async (request) => withStatus(await world.shop(request), status))
          return buy(pay, world)
        },
      ],
      problem: signed,
    }),
  ),
  {
    name: 'no amount',
    expected: 'signs nothing for an amount that is none',
    calls: noAmounts.map(
      (amount): Call =>
        (pay, world) => {
          world.intercept(async (request) => withMessage(await world.shop(request), (offer) => ({ ...offer, amount })))
          return buy(pay, world)
        },
    ),
    problem: signed,
  },
  {
    name: 'POST by a Request',
    expected: forItsRequest,
    calls: [(pay) => callerSees(() => pay(new Request(url, post)))],
    problem: paidForAnother({ body, header }),
  },
  {
    name: 'POST with a Headers object',
    expected: forItsRequest,
    calls: [(pay) => callerSees(() => pay(url, { ...post, headers: new Headers(post.headers) }))],
    problem: paidForAnother({ body, header }),
  },
  {
    name: 'POST of a stream',
    expected: forItsRequest,
    calls: [(pay) => callerSees(() => pay(url, streamed()))],
    problem: paidForAnother({ body, header }),
  },
  {
    name: 'asset-spoof',
    expected: 'pays in no token that it does not know, whatever its name',
    feature: 'assets',
    faults: ['asset-spoof'],
    calls: [buy],
    problem: ({ seen }) => (seen.all.length === 0 ? undefined : 'it signed for a token that only the server knows'),
  },
  {
    name: 'wrong-chain',
    expected: 'pays on no network that its owner has not named',
    feature: 'networks',
    faults: ['wrong-chain'],
    calls: [buy],
    problem: signed,
  },
  {
    name: 'long-window',
    expected: 'signs nothing that can be taken for longer than a day',
    feature: 'window',
    faults: ['long-window'],
    calls: [buy],
    problem: livesLong,
  },
  {
    name: 'cheaper offer second',
    expected: 'takes the cheaper of two offers',
    feature: 'cheapest',
    calls: [
      (pay, world) => {
        const dearer = { amount: '40000' }
        world.intercept(async (request) =>
          withMessage(await world.shop(request), (offer) => ({ ...offer, ...dearer }), 'before'),
        )
        return buy(pay, world)
      },
    ],
    problem: ({ seen }) => (seen.exposed > price ? 'it signed the dearer offer' : undefined),
  },
  {
    name: 'called again',
    expected: 'pays once when the caller calls again after a lost answer',
    feature: 'purchases',
    faults: ['settle-then-drop'],
    calls: [buy, buy, buy],
    problem: paidAgain,
  },
  {
    name: 'told of the outcome',
    expected: 'tells the caller that money may have moved, when the answer to a payment is lost',
    feature: 'outcomes',
    faults: ['settle-then-drop'],
    calls: [buy],
    problem: ({ caller: [saw = ''] }) => (saw.includes('moved: maybe') ? undefined : `the caller saw ${saw}`),
  },
  {
    name: 'budget',
    expected: 'keeps eight purchases in turn under the limit of its owner',
    feature: 'budget',
    calls: Array.from({ length: 8 }, (_, round) => buyOther(round)),
    problem: exceeds(50_000n),
  },
  {
    name: 'budget at once',
    expected: 'keeps eight purchases at once under the limit of its owner',
    feature: 'budget',
    calls: [
      async (pay, world) => {
        const saw = await Promise.all(Array.from({ length: 8 }, (_, round) => buyOther(round)(pay, world)))
        return saw.join(', ')
      },
    ],
    problem: exceeds(50_000n),
  },
]

/** Every case, the honest one first. */
export const cases: readonly Case[] = [...others.slice(0, 1), ...byFault, ...others.slice(1)]
