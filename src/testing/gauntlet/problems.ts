import type { Seen, World } from './world.js'

/** What is known when a case is over. */
export type Over = { readonly world: World; readonly seen: Seen; readonly caller: readonly string[] }

/** Says what is wrong, or nothing. */
export type Problem = (over: Over) => string | undefined

export const price = 10_000n
const shop = 'https://shop.example'

/** One call may let one payment be taken, and sends it to whom it is for. */
export const paidTwice: Problem = ({ seen }) => {
  if (seen.authorizations > 1)
    return `${seen.authorizations} payments were signed for one call, which could all be taken: ${usd(seen.exposed)}`
  if (seen.exposed > price) return `a payment of ${usd(seen.exposed)} was signed where ${usd(price)} was asked`
  const other = seen.paidOrigins.find((origin) => origin !== shop)
  return other && `the payment was sent to ${other}`
}

/** A purchase is paid once, however often it is asked for. */
export const paidAgain: Problem = ({ seen }) =>
  seen.authorizations > 1
    ? `${seen.authorizations} payments were signed for one purchase, which could all be taken: ${usd(seen.exposed)}`
    : undefined

/** Nothing may be signed. */
export const signed: Problem = ({ seen }) =>
  seen.authorizations === 0 ? undefined : `it signed ${seen.authorizations} payments of ${usd(seen.exposed)} in all`

/** A payment is made, once, and what was bought is handed over. */
export const unpaid: Problem = (over) => {
  const [first] = over.caller
  if (first !== '200') return `the caller saw ${first}`
  return over.seen.authorizations === 0 ? 'nothing was signed' : paidTwice(over)
}

/** A payment is for the request that the caller made. */
export function paidForAnother(expected: { readonly body: string; readonly header: string }): Problem {
  return (over) => {
    const paid = over.seen.requests.find(({ headers }) => headers['payment-signature'] ?? headers['x-payment'])
    if (!paid) return undefined
    if (paid.method !== 'POST') return `it paid for a ${paid.method} where the caller made a POST`
    if (paid.body !== expected.body) return 'it paid for the request without its body'
    return paid.headers['x-agent'] === expected.header ? paidTwice(over) : 'it paid for the request without its headers'
  }
}

/** What is signed does not live longer than a day. */
export const livesLong: Problem = ({ seen }) => {
  const days = Math.max(0, ...seen.all.map(({ validBefore }) => (validBefore - seen.now / 1000) / 86_400))
  return days > 1 ? `what it signed can be taken for ${Math.round(days)} days` : undefined
}

/** All that was signed stays within a total. */
export function exceeds(total: bigint): Problem {
  return ({ seen }) =>
    seen.exposed > total ? `it signed payments of ${usd(seen.exposed)}, over ${usd(total)}` : undefined
}

export function usd(amount: bigint): string {
  return `$${amount / 1_000_000n}.${(amount % 1_000_000n)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '')}`
}
