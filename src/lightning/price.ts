import { parseUsd, type Usd } from '../money.js'
import type { MicroUsdSource } from '../ports/price.js'

/** What a bitcoin is worth in US dollars, and since when that is known. */
export type Price = {
  readonly usd: Usd
  /** Unix milliseconds; a price that is older than ten minutes is none. */
  readonly at: number
}

/** Says what a bitcoin is worth by now; asked for each payment, which stops where it throws or is late. */
export type PriceSource = () => Price | Promise<Price>

/** What is older was the price of another time. */
const maxAgeMs = 600_000
const maxAheadMs = 120_000

/** Makes of an owner's source one that answers a price of now, or throws. */
export function priceOfNow(source: PriceSource, clock: () => number): MicroUsdSource {
  return async () => {
    const { usd, at } = await source()
    const ageMs = clock() - at
    if (!(ageMs <= maxAgeMs && ageMs >= -maxAheadMs)) throw new TypeError('the price is not of now')
    return parseUsd(typeof usd === 'number' ? usd.toFixed(6) : usd, 'the price')
  }
}
