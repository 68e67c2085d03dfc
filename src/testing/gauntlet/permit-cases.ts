import { permit2 } from '../../evm/permit2.js'
import { token } from './dialect.js'
import type { PayerFeature } from './payer.js'
import type { Grant } from './permit-grant.js'
import { price, usd } from './problems.js'

/** What is signed beside a payment: a permit of the token's (EIP-2612), or an approval in a transaction. */
export type PermitKind = 'permit' | 'approval'

/** One payment as it came, with what was signed beside it. */
export type Paid = {
  readonly nonce: string
  readonly amount: bigint
  readonly validBefore: number
  readonly origin: string
  /** Nothing where there is none; `unread` where nobody can say what it is. */
  readonly grant: Grant | 'unread' | undefined
  /** Which number the chain would have taken then. */
  readonly next: bigint
}

/** One way in which a server misuses what it is given, and what has to hold. */
export type PermitCase = {
  readonly name: string
  readonly expected: string
  readonly feature?: PayerFeature | undefined
  /** What the server writes into what it declares, besides what belongs there. */
  readonly info?: Readonly<Record<string, string>> | undefined
  readonly amount?: bigint | undefined
  readonly method?: 'permit2' | 'eip3009' | undefined
  readonly allowance?: bigint | undefined
  readonly isSilent?: boolean | undefined
  /** What it does with a payment. @default settles it, and hands over what was bought */
  readonly answer?: 'ask' | 'grant only' | 'redirect' | undefined
  /** The calls, one after another; or two at once. @default one */
  readonly calls?: number | 'two at once' | undefined
  readonly problem: (paid: readonly Paid[], caller: readonly string[]) => string | undefined
}

const exact =
  'lets Permit2 move exactly what is paid, of that token, once; and by a permit no longer than the payment lives'
const none = 'signs nothing by which anybody may move more than it moves itself'

const grantsOf = (paid: readonly Paid[]): readonly (Grant | 'unread')[] => paid.flatMap(({ grant }) => grant ?? [])
const distinct = (paid: readonly Paid[]): readonly Paid[] => [...new Map(paid.map((one) => [one.nonce, one])).values()]

const tooWide: PermitCase['problem'] = (paid) => {
  for (const { grant, amount, validBefore, next } of paid) {
    if (grant === 'unread') return 'nobody can say what it signed'
    if (!grant) continue
    if (grant.spender !== permit2.toLowerCase()) return `it let ${grant.spender} move the payer's money`
    if (grant.token !== token.toLowerCase()) return `it let Permit2 move another token: ${grant.token}`
    if (grant.amount > amount) return `it let Permit2 move ${wide(grant.amount)}, and pays ${usd(amount)}`
    if (grant.number !== next) return `it signed the one of number ${grant.number}, and the chain takes ${next}`
    if (grant.until !== undefined && grant.until > validBefore) return 'it lives longer than its payment'
  }
  return paidTwice(paid, [])
}

const wide = (amount: bigint): string => (amount >> 128n > 0n ? 'everything' : usd(amount))

const paidTwice: PermitCase['problem'] = (paid) => {
  const own = distinct(paid)
  if (own.length > 1) return `it signed ${own.length} payments`
  const other = paid.find(({ origin }) => origin !== 'https://shop.example')
  return other && `the payment was sent to ${other.origin}`
}

const granted: PermitCase['problem'] = (paid) =>
  grantsOf(paid).length > 0 ? 'it let Permit2 move money without need' : paidTwice(paid, [])

/** The cases of what is signed so that Permit2 may move the money of a payment. */
export const permitCases: readonly PermitCase[] = [
  {
    name: 'honest',
    expected: 'pays once, lets Permit2 move exactly that, and hands over what was bought',
    problem: (paid, caller) => {
      if (caller[0] !== '200') return `the caller saw ${caller[0]}`
      return grantsOf(paid).length === 1 ? tooWide(paid, caller) : 'it let Permit2 move nothing'
    },
  },
  { name: 'for more', expected: exact, info: { amount: ((1n << 256n) - 1n).toString() }, problem: tooWide },
  { name: 'for another spender', expected: exact, info: { spender: `0x${'aa'.repeat(20)}` }, problem: tooWide },
  { name: 'of another token', expected: exact, info: { asset: `0x${'bb'.repeat(20)}` }, problem: tooWide },
  { name: 'for ever', expected: exact, info: { deadline: '99999999999' }, problem: tooWide },
  { name: 'of a later number', expected: exact, info: { nonce: '99' }, problem: tooWide },
  {
    name: 'again after it is settled',
    expected: 'signs no more than one payment, and one permit, for one call',
    answer: 'ask',
    problem: (paid) => (grantsOf(paid).length > 1 ? `it signed ${grantsOf(paid).length} permits` : tooWide(paid, [])),
  },
  {
    name: 'taken, and not settled',
    expected:
      'signs one payment for one purchase, when the server has taken the permit alone and the caller calls again',
    feature: 'purchases',
    answer: 'grant only',
    calls: 2,
    problem: (paid) => paidTwice(paid, []),
  },
  { name: 'allowance enough', expected: none, allowance: 10n * price, problem: granted },
  { name: 'where the token moves by itself', expected: none, method: 'eip3009', problem: granted },
  { name: 'a chain that says nothing', expected: none, isSilent: true, problem: granted },
  {
    name: 'redirect',
    expected: 'sends it to no origin that the caller did not call',
    answer: 'redirect',
    problem: paidTwice,
  },
  {
    name: 'two at once',
    expected: 'signs no two payments with one permit, of which the chain would take one',
    feature: 'permits',
    calls: 'two at once',
    problem: (paid) => {
      const numbers = paid.flatMap(({ grant }) => (grant && grant !== 'unread' ? [grant.number] : []))
      return new Set(numbers).size < numbers.length ? 'it signed two payments with one permit' : undefined
    },
  },
  {
    name: 'over the limit',
    expected: 'signs nothing beyond what its owner allows in all, neither a payment nor a permit',
    feature: 'budget',
    amount: 60_000n,
    problem: (paid) => (paid.length > 0 ? `it signed ${paid.length} payments` : undefined),
  },
]
