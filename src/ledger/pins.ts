import type { Pin } from '../types.js'

/** Tells whether what a payment says agrees with what is remembered; what is no whole number has not risen but differs. */
export function agreesWithPin({ value, maxRisePercent }: Pin, remembered: string): boolean {
  if (maxRisePercent === undefined) return value === remembered
  if (!isWhole(value) || !isWhole(remembered) || !isWhole(String(maxRisePercent))) return false
  return BigInt(value) * 100n <= BigInt(remembered) * (100n + BigInt(maxRisePercent))
}

function isWhole(text: string): boolean {
  return /^\d+$/.test(text)
}
