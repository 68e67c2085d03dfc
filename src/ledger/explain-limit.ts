import { formatUsd } from '../lib/format-amount.js'
import type { Limit, Measure } from '../types.js'

const words: Readonly<Record<Measure, string>> = {
  microUsd: 'spent',
  count: 'made',
  open: 'still open',
  unknown: 'without an answer',
}

/** Says in words which limit a payment would exceed, by how much, and when it would fit. */
export function explainLimit(refusal: {
  readonly limit: Limit
  /** Left out where it is not known. */
  readonly used?: bigint | undefined
  readonly asked: bigint
  /** Unix milliseconds. */
  readonly fitsAt?: number | undefined
}): string {
  const { limit, used, asked, fitsAt } = refusal
  const format = (amount: bigint): string => (limit.measure === 'microUsd' ? formatUsd(amount) : amount.toString())
  const isKnown = used !== undefined && limit.window.type !== 'payment'
  const spent = isKnown ? `${format(used)} ${words[limit.measure]}, ` : ''
  const when =
    fitsAt === undefined
      ? ''
      : `; fits again at ${new Date(Math.ceil(fitsAt / 60_000) * 60_000).toISOString().slice(0, 16)}Z`
  return `${limit.name} of ${format(limit.max)}: ${spent}${format(asked)} asked${when}`
}
