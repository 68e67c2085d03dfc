import type { Pin } from '../types.js'

/** Tells whether what a payment says agrees with what is remembered. */
export function agreesWithPin({ value, maxRisePercent }: Pin, remembered: string): boolean {
  if (maxRisePercent === undefined) return value === remembered
  return BigInt(value) * 100n <= BigInt(remembered) * (100n + BigInt(maxRisePercent))
}
