import type { PaidAsker } from '../ports/sign-in.js'
import type { Payment } from '../types.js'

/** How many payments for the same host are looked through, in pages: whoever has paid for none pays. */
const maxPages = 20
/** One that is not older is sent again, which is how it is opened. */
const sentAgainMs = 10_000

/**
 * Finds the newest payment that opens a resource: one for just that or, where there is none, for another one. One that nobody
 * had an answer to is left to be sent again while it can be.
 */
export async function findOpening(
  own: AsyncIterable<readonly Payment[]>,
  { resource, now, opens }: PaidAsker & { readonly opens: (paid: Payment) => boolean },
): Promise<Payment | undefined> {
  const { origin, pathname } = new URL(resource.url)
  const isSame = (one: Payment): boolean =>
    one.resource.url === `${origin}${pathname}` && one.resource.method === resource.method
  let other: Payment | undefined
  let pages = 0
  for await (const page of own) {
    const opening = page.filter((one) => isPaid(one, now) && opens(one))
    const same = opening.find(isSame)
    other ??= opening[0]
    pages += 1
    if (same || pages === maxPages) return same ?? other
  }
  return other
}

function isPaid({ status, undelivered, terms }: Payment, now: number): boolean {
  if (status === 'claimed' || (status === 'confirmed' && !undelivered)) return true
  const isOpen = status === 'authorized' || status === 'unknown' || status === 'confirmed'
  return isOpen && now >= terms.validBefore * 1000 - sentAgainMs
}
