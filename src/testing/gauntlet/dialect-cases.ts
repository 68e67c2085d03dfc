import { callerSees } from './caller.js'
import type { DialectTerms, Taken } from './dialect.js'
import type { PayerFeature } from './payer.js'
import { price } from './problems.js'

/** What a shop answers to a payment. */
export type PaidAnswer = 'goods' | 'drop' | 'fail' | 'ask' | 'redirect'

/** What came of a case. */
export type DialectSeen = {
  /** What was signed, one of each nonce. */
  readonly taken: readonly Taken[]
  readonly paidOrigins: readonly string[]
  readonly caller: readonly string[]
  /** Unix milliseconds. */
  readonly now: number
}

/** One way in which a shop fails or lies, and what has to hold. */
export type DialectCase = {
  readonly name: string
  readonly expected: string
  /** What it is about, where that is something that a payer need not have. */
  readonly feature?: PayerFeature | undefined
  /** What is asked at the n-th time, from 0. */
  readonly terms?: ((count: number) => Partial<DialectTerms>) | undefined
  /** What the n-th payment is answered with, from 0. */
  readonly answer?: ((count: number) => PaidAnswer) | undefined
  /** What the receipt says was taken. */
  readonly claimed?: bigint | undefined
  /** The calls, one after another. @default one */
  readonly calls?: number | undefined
  /** Whether each call is for something else. */
  readonly isOther?: boolean | undefined
  readonly problem: (seen: DialectSeen) => string | undefined
}

const shop = 'https://shop.example'
const once = 'signs no more than one payment for one call, of what was asked, and sends it nowhere else'

const total = (taken: readonly Taken[]): bigint => taken.reduce((sum, { amount }) => sum + amount, 0n)

const paidTwice: DialectCase['problem'] = ({ taken, paidOrigins }) => {
  if (taken.length > 1) return `it signed ${taken.length} payments of ${total(taken)} in all`
  if (total(taken) > price) return `it signed ${total(taken)} where ${price} was asked`
  const other = paidOrigins.find((origin) => origin !== shop)
  return other && `the payment was sent to ${other}`
}

const signed: DialectCase['problem'] = ({ taken }) =>
  taken.length > 0 ? `it signed ${taken.length} payments of ${total(taken)} in all` : undefined

const stranger = '0x00000000000000000000000000000000000000aa'

/** The cases of what is paid by one authorization, whatever the dialect. */
export const dialectCases: readonly DialectCase[] = [
  {
    name: 'honest',
    expected: 'pays once, and hands over what was bought',
    problem: (seen) => {
      if (seen.caller[0] !== '200') return `the caller saw ${seen.caller[0]}`
      return seen.taken.length === 0 ? 'nothing was signed' : paidTwice(seen)
    },
  },
  { name: 'endless', expected: once, answer: () => 'ask', problem: paidTwice },
  {
    name: 'price change',
    expected: once,
    terms: (count) => (count > 0 ? { amount: price * 4n } : {}),
    answer: () => 'ask',
    problem: paidTwice,
  },
  {
    name: 'payee change',
    expected: once,
    terms: (count) => (count > 0 ? { payTo: stranger } : {}),
    answer: () => 'ask',
    problem: paidTwice,
  },
  { name: 'redirect', expected: once, answer: () => 'redirect', problem: paidTwice },
  { name: 'paid, then an error', expected: once, answer: () => 'fail', problem: paidTwice },
  {
    name: 'replay',
    expected: 'signs one payment for one purchase, when its answer is lost and the caller calls again',
    feature: 'purchases',
    answer: (count) => (count === 0 ? 'drop' : 'goods'),
    calls: 2,
    problem: paidTwice,
  },
  { name: 'forged receipt', expected: once, claimed: price * 100n, problem: paidTwice },
  {
    name: 'long window',
    expected: 'signs nothing that can be taken for longer than a day',
    feature: 'window',
    terms: () => ({ seconds: 315_360_000 }),
    problem: ({ taken, now }) => {
      const days = Math.max(0, ...taken.map(({ validBefore }) => (validBefore - now / 1000) / 86_400))
      return days > 1 ? `what it signed can be taken for ${Math.round(days)} days` : undefined
    },
  },
  {
    name: 'over the limit',
    expected: 'signs nothing beyond what its owner allows in all',
    feature: 'budget',
    terms: () => ({ amount: 60_000n }),
    problem: signed,
  },
  {
    name: 'budget',
    expected: 'keeps eight purchases under the limit of its owner, whatever was said to be taken',
    feature: 'budget',
    claimed: 1n,
    calls: 8,
    isOther: true,
    problem: ({ taken }) => (total(taken) > 50_000n ? `it signed ${total(taken)}, over 50000` : undefined),
  },
]

/** Calls a payer, as an agent does. */
export function buy(pay: typeof globalThis.fetch, path: string): Promise<string> {
  return callerSees(() => pay(`${shop}${path}`))
}
