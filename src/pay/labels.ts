import { ConfigurationError } from '../errors.js'
import type { Labels } from '../types.js'

/**
 * The label that a tool files its payments under, by the name of its call. Nobody else can set it for one call: a person's
 * yes to a call is a yes to what is filed under it.
 */
export const callLabel = 'toolCall'

const none: Labels = Object.freeze({})

/** How many labels a payment can have, beside that of a tool. */
export const maxLabels = 16

/** Tells whether a payment can be filed under so many. */
export function areFew(labels: Labels): boolean {
  return Object.keys(labels).filter((name) => name !== callLabel).length <= maxLabels
}

/**
 * Reads labels.
 *
 * @throws ConfigurationError unless they are at most 16 short strings.
 */
export function readLabels(labels: Labels | undefined, option: string): Labels {
  // Nearly every call has none, also those that cost nothing.
  if (!labels) return none
  const entries = Object.entries(labels)
  const isUsable = entries.every(
    ([name, value]) => typeof value === 'string' && name.length <= 64 && value.length <= 256,
  )
  if (isUsable && areFew(labels)) return Object.freeze(Object.fromEntries(entries))
  throw new ConfigurationError(
    `Failed to read ${option}: expected at most ${maxLabels} strings of at most 256 characters`,
  )
}
